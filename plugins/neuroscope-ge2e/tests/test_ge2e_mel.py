"""The front end, against librosa and against its own definition."""

import librosa
import numpy as np
import pytest
import torch

from neuroscope_ge2e.mel import Mel, filter_bank, prepare, raise_volume


def mel_of(wave):
    prepared = prepare(torch.from_numpy(wave)[None], torch.tensor([len(wave)]))
    return Mel("cpu")(prepared)[0].numpy()


def test_filter_bank_is_librosas():
    expected = librosa.filters.mel(sr=16_000, n_fft=400, n_mels=40, dtype=np.float64)
    np.testing.assert_allclose(filter_bank().numpy(), expected, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("samples", [201, 319, 320, 321, 16_000, 50_007])
def test_spectrogram_is_librosas(wave, librosa_mel, samples):
    sound = wave(samples / 16_000)
    expected = librosa_mel(sound)
    assert expected.shape == (1 + samples // 160, 40)
    np.testing.assert_allclose(mel_of(sound), expected, rtol=1e-4, atol=1e-6 * expected.max())


def test_prepare_mirrors_each_utterance_at_its_own_ends(wave):
    long, short = wave(0.1, seed=1), wave(0.05, seed=2)
    samples = torch.zeros(2, len(long))
    samples[0], samples[1, : len(short)] = torch.from_numpy(long), torch.from_numpy(short)
    prepared = prepare(samples, torch.tensor([len(long), len(short)])).numpy()
    np.testing.assert_array_equal(prepared[0], np.pad(long, 200, mode="reflect"))
    np.testing.assert_array_equal(prepared[1, : len(short) + 400], np.pad(short, 200, mode="reflect"))
    assert not prepared[1, len(short) + 400 :].any()


def test_quiet_is_raised_to_30_db_below_full_scale(wave):
    quiet = torch.from_numpy(wave(peak=0.001))
    raised = quiet.clone()
    raise_volume(raised)
    level = 20 * np.log10(raised.square().mean().sqrt().item())
    assert level == pytest.approx(-30, abs=1e-4)
    torch.testing.assert_close(raised / raised.max(), quiet / quiet.max())


def test_loud_is_left_alone(wave):
    loud = torch.from_numpy(wave(peak=0.9))
    left = loud.clone()
    raise_volume(left)
    assert torch.equal(left, loud)


@pytest.mark.parametrize("value", [0.0, 1e-45, 1e-30])
def test_near_silence_is_finite(value):
    almost = torch.zeros(4000)
    almost[7] = value
    raise_volume(almost)
    assert almost.isfinite().all()
