"""The front end, against librosa and against its own definition."""

import warnings

import librosa
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from neuroscope import BadAudio
from neuroscope_cnn.frontend.activity import active
from neuroscope_cnn.frontend.framing import frames_of, min_samples
from neuroscope_cnn.frontend.front_end import FrontEnd
from neuroscope_cnn.frontend.mel import filter_bank
from neuroscope_cnn.frontend.mfcc import Mfcc
from neuroscope_cnn.frontend.normalise import subtract_sliding_mean

SILENCE = 10 * np.log10(1e-10) * np.sqrt(128)  # C0 of no power at all


def harmonics(samples, seed=0, peak=0.3):
    """Gliding harmonics in noise with a slow envelope and pauses, float32."""
    random = np.random.default_rng(seed)
    time = np.arange(samples) / 16_000
    phase = 2 * np.pi * np.cumsum(120 + 40 * np.sin(3 * time + seed)) / 16_000
    tone = sum(np.sin(k * phase) / k for k in range(1, 20)) + 0.1 * random.standard_normal(samples)
    sound = tone * np.clip(np.sin(5 * time + seed + 0.5), 1e-4, 1)
    return (peak * sound / np.abs(sound).max()).astype(np.float32)


def sweep(samples):
    """A loud glide over all frequencies: most bands of a frame lie below the range of 80 dB."""
    time = np.arange(samples) / 16_000
    return (0.9 * np.sin(2 * np.pi * 4000 * time**2 / max(time[-1], 1e-3))).astype(np.float32)


def speech_files(folder, count=8):
    import soundfile

    paths = sorted(path for path in folder.rglob("*.flac") if soundfile.info(path).samplerate == 16_000)
    return [soundfile.read(path, dtype="float32")[0] for path in paths[:: max(len(paths) // count, 1)]]


def librosa_mfcc(wave, n_fft):
    """float64 ``[F, 40]`` as librosa 0.6 gave it."""
    settings = {"n_fft": n_fft, "hop_length": 160, "n_mfcc": 40, "fmin": 133, "fmax": 6955, "pad_mode": "reflect"}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Empty filters detected")
        warnings.filterwarnings("ignore", "n_fft=.* is too large")  # an utterance shorter than one window
        return librosa.feature.mfcc(y=wave.astype(np.float64), sr=16_000, **settings).T


def librosa_kept(wave, n_fft, threshold):
    wave = wave.astype(np.float64)
    loudness = librosa.feature.rms(y=wave, frame_length=n_fft, hop_length=160, pad_mode="reflect", dtype=np.float64)[0]
    kept = np.flatnonzero(loudness > loudness.mean() / 2 * threshold)
    return kept if len(kept) else np.arange(len(loudness))


def sliding(frames):
    """The definition, frame by frame."""
    ends = [(max(0, t - 150), min(len(frames), t + 150)) for t in range(len(frames))]
    return np.stack([frame - frames[low:high].mean(0) for frame, (low, high) in zip(frames, ends, strict=True)])


def published(wave, n_fft, threshold):
    frames = librosa_mfcc(wave, n_fft)
    return sliding(frames if threshold is None else frames[librosa_kept(wave, n_fft, threshold)])


def own_mfcc(wave, n_fft):
    mfcc = Mfcc(n_fft, "cpu")
    powers, loudness = mfcc.listen(torch.from_numpy(wave))
    return mfcc.cepstra(powers, powers.max()).numpy(), loudness


def agree(wave, n_fft):
    """Cepstra, frames kept and the whole are librosa's."""
    cepstra, loudness = own_mfcc(wave, n_fft)
    expected = librosa_mfcc(wave, n_fft)
    assert cepstra.shape == expected.shape == (frames_of(len(wave)), 40)
    np.testing.assert_allclose(cepstra, expected, rtol=0, atol=1e-4)
    for threshold in (None, 0.9, 1.04):
        if threshold is not None:
            np.testing.assert_array_equal(active(loudness, threshold).numpy(), librosa_kept(wave, n_fft, threshold))
        heard = FrontEnd(n_fft=n_fft, vad=threshold)(torch.from_numpy(wave))
        assert heard.dtype == torch.float32
        np.testing.assert_allclose(heard.numpy(), published(wave, n_fft, threshold), rtol=0, atol=1e-4)


@pytest.mark.parametrize("n_fft", [400, 512])
def test_filter_bank_is_librosas(n_fft):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Empty filters detected")
        expected = librosa.filters.mel(sr=16_000, n_fft=n_fft, n_mels=128, fmin=133, fmax=6955, dtype=np.float64)
    np.testing.assert_allclose(filter_bank(n_fft).numpy(), expected.T, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("n_fft", [400, 512])
@pytest.mark.parametrize("samples", [257, 319, 320, 321, 479, 480, 481, 40_959, 40_960, 40_961, 100_007])
def test_generated_sound_is_librosas(n_fft, samples):
    agree(harmonics(samples), n_fft)


@pytest.mark.parametrize("n_fft", [400, 512])
@pytest.mark.parametrize(
    "wave",
    [
        sweep(30_000),
        np.clip(8 * harmonics(30_000), -1, 1),
        np.concatenate([harmonics(20_000), np.zeros(20_000, np.float32)]),
        (harmonics(30_000) * 32768).round().astype(np.float32) / 32768,
        np.eye(1, 5_000, 2_500, dtype=np.float32)[0],
    ],
    ids=["sweep", "clipped", "digital pause", "16 bits", "click"],
)
def test_hard_sound_is_librosas(n_fft, wave):
    agree(wave, n_fft)


@pytest.mark.parametrize("n_fft", [400, 512])
def test_real_speech_is_librosas(n_fft, speech):
    for wave in speech_files(speech):
        agree(wave, n_fft)


@pytest.mark.parametrize("n_fft", [400, 512])
def test_the_shortest_sound_has_frames_and_a_shorter_one_is_refused(n_fft):
    shortest = harmonics(min_samples(n_fft))
    agree(shortest, n_fft)
    with pytest.raises(BadAudio, match=f"{n_fft // 2} samples, the front end takes {n_fft // 2 + 1} or more"):
        FrontEnd(n_fft=n_fft)(torch.from_numpy(shortest[:-1]))


def test_powers_are_rounded_once():
    """Products in single precision would be as coarse as the process allows, TensorFloat-32 and bfloat16 included."""
    wave = harmonics(8000)
    powers, _ = Mfcc(400, "cpu").listen(torch.from_numpy(wave))
    samples = np.pad(wave.astype(np.float64), 200, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(samples, 400)[::160] * (
        0.5 - 0.5 * np.cos(np.arange(400) * np.pi / 200)
    )
    expected = np.abs(np.fft.rfft(frames)) ** 2 @ filter_bank(400).numpy()
    np.testing.assert_allclose(powers.numpy(), expected, rtol=6.1e-8, atol=1e-30)


@pytest.mark.parametrize("value", [0.0, 1e-45, 1e-30, 1e-8])
def test_silence_is_one_constant_and_nothing_of_it_is_left_out(value):
    silence = np.full(4000, value, np.float32)
    cepstra, _ = own_mfcc(silence, 400)
    np.testing.assert_allclose(cepstra[:, 0], SILENCE, rtol=1e-12)
    np.testing.assert_allclose(cepstra[:, 1:], 0, atol=1e-10)
    heard = FrontEnd(vad=0.9)(torch.from_numpy(silence))
    assert heard.shape == (26, 40)
    np.testing.assert_allclose(heard.numpy(), 0, atol=1e-10)


@pytest.mark.parametrize("value", [1e-45, 1e-30, 2**-15])
def test_one_sample_in_silence_is_finite(value):
    almost = torch.zeros(8000)
    almost[4000] = value
    assert FrontEnd(vad=0.9)(almost).isfinite().all()


def test_one_frame_that_is_kept_is_its_own_mean():
    click = torch.zeros(16_000)
    click[8000] = 0.5
    heard = FrontEnd(vad=60.0)(click)
    assert len(heard) < 4
    torch.testing.assert_close(heard.mean(0), torch.zeros(40), atol=1e-5, rtol=0)
    assert torch.equal(subtract_sliding_mean(torch.randn(1, 40).double()), torch.zeros(1, 40).double())


@pytest.mark.parametrize("block", [1, 2, 7, 100, 5000])
def test_blocks_of_any_size_give_the_same(block):
    wave = torch.from_numpy(harmonics(50_001))
    whole = FrontEnd(vad=0.9)(wave)
    torch.testing.assert_close(FrontEnd(vad=0.9, block=block)(wave), whole, atol=1e-5, rtol=0)


def test_the_sliding_mean_crosses_the_blocks_it_is_computed_in(monkeypatch):
    wave = torch.from_numpy(harmonics(160 * 700))
    whole = FrontEnd(vad=0.9)(wave)
    for block in (1, 149, 150, 151, 299, 400):
        monkeypatch.setattr("neuroscope_cnn.frontend.front_end.NORMALISED", block)
        torch.testing.assert_close(FrontEnd(vad=0.9)(wave), whole, atol=1e-6, rtol=0)


def test_what_is_given_is_left_as_it_is():
    wave = torch.from_numpy(harmonics(5000))
    before = wave.clone()
    FrontEnd(vad=0.9)(wave)
    assert torch.equal(wave, before)


@given(st.integers(1, 1000), st.integers(0, 2**32 - 1), st.sampled_from([1e-6, 1.0, 1e3]))
def test_running_sums_are_the_literal_mean(count, seed, scale):
    frames = np.random.default_rng(seed).standard_normal((count, 5)) * scale + [-1131, 0, 7, 1e3, -1e-3]
    np.testing.assert_allclose(
        subtract_sliding_mean(torch.from_numpy(frames)).numpy(), sliding(frames), rtol=0, atol=1e-9 * max(scale, 1)
    )


@given(st.lists(st.integers(0, 2**15).map(lambda level: level / 2**15), min_size=1, max_size=64))
def test_frames_kept_are_louder_than_the_threshold(levels):
    loudness = torch.tensor(levels, dtype=torch.float64)
    kept = active(loudness, 0.9).tolist()
    louder = [place for place, level in enumerate(levels) if level > np.mean(levels) / 2 * 0.9]
    assert kept == (louder or list(range(len(levels))))


def test_a_frame_at_the_threshold_is_left_out():
    assert active(torch.tensor([0.25, 0.5, 0.75]).double(), 2.0).tolist() == [2]
    assert active(torch.tensor([0.5, 0.5]).double(), 2.0).tolist() == [0, 1]
