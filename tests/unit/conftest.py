"""A small backbone and a small corpus, for what is tested about extraction.

The functions that are no fixtures are also called in processes of their own, through ``runpy``.
"""

import os
import sys
from contextlib import contextmanager
from dataclasses import fields

import numpy as np
import pytest

from neuroscope.audio.findings import FindingRecord
from neuroscope.audio.index import examine_all
from neuroscope.contracts.audio import Manifest, Utterance
from neuroscope.contracts.backbone import BackboneSpec, Frames, LayerSpec, Origin
from neuroscope.contracts.features import Unit
from neuroscope.extraction import batching
from neuroscope.extraction import extractor as extraction
from neuroscope.extraction.poolings import Mean
from neuroscope.extraction.skipped import SkippedUtterances
from neuroscope.probing.cell import Cell
from neuroscope.store.description import Identity
from neuroscope.store.padding_record import Invariance
from neuroscope.store.representations import Store

FRAME = 100
LAYERS = (LayerSpec("frames", 3), LayerSpec("pooled", 2, pooling="none"))
UNITS = {"frames": Mean().units(LAYERS[0]), "pooled": (Unit("pooled", 0, "value"), Unit("pooled", 1, "value"))}


class Fake:
    """Frames of 6.25 ms in two blocks, NaN behind the ends; the last bits depend on the batch, as those of a GPU do."""

    def __init__(self, before_batch=lambda number: None, spoil=lambda block: block):
        self.sizes, self._before_batch, self._spoil = [], before_batch, spoil

    def __call__(self, device):
        return self

    def extract(self, batch):
        import torch

        self._before_batch(len(self.sizes))
        self.sizes.append(len(batch.lengths))
        windows = batch.samples.unfold(1, FRAME, FRAME)
        values = torch.stack([windows.mean(2), windows.abs().mean(2), windows.amax(2)], dim=2) + 1e-7 * len(windows)
        lengths = batch.lengths // FRAME
        values[torch.arange(values.shape[1])[None] >= lengths[:, None]] = torch.nan
        half = values.shape[1] // 2
        pooled = torch.stack([lengths.float(), batch.samples.amax(1)], dim=1)[:, None]
        first = Frames(values[:, :half], lengths.clamp(max=half))
        yield self._spoil({"frames": first, "pooled": Frames(pooled, torch.ones_like(lengths))})
        yield self._spoil({"frames": Frames(values[:, half:], (lengths - half).clamp(min=0))})


def run(root, manifest, load, *, dtype="float32", max_duration=300.0, threads=1, about=None, batchable=True, **limits):
    """Extract into the store below ``root``: what was done, the vectors by utterance, and what failed."""
    spec = BackboneSpec(
        sample_rate=16_000,
        layers=LAYERS,
        origin=Origin(source="", licence="", digest=""),
        load=load,
        min_samples=FRAME,
        **{"batchable": batchable} | (about or {}),
    )
    identity = Identity("fake", {}, "", "", {}, [], "1", dtype)
    rep = Store(root).representation(identity, UNITS, spec.origin)
    failed = SkippedUtterances(len(manifest), **({"max_errors": 1.0} | limits))
    files = examine_all(root / "audio", [each.path for each in manifest if each.path is not None])
    record = FindingRecord(root / "findings")
    within = {"files": files, "record": record, "max_duration": max_duration, "threads": threads}
    done = extraction.extract(manifest, spec, {"frames": Mean()}, rep, failed, **within)
    features = rep.features(list(done.rows), list(done.rows.values()), UNITS)
    return done, dict(zip(features.ids, features.values.tolist(), strict=True)), failed


def write(path, samples, rate=16_000):
    import soundfile

    soundfile.write(path, samples, rate, subtype="FLOAT")


def corpus_in(folder, count=20):
    """Files of distinct lengths, of several rates, in no order."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(count):
        samples = 0.1 * rng.standard_normal(500 + 150 * (number * 7 % count))
        write(folder / f"{number}.wav", samples, [16_000, 8_000][number % 2])
    return manifest_of(folder, count)


def manifest_of(folder, count=20):
    return Manifest(tuple(Utterance(id=f"u{number}", path=folder / f"{number}.wav") for number in range(count)))


def as_declared(located, runner, progress):
    """What is found where the backbone is as it says."""
    layers = dict.fromkeys(UNITS, 0.0)
    batches = "padded" if runner.spec.batchable else "alone"
    return Invariance(layers, dict.fromkeys(layers, "float32"), runner.device, batches)


@contextmanager
def small():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batching, "BATCH_MOST", 3)
        patch.setattr(batching, "SHARD_ROWS", 6)
        patch.setattr(extraction.padding_check, "compare", as_declared)
        yield


def killed(root, when):
    """For a process of its own: extract, and die without warning in the fourth batch or in the midst of a shard."""
    die = lambda: os.kill(os.getpid(), 9)
    save = np.save
    saved = []

    def save_and_die(file, values):
        save(file, values)
        saved.append(file)
        if when == "writing" and len(saved) == 3:
            die()

    def die_in_batch(number):
        if when == "computing" and number == 3:
            die()

    with small():
        np.save = save_and_die
        run(root / "store", manifest_of(root / "corpus"), Fake(die_in_batch))


def again(root):
    """For a process of its own: the second run, which has no model; whether nothing was loaded that computes."""
    opened = []
    sys.addaudithook(lambda event, what: opened.append(str(what[0])) if event == "open" else None)
    with small():
        done, vectors, _ = run(root / "store", manifest_of(root / "corpus"), None)
    loaded = {"torch", "soundfile", "soxr"} & set(sys.modules)
    read = [name for name in opened if name.endswith(".wav")]
    return done.computed == 0 and done.found == len(vectors) == 20 and not loaded and not read


@pytest.fixture
def corpus(tmp_path):
    return corpus_in(tmp_path / "corpus")


@pytest.fixture
def small_batches():
    """7 batches of at most 3 utterances, in 4 shards of at most 6."""
    with small():
        yield


@pytest.fixture(name="fake")
def fake_backbone():
    return Fake


@pytest.fixture(name="run")
def run_extraction():
    return run


@pytest.fixture(name="write")
def write_audio():
    return write


@pytest.fixture
def cell():
    """The conditions of rows, where nothing depends on them."""
    return Cell(**{**dict.fromkeys((each.name for each in fields(Cell)), ""), "runs": 2, "seed": 0})
