"""``testing.frames``: what a backbone makes of one recording, for tests that compare it with what it wraps."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from neuroscope import BackboneSpec, Frames, LayerSpec, Origin, testing
from neuroscope.errors import BadOption, PluginBroken


class Counting:
    """Yields the samples themselves in blocks of four; what lies behind a block's length is rubbish."""

    def __init__(self, together):
        self.buffer = torch.zeros(1, 6, 1) if together else None

    def extract(self, batch):
        for start in range(0, batch.samples.shape[1], 4):
            block = batch.samples[:, start : start + 4, None]
            values = torch.nn.functional.pad(block, (0, 0, 0, 6 - block.shape[1]), value=99.0)
            if self.buffer is not None:
                self.buffer.copy_(values)
                values = self.buffer
            yield {"second": Frames(values, torch.tensor([block.shape[1]]))} | (
                {} if start else {"first": Frames(values[:, :1].double(), torch.tensor([1]))}
            )


def spec(*more, together=False, min_samples=1, model=Counting):
    return BackboneSpec(
        sample_rate=16_000,
        layers=(LayerSpec("first", 1), LayerSpec("second", 1), *more),
        origin=Origin(source="here", licence="none", digest="1"),
        load=lambda device: model(together),
        min_samples=min_samples,
    )


@pytest.mark.parametrize("together", [False, True], ids=["new memory", "the same memory for every block"])
@pytest.mark.parametrize("make", [np.asarray, torch.tensor], ids=["numpy", "torch"])
def test_blocks_are_joined_and_only_real_frames_are_in_them(make, together):
    samples = np.arange(10, dtype=np.float32)
    found = testing.frames(spec(together=together), make(samples))
    assert list(found) == ["first", "second"]
    assert found["second"][:, 0].tolist() == samples.tolist()
    assert (found["first"].dtype, found["second"].dtype) == (torch.float64, torch.float32)


def test_samples_are_copied_and_may_be_of_double_precision():
    class Spoils(Counting):
        def extract(self, batch):
            batch.samples.zero_()
            yield from super().extract(batch)

    samples = np.ones(3)
    testing.frames(spec(model=Spoils), samples)
    assert samples.tolist() == [1, 1, 1]


@pytest.mark.parametrize("samples", [np.zeros((1, 9)), np.zeros(9, np.int16), np.zeros(4), [[0.0]]])
def test_what_is_not_one_long_enough_recording_is_refused(samples):
    with pytest.raises(BadOption, match="samples"):
        testing.frames(spec(min_samples=5), samples)


class Renamed(Counting):
    def extract(self, batch):
        for block in super().extract(batch):
            yield {"secnod" if name == "second" else name: frames for name, frames in block.items()}


class Fails(Counting):
    def extract(self, batch):
        raise KeyError("lstm")


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (spec(LayerSpec("never", 1)), "declared and not yielded: never"),
        (spec(model=Renamed), "yielded and not declared: unknown layer 'secnod'"),
        (replace(spec(), layers=(LayerSpec("first", 1), LayerSpec("second", 2))), r"layer second is \[1, 6, 1\], not"),
        (spec(model=Fails), "the backbone's extract fails: KeyError: 'lstm'"),
        (replace(spec(), load=lambda device: None), "the backbone's load returns None"),
    ],
    ids=["missing", "undeclared", "width", "extract", "load"],
)
def test_what_is_not_as_declared_is_named(made, told):
    with pytest.raises(PluginBroken, match=told):
        testing.frames(made, np.ones(9))
