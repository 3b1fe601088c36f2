"""What the two backbones say about themselves, and what they refuse."""

import inspect
import subprocess
import sys

import numpy as np
import pytest

from neuroscope import BadOption, MissingData, Tap
from neuroscope_cnn import spec
from neuroscope_cnn.checkpoints.checkpoint import Checkpoint
from neuroscope_cnn.model.architecture import ARCHITECTURES, LAYERS
from neuroscope_cnn.spec import adi_cnn, sre_cnn

FACTORIES = {"adi": adi_cnn, "sre": sre_cnn}
LOADED = "import sys; {}; print(*sys.modules)"
MAKE = "from neuroscope_cnn.spec import {0}; {0}(weights='random')"


@pytest.fixture(params=FACTORIES)
def name(request):
    return request.param


@pytest.fixture
def make(name):
    return FACTORIES[name]


@pytest.fixture
def checkpoint(name, tmp_path, monkeypatch):
    """``checkpoint(mode, n_fft, outputs)``: a path that such a checkpoint is found at; its weights cannot be read."""

    def put(mode="exact", n_fft=512, outputs=5):
        base = ARCHITECTURES[name]
        network = type(base)(name=name, outputs=outputs, normalised=base.normalised, fc1_relu=base.fc1_relu)
        path = tmp_path / "mine.safetensors"
        found = Checkpoint(
            path=path,
            kind="safetensors",
            architecture=network,
            labels=(),
            mode=mode,
            n_fft=n_fft,
            digest="d" * 64,
            source="mine",
            licence="",
            files=(path.name,),
            data=path,
            variables={},
        )
        monkeypatch.setattr(spec, "find", lambda where, architecture, weights: found)
        return path

    return put


@pytest.mark.parametrize("statement", ["import neuroscope_cnn", MAKE.format("adi_cnn"), MAKE.format("sre_cnn")])
def test_nothing_heavy_is_imported(statement):
    done = subprocess.run([sys.executable, "-c", LOADED.format(statement)], capture_output=True, text=True, check=True)
    assert "neuroscope_cnn" in done.stdout.split()
    assert not {"torch", "numpy", "scipy", "sklearn", "safetensors"}.intersection(done.stdout.split())


def test_both_factories_have_the_same_options():
    assert inspect.signature(adi_cnn).parameters == inspect.signature(sre_cnn).parameters


def test_exact_pools_all_layers_itself(make):
    found = make(weights="random", mode="exact")
    assert {layer.name: layer.width for layer in found.layers} == LAYERS
    assert sum(layer.width for layer in found.layers) == 11_100
    assert {layer.pooling for layer in found.layers} == {"none"}
    assert [layer.statistics for layer in found.layers] == [("mean", "std")] * 4 + [()] * 2
    assert not found.batchable


def test_valid_leaves_the_first_three_to_the_core(make):
    found = make(weights="random")
    said = [(layer.name, layer.width, layer.pooling) for layer in found.layers]
    assert said[:3] == [("CNN1", 1000, "meanstd"), ("CNN2", 1000, "meanstd"), ("CNN3", 1000, "meanstd")]
    assert said[3:] == [("CNN4", 3000, "none"), ("FC1", 1500, "none"), ("FC2", 600, "none")]
    assert found.layers[3].statistics == ("mean", "std")
    assert found.batchable


@pytest.mark.parametrize("mode", ["exact", "valid"])
@pytest.mark.parametrize(("fc_tap", "dense"), [("pre", ["fc1", "fc2"]), ("post", ["ac1", "ac2"])])
def test_every_layer_says_where_the_network_makes_it(make, mode, fc_tap, dense):
    found = {layer.name: layer.tap for layer in make(weights="random", mode=mode, fc_tap=fc_tap).layers}
    frames = [Tap(name) for name in ("conv1", "conv2", "conv3", "conv4")]
    assert found == dict(zip(LAYERS, frames + [Tap(name, axes="BD") for name in dense], strict=True))


@pytest.mark.parametrize(
    ("given", "resolved"),
    [
        ({}, {"mode": "valid", "vad": "off", "n_fft": 400}),
        ({"mode": "exact"}, {"mode": "exact", "vad": "0.9", "n_fft": 400}),
        ({"mode": "exact", "vad": "off"}, {"mode": "exact", "vad": "off", "n_fft": 400}),
        ({"vad": "0.90", "n_fft": 512}, {"mode": "valid", "vad": "0.9", "n_fft": 512}),
        ({"mode": "exact", "vad": "1.04"}, {"mode": "exact", "vad": "1.04", "n_fft": 400}),
    ],
)
def test_what_is_left_open_is_resolved(make, given, resolved):
    found = make(weights="random", **given)
    assert found.resolved == resolved | {"checkpoint": "", "seed": 0}
    assert found.min_samples == resolved["n_fft"] // 2 + 1


def test_a_checkpoint_settles_what_is_left_open(make, checkpoint):
    found = make(checkpoint=checkpoint(mode="exact", n_fft=512))
    assert found.resolved == {"mode": "exact", "vad": "0.9", "n_fft": 512, "checkpoint": "", "seed": 0}
    assert (found.origin.digest, found.origin.source, found.origin.files) == ("d" * 64, "mine", ("mine.safetensors",))
    assert make(checkpoint=checkpoint(mode="valid")).resolved["vad"] == "off"
    asked = make(checkpoint=checkpoint(mode="exact", n_fft=512), mode="valid", n_fft=400)
    assert asked.resolved == {"mode": "valid", "vad": "off", "n_fft": 400, "checkpoint": "", "seed": 0}


def test_a_seed_counts_for_random_weights_alone(make, checkpoint):
    assert make(weights="random", seed=4).resolved["seed"] == 4
    assert make(checkpoint=checkpoint(), seed=4).resolved["seed"] == 0


def test_random_weights_take_the_configuration_and_no_more(make, name, checkpoint):
    found = make(checkpoint=checkpoint(mode="exact", n_fft=512, outputs=5), weights="random", seed=3)
    assert found.resolved["mode"] == "exact"
    assert found.origin.digest == f"random:3:1:{name}:5"
    assert found.origin.files == ()
    assert found.load("cpu")


def test_digests_tell_weights_apart(make, name):
    digests = [make(weights="random", seed=seed).origin.digest for seed in (0, 0, 1)]
    assert digests[0] == digests[1] != digests[2]
    other = FACTORIES["sre" if name == "adi" else "adi"]
    assert other(weights="random").origin.digest != digests[0]


def test_without_a_checkpoint_it_says_what_to_get(make, name):
    with pytest.raises(MissingData, match=f"{name}-cnn.*weights=random"):
        make()


def test_a_checkpoint_that_is_not_there_is_told(make, tmp_path):
    with pytest.raises(MissingData, match=r"nothing\.ckpt"):
        make(checkpoint=tmp_path / "nothing.ckpt")


@pytest.mark.parametrize("vad", ["on", "0", "-1", "nan", "inf", ""])
def test_a_threshold_that_is_none_is_refused(make, vad):
    with pytest.raises(ValueError, match="expected auto, off or a number above 0"):
        make(weights="random", vad=vad)


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_that_no_generator_takes_is_refused(make, seed):
    with pytest.raises(ValueError, match="seed must be"):
        make(weights="random", seed=seed)


def test_a_checkpoint_is_read_as_it_is_loaded(make, name, checkpoint, monkeypatch):
    found = make(checkpoint=checkpoint(mode="exact"))
    shapes = ARCHITECTURES[name].shapes() | {"fc3W": (600, 5), "fc3b": (5,)}
    monkeypatch.setattr(Checkpoint, "read", lambda self: {n: np.ones(s, np.float32) for n, s in shapes.items()})
    assert found.load("cpu")


def test_bad_options_are_one_line_for_the_user(name):
    from neuroscope.testing import checks

    with pytest.raises(BadOption, match="vad=maybe: expected auto, off or a number above 0") as error:
        checks("backbone", f"{name}-cnn,weights=random,vad=maybe")
    assert "\n" not in str(error.value)
