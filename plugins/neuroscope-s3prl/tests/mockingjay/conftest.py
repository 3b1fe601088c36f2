"""Waveforms, batches of them, and frames of a running model."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from neuroscope import WaveBatch


@pytest.fixture(autouse=True)
def short_table_of_positions(monkeypatch):
    """s3prl computes 24,000 positions number by number, for a minute where they are 768 wide; tests need 2,100."""
    from s3prl.upstream.mockingjay import builder

    monkeypatch.setattr(builder, "MAX_SEQLEN", 2100)
    builder.get_sinusoid_table.cache_clear()
    yield
    builder.get_sinusoid_table.cache_clear()


@pytest.fixture(scope="session")
def wave():
    """``wave(seconds, seed)``: gliding harmonics in noise with a slow envelope, float32."""

    def make(seconds=1.0, seed=0):
        random = np.random.default_rng(seed)
        time = np.arange(round(seconds * 16_000)) / 16_000
        phase = 2 * np.pi * np.cumsum(120 + 40 * np.sin(3 * time + seed)) / 16_000
        tone = sum(np.sin(k * phase) / k for k in range(1, 20))
        sound = (tone + 0.1 * random.standard_normal(len(time))) * (0.3 + np.sin(5 * time + seed) ** 2)
        return (0.3 * sound / np.abs(sound).max()).astype(np.float32)

    return make


@pytest.fixture(scope="session")
def frames_of():
    """``frames_of(model, waves)``: for each wave ``{layer: [frames, columns]}``, blocks put together."""

    def run(model, waves):
        longest = max(map(len, waves))
        samples = torch.from_numpy(np.stack([np.pad(each, (0, longest - len(each))) for each in waves]))
        rows = [{} for _ in waves]
        for block in model.extract(WaveBatch(samples, torch.tensor([len(each) for each in waves]))):
            for layer, frames in block.items():
                for row, values, length in zip(rows, frames.values, frames.lengths.tolist(), strict=True):
                    row.setdefault(layer, []).append(values[:length])
        return [{layer: torch.cat(parts) for layer, parts in row.items()} for row in rows]

    return run


@pytest.fixture(scope="session")
def real_speech():
    """Read speech at 16 kHz, half a minute of it end to end."""
    import soundfile

    root = Path(os.environ.get("NEUROSCOPE_SHARED", Path(__file__).parents[4].parent / "shared"))
    paths = sorted((root / "data" / "speech" / "librispeech").glob("*.flac"))[:6]
    if not paths:
        pytest.skip(f"no real speech in {root} (NEUROSCOPE_SHARED names the folder)")
    return np.concatenate([soundfile.read(path, dtype="float32")[0] for path in paths])
