"""Frames to one vector: the same whatever the blocks, and blind to what lies behind a length."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from neuroscope.contracts.backbone import Frames, LayerSpec
from neuroscope.contracts.features import Unit
from neuroscope.extraction.poolings import Maximum, Mean, MeanStd
from neuroscope.plugin.loading import Plugins

POOLINGS = {
    "mean": (Mean(), lambda frames: frames.mean(axis=0)),
    "meanstd": (MeanStd(), lambda frames: np.concatenate([frames.mean(axis=0), frames.std(axis=0)])),
    "max": (Maximum(), lambda frames: frames.max(axis=0)),
}
every_pooling = pytest.mark.parametrize(("pooling", "expected"), POOLINGS.values(), ids=POOLINGS.keys())


def pool(pooling, *blocks):
    """``blocks`` are pairs of values ``[B, F, D]`` and lengths ``[B]``."""
    state = pooling.start(LayerSpec("x", blocks[0][0].shape[2]))
    for values, lengths in blocks:
        state.update(Frames(torch.as_tensor(values), torch.as_tensor(lengths, dtype=torch.int64)))
    return state.finish()


@st.composite
def utterances_in_blocks(draw):
    """Blocks of one batch, each with lengths of its own and rubbish behind them; and the valid frames of each row."""
    batch, width = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    scale, offset = draw(st.sampled_from([1e-3, 1.0, 1e3])), draw(st.sampled_from([0.0, -5.0, 1e4]))
    blocks = []
    for frames in draw(st.lists(st.integers(0, 6), min_size=1, max_size=4)):
        values = (offset + scale * rng.standard_normal((batch, frames, width))).astype(np.float32)
        lengths = [draw(st.integers(0, frames)) for _ in range(batch)]
        for row, length in zip(values, lengths, strict=True):
            row[length:] = rng.choice([np.nan, np.inf, -np.inf, 1e30])
        blocks.append((values, lengths))
    valid = [np.concatenate([values[row, : lengths[row]] for values, lengths in blocks]) for row in range(batch)]
    return blocks, valid


@every_pooling
@given(case=utterances_in_blocks())
def test_blocks_give_what_numpy_gives_on_the_valid_frames(pooling, expected, case):
    blocks, valid = case
    pooled = pool(pooling, *blocks)
    assert pooled.dtype == torch.float32
    for row, frames in zip(pooled.numpy(), valid, strict=True):
        if len(frames):
            np.testing.assert_allclose(row, expected(frames.astype(np.float64)), rtol=1e-6, atol=1e-9)
        else:
            assert np.isnan(row).all()


@every_pooling
@given(case=utterances_in_blocks())
def test_an_utterance_alone_is_what_it_is_in_a_batch(pooling, expected, case):
    del expected
    blocks, valid = case
    together = pool(pooling, *blocks)
    for row, frames in enumerate(valid):
        alone = pool(pooling, (frames[None], [len(frames)]))
        torch.testing.assert_close(alone[0], together[row], rtol=1e-6, atol=1e-9, equal_nan=True)


@every_pooling
def test_one_frame_is_finite(pooling, expected):
    frame = np.array([[[3.5, -2.0]]], dtype=np.float32)
    np.testing.assert_array_equal(pool(pooling, (frame, [1]))[0], expected(frame[0]))


@every_pooling
def test_columns_are_as_declared(pooling, expected):
    layer = LayerSpec("conv", 5)
    frames = np.random.default_rng(0).standard_normal((4, 9, 5)).astype(np.float32)
    units = pooling.units(layer)
    assert len(set(units)) == len(units) == len(expected(frames[0])) == pool(pooling, (frames, [9] * 4)).shape[1]
    assert {unit.layer for unit in units} == {"conv"}


def test_mean_and_deviation_are_two_blocks_of_neurons():
    assert MeanStd().units(LayerSpec("x", 2)) == (
        Unit("x", 0, "mean"),
        Unit("x", 1, "mean"),
        Unit("x", 0, "std"),
        Unit("x", 1, "std"),
    )


def test_the_deviation_of_a_long_recording_survives_a_large_offset():
    frames = 1e4 + np.random.default_rng(0).standard_normal((1, 20_000, 1)).astype(np.float32)
    blocks = [(frames[:, start : start + 100], [100]) for start in range(0, 20_000, 100)]
    expected = frames[0].astype(np.float64).std(axis=0)
    np.testing.assert_allclose(pool(MeanStd(), *blocks)[0, 1:], expected, rtol=1e-6)


@every_pooling
@pytest.mark.parametrize("rubbish", [np.nan, np.inf])
def test_a_frame_that_is_not_finite_and_counts_is_not_hidden(pooling, expected, rubbish):
    del expected
    frames = np.array([[[1.0], [rubbish], [2.0]], [[1.0], [5.0], [rubbish]]], dtype=np.float32)
    pooled = pool(pooling, (frames, [3, 2]))
    assert not torch.isfinite(pooled[0]).all()
    assert torch.isfinite(pooled[1]).all()


@every_pooling
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_frames_of_any_float_type_become_float32(pooling, expected, dtype):
    frames = torch.tensor([[[1.0, 4.0], [2.0, 0.5]]], dtype=dtype)
    pooled = pool(pooling, (frames, [2]))
    assert pooled.dtype == torch.float32
    np.testing.assert_allclose(pooled[0], expected(frames[0].double().numpy()), rtol=1e-6)


def test_they_come_in_through_the_entry_point_of_the_core():
    registry = Plugins.load().poolings
    built = {name: type(registry.choose(name).build()) for name in POOLINGS}
    assert built == {name: type(pooling) for name, (pooling, _) in POOLINGS.items()}
