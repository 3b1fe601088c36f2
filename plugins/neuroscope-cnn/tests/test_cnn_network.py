"""The forward pass: valid frames alone, blind to neighbours and to the size of blocks, in all of float32's digits."""

import pytest
import torch

from neuroscope import Tap
from neuroscope.extraction.change import changed
from neuroscope_cnn.model import extents, network
from neuroscope_cnn.model.architecture import ADI, ARCHITECTURES
from neuroscope_cnn.model.layers import LayerPooling, embeddings, whole
from neuroscope_cnn.model.network import Network
from neuroscope_cnn.model.pooling import Moments
from neuroscope_cnn.model.weights import random_weights

LENGTHS = [41, 40, 7, 2, 1]
SOME = list(range(100, 200))  # neurons


def valid(network, rows):
    """``{conv1: [frames of each], ...}`` and the pooled conv4, blocks put together."""
    placed = [extents.valid(len(row)) for row in rows]
    pools, parts = LayerPooling(network, placed, ["conv4"]), {}
    for block in network.blocks(rows, placed):
        pools.add(block)
        for name, values in block.items():
            parts.setdefault(name, [[] for _ in rows])
            for own, value in zip(parts[name], values, strict=True):
                own.append(value.clone())
    return {name: [torch.cat(own) for own in each] for name, each in parts.items()}, pools.finish()["conv4"]


def close(found, expected, tolerance=1e-5):
    assert found.shape == expected.shape
    assert (found - expected).abs().max() <= tolerance * expected.abs().max()


def logits(network, row):
    return network.logits(whole(network, [row], [extents.exact(len(row))], "post")["FC2"])


def statistics(frames):
    return torch.cat([frames.mean(0), frames.std(0, correction=0)])


@pytest.fixture
def rows(features):
    return [features(f"row {length}", [length])[0] for length in LENGTHS]


def test_valid_frames_are_those_of_the_utterance_alone_line_by_line(network, literal, rows):
    found, pooled = valid(network, rows)
    for number, row in enumerate(rows):
        expected = literal(row[None], [len(row)], [(len(row) + 1) // 2])
        for layer in (1, 2, 3):
            frames = found[f"conv{layer}"][number]
            assert len(frames) == (len(row) if layer == 1 else (len(row) + 1) // 2)
            close(statistics(frames), expected[f"CNN{layer}"][0])
        close(pooled[number], expected["CNN4"][0])
        above = embeddings(network, pooled[number : number + 1], "pre")
        close(above["FC1"], expected["FC1"])
        close(above["FC2"], expected["FC2"])


def test_an_utterance_is_the_same_beside_others(network, rows):
    together, pooled = valid(network, rows)
    for number, row in enumerate(rows):
        alone, own = valid(network, [row])
        for name, frames in alone.items():
            close(together[name][number], frames[0])
        close(pooled[number], own[0])


@pytest.mark.parametrize("frames", [1, 7, 20])
def test_blocks_of_any_size_are_one_pass(network, features, monkeypatch, frames):
    rows = [features(f"row {length}", [length])[0] for length in (51, 50, 17)]
    once, pooled = valid(network, rows)
    exact = whole(network, rows[:1], [extents.exact(51)])
    monkeypatch.setattr("neuroscope_cnn.model.network.BLOCK", frames)
    monkeypatch.setattr("neuroscope_cnn.model.network.LEAST", 1)
    found, again = valid(network, rows)
    for name, each in once.items():
        for values, expected in zip(found[name], each, strict=True):
            close(values, expected)
    close(again, pooled)
    for name, values in whole(network, rows[:1], [extents.exact(51)]).items():
        close(values, exact[name])


def test_modes_agree_where_every_frame_counts(network, features):
    (row,) = features("even", [60])
    exact, (frames, pooled) = whole(network, [row], [extents.exact(60)]), valid(network, [row])
    for layer in (1, 2, 3):
        close(statistics(frames[f"conv{layer}"][0]), exact[f"CNN{layer}"][0])
    close(pooled, exact["CNN4"])


def test_modes_differ_at_an_odd_end(network, features):
    (row,) = features("odd", [41])
    exact, (_, pooled) = whole(network, [row], [extents.exact(41)]), valid(network, [row])
    assert (exact["CNN4"] - pooled).abs().max() > 1e-2


@pytest.mark.parametrize(
    ("tap", "reader", "inputs"),
    [
        (Tap("conv1"), "conv2W", (slice(None), SOME)),
        (Tap("conv2"), "conv3W", (0, SOME)),
        (Tap("conv3"), "conv4W", (0, SOME)),
        (Tap("conv4"), "fc1W", [*SOME, *(1500 + number for number in SOME)]),
        (Tap("ac1", axes="BD"), "fc2W", SOME),
        (Tap("ac2", axes="BD"), "fc3W", SOME),
    ],
    ids=lambda value: getattr(value, "module", None),
)
def test_neurons_that_are_set_to_zero_are_those_that_nothing_reads(
    architecture, weights, network, features, tap, reader, inputs
):
    (row,) = features("odd", [41])
    deaf = weights[reader].clone()
    deaf[inputs] = 0
    expected = logits(Network(architecture, weights | {reader: deaf}, "cpu"), row)
    before = logits(network, row)
    with changed(network.points, tap, dict.fromkeys(SOME, 0.0)):
        found = logits(network, row)
    close(found, expected)
    assert (found - before).abs().max() > 1e-3 * before.abs().max()
    assert torch.equal(logits(network, row), before)


@pytest.mark.parametrize("convolution", [2, 3, 4])
def test_a_neuron_is_set_in_the_masked_frame_of_an_odd_end_too(network, features, convolution):
    (row,) = features("odd", [41])
    with changed(network.points, Tap(f"conv{convolution}"), {7: 1.0}):
        found = whole(network, [row], [extents.exact(41)])[f"CNN{convolution}"][0]
    mean = 21 / 20  # the sum of 21 frames, divided by the 20 that count
    deviation = (21 * (1 - mean) ** 2 / 20) ** 0.5
    close(found[[7, 7 + len(found) // 2]], torch.tensor([mean, deviation]))


def test_no_block_is_larger_than_said(network, features):
    (row,) = features("long", [3001])
    sizes = [len(block["conv1"][0]) for block in network.blocks([row], [extents.valid(3001)])]
    assert sum(sizes) == 3001
    assert max(sizes) == 2 * 512


def test_products_are_exact_whatever_the_process_allows(network, features):
    (row,) = features("T40", [40])
    expected = whole(network, [row], [extents.exact(40)])
    torch.set_float32_matmul_precision("medium")
    try:
        found = whole(network, [row], [extents.exact(40)])
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")
    assert all(torch.equal(values, expected[name]) for name, values in found.items())


def test_full_precision_is_left_behind_an_error():
    torch.set_float32_matmul_precision("high")
    try:
        with pytest.raises(RuntimeError, match="gone"), network.full_precision():
            raise RuntimeError("gone")
        assert torch.get_float32_matmul_precision() == "high"
    finally:
        torch.set_float32_matmul_precision("highest")


def test_moments_hold_far_from_zero_and_over_many_blocks():
    frames = 1000 + torch.randn(20_000, 3, generator=torch.Generator().manual_seed(0))
    moments = Moments(3, frames.device)
    for part in (*frames.split(77), frames[:0]):
        moments.add(part)
    found = moments.finish(20_000, 0, torch.zeros(3))
    torch.testing.assert_close(found, statistics(frames.double()).float(), rtol=1e-5, atol=0)


def test_masked_frames_are_in_the_sums_and_not_in_the_divisor():
    frames, value = torch.randn(20, 3), torch.tensor([0.0, 1.0, 2.0])
    moments = Moments(3, frames.device)
    moments.add(frames)
    everything = torch.cat([frames, value.expand(4, 3)])
    mean = everything.sum(0) / 20
    expected = torch.cat([mean, ((everything - mean).square().sum(0) / 20).sqrt()])
    torch.testing.assert_close(moments.finish(20, 4, value), expected)


@pytest.mark.parametrize("name", ["adi", "sre"])
def test_random_weights_are_drawn_as_the_training_begins(name):
    architecture = ARCHITECTURES[name]
    weights = random_weights(architecture, 0)
    assert {n: tuple(w.shape) for n, w in weights.items()} == architecture.shapes()
    bounds = {"conv1": 6 / (5 * 1040), "conv2": 6 / (7 * 2000), "conv4": 6 / 2500, "fc1": 6 / 4500, "fc2": 6 / 2100}
    for layer, square in bounds.items():
        values = weights[f"{layer}W"]
        assert values.abs().max().item() == pytest.approx(square**0.5, rel=1e-3)
        assert values.std().item() == pytest.approx((square / 3) ** 0.5, rel=1e-2)
    assert torch.equal(weights["conv3b"], torch.full((1000,), 0.001))
    assert 9e-4 < weights["fc1b"].abs().max() <= 1e-3
    if architecture.normalised:
        parts = {"scale": 1, "beta": 0, "pop_mean": 0, "pop_var": 1}
        assert all((weights[f"bn6{part}"] == value).all() for part, value in parts.items())


def test_seeds_differ_and_repeat_and_leave_the_global_state_alone():
    state = torch.random.get_rng_state()
    first, again, other = (random_weights(ADI, seed) for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["conv2W"], other["conv2W"])
