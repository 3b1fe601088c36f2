"""The toy backbone keeps the contract that every backbone has."""

import pytest
import torch

from neuroscope import BadOption, Plugins, WaveBatch
from neuroscope_toy.backbone import toy


def batch(*waves):
    samples = torch.nn.utils.rnn.pad_sequence(list(waves), batch_first=True)
    return WaveBatch(samples, torch.tensor([len(wave) for wave in waves]))


def noise(length, seed=0):
    return torch.randn(length, generator=torch.Generator().manual_seed(seed)) * 0.1


def frames_of(spec, *waves):
    (block,) = spec.load("cpu").extract(batch(*waves))
    return block


@pytest.mark.parametrize("options", [{}, {"width": 1}, {"width": 200}, {"weights": "random", "seed": 3}])
def test_every_declared_layer_comes_with_its_width_and_finite_values(options):
    spec = toy(**options)
    block = frames_of(spec, noise(1600), torch.zeros(500))
    assert list(block) == [layer.name for layer in spec.layers]
    for layer in spec.layers:
        values, lengths = block[layer.name].values, block[layer.name].lengths
        assert values.shape == (2, 8, layer.width)
        assert values.dtype == torch.float32
        assert values.isfinite().all()
        assert not values.requires_grad
        assert lengths.tolist() == [8, 1]


def test_frames_do_not_depend_on_the_neighbours():
    waves = [noise(length, seed) for seed, length in enumerate((400, 1000, 1600))]
    together = frames_of(toy(), *waves)
    for row, wave in enumerate(waves):
        alone = frames_of(toy(), wave)
        for layer, frames in alone.items():
            length = int(frames.lengths[0])
            assert int(together[layer].lengths[row]) == length
            torch.testing.assert_close(together[layer].values[row, :length], frames.values[0], rtol=0, atol=1e-4)


def test_the_shortest_wave_that_is_declared_gives_one_frame():
    spec = toy()
    assert frames_of(spec, noise(spec.min_samples))["energy"].lengths.tolist() == [1]


def test_delta_is_the_change_of_energy_and_starts_at_zero():
    block = frames_of(toy(), noise(1600))
    energy, delta = block["energy"].values, block["delta"].values
    assert (delta[:, 0] == 0).all()
    torch.testing.assert_close(delta.cumsum(1), energy - energy[:, :1], rtol=0, atol=1e-4)


def test_a_tone_is_in_its_band():
    time = torch.arange(1600) / 16_000
    block = frames_of(toy(), torch.sin(2 * torch.pi * 5000 * time))
    assert (block["energy"].values.argmax(-1) == 2).all()


def test_the_untrained_twin_has_the_same_layers_other_values_and_its_own_digest():
    trained, *twins = toy(), toy(weights="random"), toy(weights="random", seed=1)
    assert all(twin.layers == trained.layers for twin in twins)
    assert len({spec.origin.digest for spec in (trained, *twins)}) == 3
    values = [frames_of(spec, noise(800))["energy"].values for spec in (trained, *twins)]
    assert not any(torch.allclose(values[a], values[b]) for a, b in ((0, 1), (0, 2), (1, 2)))
    torch.testing.assert_close(frames_of(toy(weights="random"), noise(800))["energy"].values, values[1])


def test_nothing_global_moves():
    state = torch.random.get_rng_state()
    wave = noise(800)
    before = wave.clone()
    frames_of(toy(weights="random"), wave)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(wave, before)


@pytest.mark.parametrize("text", ["toy,width=0", "toy,width=201", "toy,weights=trained", "toy,width=4.0"])
def test_options_out_of_range_are_refused(text):
    with pytest.raises(BadOption, match="toy"):
        Plugins.load().backbones.choose(text).build()
