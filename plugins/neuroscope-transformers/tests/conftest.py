"""Folders of tiny models, made once a session, and batches to run them on."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from neuroscope import WaveBatch

tiny_encoders = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("tiny_encoders.py"))))


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory):
    """``folder_of(name)``: the folder of a tiny model, see ``tiny_encoders.CASES``."""
    made = {}

    def folder(name):
        if name not in made:
            made[name] = tiny_encoders.save(tiny_encoders.build(name), tmp_path_factory.mktemp("models") / name)
        return made[name]

    return folder


@pytest.fixture(scope="session")
def wave():
    """``wave(samples, seed=…)``: noise with a slow envelope, float32."""

    def make(samples, seed=0):
        noise = np.random.default_rng(seed).standard_normal(samples)
        return (0.1 * noise * (1.2 + np.sin(np.arange(samples) / 900))).astype(np.float32)

    return make


@pytest.fixture(scope="session")
def run():
    """``run(spec, wave, …)``: for each wave ``{layer: [frames, width]}``, all waves side by side in one batch."""

    def run(spec, *waves):
        longest = max(map(len, waves))
        samples = np.stack([np.pad(each, (0, longest - len(each))) for each in waves])
        batch = WaveBatch(torch.from_numpy(samples), torch.tensor([len(each) for each in waves]))
        rows = [{} for _ in waves]
        for block in spec.load("cpu").extract(batch):
            for layer, frames in block.items():
                for row, values, length in zip(rows, frames.values, frames.lengths.tolist(), strict=True):
                    row.setdefault(layer, []).append(values[:length])
        return [{layer: torch.cat(parts) for layer, parts in row.items()} for row in rows]

    return run
