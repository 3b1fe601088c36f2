"""What a backbone yields is held to what it declares: a vector that is wrong never reaches the store."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from neuroscope.contracts.backbone import BackboneSpec, Frames, LayerSpec, Origin
from neuroscope.contracts.features import Unit
from neuroscope.errors import PluginBroken
from neuroscope.extraction.poolings import Maximum, Mean
from neuroscope.extraction.runner import Runner

LAYERS = (LayerSpec("deep", 2), LayerSpec("shallow", 1), LayerSpec("own", 3, pooling="none"))
WAVES = [np.zeros(500, dtype=np.float32), np.ones(300, dtype=np.float32)]


class Blocks:
    """A backbone that yields what it is given, and remembers what it got; like an empty ``Sequential``, it is falsy."""

    def __init__(self, *blocks):
        self.blocks, self.batches = blocks, []

    def __len__(self):
        return 0

    def extract(self, batch):
        self.batches.append((batch, torch.is_inference_mode_enabled()))
        yield from self.blocks


def frames(*shape, lengths=None, value=1.0):
    return Frames(torch.full(shape, value), torch.tensor([shape[1]] * shape[0] if lengths is None else lengths))


def good():
    return {"deep": frames(2, 5, 2), "shallow": frames(2, 5, 1), "own": frames(2, 1, 3)}


def runner(*blocks, pooling=None, units=None, dtype="float32"):
    pooling = pooling or Mean()
    backbone = Blocks(*blocks)
    loads = []

    def load(device):
        loads.append(device)
        return backbone

    origin = Origin(source="", licence="", digest="")
    spec = BackboneSpec(sample_rate=16_000, layers=LAYERS, origin=origin, load=load)
    own = tuple(Unit("own", neuron, "value") for neuron in range(3))
    layers = {layer.name: units or pooling.units(layer) for layer in LAYERS[:2]} | {"own": own}
    representation = SimpleNamespace(layers=layers, identity=SimpleNamespace(dtype=dtype))
    made = Runner(spec, dict.fromkeys(["deep", "shallow"], pooling), representation, "cpu")
    return SimpleNamespace(run=made.run, loads=loads, backbone=backbone)


def test_a_backbone_is_loaded_once_and_gets_waveforms_side_by_side_without_gradients():
    made = runner(good())
    for _ in range(2):
        made.run(WAVES)
    assert made.loads == ["cpu"]
    (batch, without_gradients), _ = made.backbone.batches
    assert without_gradients
    assert batch.lengths.tolist() == [500, 300]
    assert batch.samples.sum(dim=1).tolist() == [0, 300]


def test_blocks_may_be_uneven_and_a_layer_may_be_absent_from_some():
    blocks = [
        {"deep": frames(2, 3, 2, lengths=[3, 1], value=1.0)},
        {"shallow": frames(2, 2, 1, value=7.0), "own": frames(2, 1, 3, value=9.0)},
        {"deep": frames(2, 3, 2, lengths=[1, 0], value=5.0), "shallow": frames(2, 0, 1)},
    ]
    pooled = runner(*blocks).run(WAVES)
    np.testing.assert_array_equal(pooled["deep"], [[2, 2], [1, 1]])
    np.testing.assert_array_equal(pooled["shallow"], [[7], [7]])
    np.testing.assert_array_equal(pooled["own"], np.full((2, 3), 9))


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_vectors_have_the_type_that_they_are_stored_as(dtype):
    half = good() | {
        "own": Frames(torch.full((2, 1, 3), 70_000, dtype=torch.bfloat16), torch.ones(2, dtype=torch.int64))
    }
    pooled = runner(half, dtype=dtype).run(WAVES)
    assert {values.dtype for values in pooled.values()} == {np.dtype(dtype)}
    assert np.isfinite(pooled["own"]).all() == (dtype == "float32")


BROKEN = {
    "undeclared layer": ([good() | {"extra": frames(2, 5, 2)}], "extra"),
    "missing layer": ([{name: value for name, value in good().items() if name != "shallow"}], "shallow"),
    "missing pooled layer": ([{name: value for name, value in good().items() if name != "own"}], "own"),
    "no block": ([], "yields nothing"),
    "wrong width": ([good() | {"deep": frames(2, 5, 3)}], "deep"),
    "wrong width later": ([good(), {"deep": frames(2, 5, 3)}], "deep"),
    "wrong batch": ([good() | {"deep": frames(1, 5, 2)}], "deep"),
    "no frames axis": ([good() | {"deep": Frames(torch.ones(2, 2), torch.ones(2, dtype=torch.int64))}], "deep"),
    "a length for each frame": ([good() | {"deep": frames(2, 5, 2, lengths=[[5] * 5] * 2)}], "deep"),
    "one length for all": ([good() | {"deep": frames(2, 5, 2, lengths=[5])}], "deep"),
    "length beyond the frames": ([good() | {"deep": frames(2, 5, 2, lengths=[5, 6])}], "deep"),
    "length below zero": ([good() | {"deep": frames(2, 5, 2, lengths=[5, -1])}], "deep"),
    "pooled layer twice": ([good(), {"own": frames(2, 1, 3)}], "own"),
    "pooled layer with frames": ([good() | {"own": frames(2, 2, 3, lengths=[1, 1])}], "own"),
    "pooled layer without a frame": ([good() | {"own": frames(2, 1, 3, lengths=[1, 0])}], "own"),
}


@pytest.mark.parametrize(("blocks", "layer"), BROKEN.values(), ids=BROKEN.keys())
def test_a_backbone_that_breaks_its_contract_is_told_by_its_layer(blocks, layer):
    with pytest.raises(PluginBroken, match=layer):
        runner(*blocks).run(WAVES)


def test_a_pooling_that_gives_other_columns_than_it_declares_is_told():
    with pytest.raises(PluginBroken, match="deep"):
        runner(good(), pooling=Maximum(), units=(Unit("deep", 0, "max"),) * 3).run(WAVES)


class Nothing(Mean):
    def start(self, layer):
        return SimpleNamespace(update=lambda frames: None, finish=lambda: None)


class Fails(Mean):
    def start(self, layer):
        raise KeyError(layer.name)


@pytest.mark.parametrize(
    ("pooling", "told"),
    [
        (Nothing(), "the pooling of layer deep fails: AttributeError: 'NoneType' object"),
        (Fails(), r"the pooling of layer deep fails: KeyError: 'deep' \(.*test_runner.py, line \d+\)"),
    ],
)
def test_a_pooling_that_fails_is_told_with_its_layer(pooling, told):
    with pytest.raises(PluginBroken, match=told):
        runner(good(), pooling=pooling).run(WAVES)
