"""Waveforms, batches of them, and the models that the tests run."""

import os
import warnings
from pathlib import Path

import librosa
import numpy as np
import pytest
import torch

from neuroscope import WaveBatch
from neuroscope_ge2e.spec import ge2e


@pytest.fixture(scope="session")
def pretrained():
    return ge2e().load("cpu")


@pytest.fixture(scope="session")
def wave():
    """``wave(seconds=…, seed=…, peak=…)``: gliding harmonics in noise with a slow envelope, float32."""

    def make(seconds=1.0, seed=0, peak=0.3):
        random = np.random.default_rng(seed)
        time = np.arange(round(seconds * 16_000)) / 16_000
        phase = 2 * np.pi * np.cumsum(120 + 40 * np.sin(3 * time + seed)) / 16_000
        tone = sum(np.sin(k * phase) / k for k in range(1, 20))
        sound = (tone + 0.1 * random.standard_normal(len(time))) * (0.3 + np.sin(5 * time + seed) ** 2)
        return (peak * sound / np.abs(sound).max()).astype(np.float32)

    return make


@pytest.fixture(scope="session")
def librosa_mel():
    """``librosa_mel(wave)``: float32 ``[frames, 40]``, with the mirrored ends that were librosa's default until 0.9."""

    def mel(wave):
        settings = {"sr": 16_000, "n_fft": 400, "hop_length": 160, "n_mels": 40, "pad_mode": "reflect"}
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "n_fft=400 is too large")  # an utterance shorter than one window
            return librosa.feature.melspectrogram(y=wave, **settings).T

    return mel


@pytest.fixture(scope="session")
def batch():
    """``batch(wave, wave, …)``: a WaveBatch, zeros behind each end."""

    def make(*waves):
        longest = max(map(len, waves))
        samples = np.stack([np.pad(w, (0, longest - len(w))) for w in waves])
        return WaveBatch(torch.from_numpy(samples), torch.tensor([len(w) for w in waves]))

    return make


@pytest.fixture(scope="session")
def frames_of(batch):
    """``frames_of(model, wave, …)``: for each wave ``{layer: [frames, 256]}``, blocks put together."""

    def run(model, *waves):
        rows = [{} for _ in waves]
        for block in model.extract(batch(*waves)):
            for layer, frames in block.items():
                for row, values, length in zip(rows, frames.values, frames.lengths.tolist(), strict=True):
                    row.setdefault(layer, []).append(values[:length])
        return [{layer: torch.cat(parts) for layer, parts in row.items()} for row in rows]

    return run


@pytest.fixture(scope="session")
def speech():
    """Three utterances of real speech at 16 kHz."""
    import soundfile

    root = Path(os.environ.get("NEUROSCOPE_SHARED", Path(__file__).parents[3].parent / "shared"))
    paths = sorted((root / "data" / "speech" / "librispeech").glob("*.flac"))[:3]
    if not paths:
        pytest.skip(f"no real speech in {root} (NEUROSCOPE_SHARED names the folder)")
    return [soundfile.read(path, dtype="float32")[0] for path in paths]
