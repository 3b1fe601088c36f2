"""The running model, against the network as Resemblyzer builds it, and against the rules every backbone keeps."""

import numpy as np
import pytest
import torch
from torch import nn

from neuroscope_ge2e import encoder
from neuroscope_ge2e.spec import ge2e
from neuroscope_ge2e.weights import find_pretrained

LAYERS = ["lstm1", "lstm2", "lstm3", "linear"]


class Original(nn.Module):
    """Resemblyzer's network of the first ``depth`` LSTM layers."""

    def __init__(self, depth=3):
        super().__init__()
        self.lstm = nn.LSTM(40, 256, depth, batch_first=True)
        self.linear = nn.Linear(256, 256)
        state = torch.load(find_pretrained(), map_location="cpu", weights_only=True)["model_state"]
        assert self.load_state_dict(state, strict=False).missing_keys == []


def raised(wave):
    level = 20 * np.log10(np.sqrt(np.mean(wave.astype(np.float64) ** 2)))
    return (wave * 10 ** (max(0, -30 - level) / 20)).astype(np.float32)


@pytest.fixture(scope="module")
def expected_frames(librosa_mel):
    @torch.no_grad()
    def run(wave):
        mel = torch.from_numpy(librosa_mel(raised(wave)))[None]
        layers = {f"lstm{depth}": Original(depth).lstm(mel)[0][0] for depth in (1, 2, 3)}
        return layers | {"linear": torch.relu(Original().linear(layers["lstm3"]))}

    return run


def assert_same(found, expected, tolerance=1e-5):
    assert list(found) == list(expected) == LAYERS
    for layer, values in expected.items():
        assert found[layer].shape == values.shape
        assert (found[layer] - values).abs().max() <= tolerance * values.abs().max(), layer


@pytest.mark.parametrize(("seconds", "peak"), [(3.0, 0.3), (1.23, 0.9), (2.0, 0.001), (201 / 16_000, 0.3)])
def test_frames_are_the_originals(pretrained, wave, frames_of, expected_frames, seconds, peak):
    sound = wave(seconds, peak=peak)
    assert_same(frames_of(pretrained, sound)[0], expected_frames(sound))


def test_frames_are_the_originals_on_real_speech(pretrained, speech, frames_of, expected_frames):
    for sound, found in zip(speech, frames_of(pretrained, *speech), strict=True):
        assert_same(found, expected_frames(sound))


@torch.no_grad()
def test_last_linear_frame_is_the_originals_embedding_before_its_norm(pretrained, wave, frames_of, librosa_mel):
    sound, original = wave(2.0), Original()
    _, (hidden, _) = original.lstm(torch.from_numpy(librosa_mel(sound))[None])
    expected = torch.relu(original.linear(hidden[-1]))[0]
    torch.testing.assert_close(frames_of(pretrained, sound)[0]["linear"][-1], expected, rtol=0, atol=1e-5)


def test_alone_is_as_in_a_batch_of_any_order(pretrained, wave, frames_of):
    sounds = [wave(s, seed=i, peak=p) for i, (s, p) in enumerate([(0.5, 0.3), (3.0, 0.9), (201 / 16_000, 1e-4)])]
    forth = frames_of(pretrained, *sounds)
    back = frames_of(pretrained, *reversed(sounds))[::-1]
    for sound, first, second in zip(sounds, forth, back, strict=True):
        alone = frames_of(pretrained, sound)[0]
        assert_same(first, alone)
        assert_same(second, alone)


def test_what_lies_behind_the_end_is_never_read(pretrained, wave, batch):
    dirty = batch(wave(1.0), wave(0.4))
    clean = next(iter(pretrained.extract(dirty)))
    dirty.samples[1, 6400:] = 7.0
    after = next(iter(pretrained.extract(dirty)))
    for layer in LAYERS:
        assert torch.equal(clean[layer].values[1, :41], after[layer].values[1, :41])


def test_blocks_are_one_continuous_pass(pretrained, wave, batch, frames_of, monkeypatch):
    sounds = [wave(1.5), wave(0.3, seed=1)]
    whole = frames_of(pretrained, *sounds)
    monkeypatch.setattr(encoder, "BLOCK", 50)
    blocks = list(pretrained.extract(batch(*sounds)))
    assert [block["lstm1"].lengths.tolist() for block in blocks] == [[50, 31], [50, 0], [50, 0], [1, 0]]
    for found, expected in zip(frames_of(pretrained, *sounds), whole, strict=True):
        assert_same(found, expected)


@pytest.mark.parametrize("samples", [201, 320, 16_000])
def test_silence_is_finite(pretrained, frames_of, samples):
    found = frames_of(pretrained, np.zeros(samples, np.float32))[0]
    assert {layer: len(values) for layer, values in found.items()} == dict.fromkeys(LAYERS, 1 + samples // 160)
    assert all(values.isfinite().all() for values in found.values())


def test_quiet_sounds_like_itself_raised(pretrained, wave, frames_of):
    sound = wave(peak=0.01)
    assert_same(frames_of(pretrained, sound * np.float32(1e-3))[0], frames_of(pretrained, sound)[0])


@pytest.mark.parametrize("weights", ["pretrained", "random"])
def test_runs_leave_no_trace_and_repeat(weights, wave, batch):
    waves = batch(wave(1.0), wave(0.5, seed=1))
    samples, lengths, state = waves.samples.clone(), waves.lengths.clone(), torch.random.get_rng_state()
    model = ge2e(weights=weights).load("cpu")
    first, second = next(iter(model.extract(waves))), next(iter(model.extract(waves)))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(waves.samples, samples)
    assert torch.equal(waves.lengths, lengths)
    for layer in LAYERS:
        assert torch.equal(first[layer].values, second[layer].values)
        assert first[layer].values.dtype == torch.float32
        assert not first[layer].values.requires_grad
