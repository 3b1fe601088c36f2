"""Where memory runs out a batch runs in parts, and an utterance that is too large by itself is left out."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from neuroscope.contracts.audio import Manifest, Utterance
from neuroscope.contracts.backbone import BackboneSpec, Frames, LayerSpec, Origin
from neuroscope.errors import BadAudio, PluginBroken
from neuroscope.extraction import extractor as extraction
from neuroscope.extraction.contract import models
from neuroscope.extraction.poolings import Mean
from neuroscope.extraction.runner import Runner

CUDA = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
CPU = RuntimeError("[enforce fail at alloc_cpu.cpp:126] . DefaultCPUAllocator: can't allocate memory: you tried to ...")

NUMPY = MemoryError("Unable to allocate 3.00 GiB for an array with shape (9, 9) and data type float64")  # front ends'


class Small:
    """A device that has room for so many utterances, or samples."""

    def __init__(self, fake, error=CUDA, utterances=99, samples=10**9):
        self.fake, self.error, self.tried = fake, error, []
        self.utterances, self.samples = utterances, samples

    def __call__(self, device):
        return self

    def extract(self, batch):
        self.tried.append(len(batch.lengths))
        if len(batch.lengths) > self.utterances or batch.samples.numel() > self.samples:
            raise self.error
        yield from self.fake.extract(batch)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("error", [CUDA, CPU, NUMPY])
def test_a_batch_that_does_not_fit_runs_in_halves_and_later_ones_begin_with_them(tmp_path, error, fake, run, write):
    paths = [tmp_path / f"{number}.wav" for number in range(6)]
    for number, path in enumerate(paths):
        write(path, 0.1 * np.random.default_rng(number).standard_normal(1_000))
    manifest = Manifest(tuple(Utterance(id=path.stem, path=path) for path in paths))
    _, expected, _ = run(tmp_path / "enough", manifest, fake())
    load = Small(fake(), error, samples=2_000)
    done, vectors, skipped = run(tmp_path / "store", manifest, load)
    assert load.tried == [3, 2, 1, 2, 1]
    assert (done.computed, done.halved, skipped.skipped) == (6, 2, [])
    for name, values in expected.items():
        np.testing.assert_allclose(vectors[name], values, rtol=0, atol=1e-5)


@pytest.mark.usefixtures("small_batches")
def test_parts_are_halved_again_until_they_fit(tmp_path, corpus, fake, run):
    _, expected, _ = run(tmp_path / "alone", corpus, fake(), batchable=False)
    load = Small(fake(), utterances=1)
    done, vectors, _ = run(tmp_path / "store", corpus, load)
    assert load.fake.sizes == [1] * 20
    assert load.tried[:5] == [3, 2, 1, 1, 1]
    assert (vectors, done.halved) == (expected, 7)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("threads", [1, 2])
def test_an_utterance_that_does_not_fit_by_itself_is_skipped_and_the_rest_is_there(
    tmp_path, corpus, threads, fake, run
):
    load = Small(fake(), samples=5_000)
    done, vectors, skipped = run(tmp_path / "store", corpus, load, threads=threads)
    lost = {each.utterance for each in skipped.skipped}
    assert {each.reason for each in skipped.skipped} == {"out of memory"}
    assert lost
    assert vectors.keys() == {each.id for each in corpus} - lost
    assert "do not fit into the memory of cpu (--segment SECONDS" in skipped.skipped[0].detail
    assert done.computed == len(vectors) > 5
    again, _, _ = run(tmp_path / "store", corpus, fake())  # where there is more memory, they are computed
    assert (again.found, again.computed) == (len(vectors), len(lost))


def test_an_error_of_another_kind_is_the_plugins(tmp_path, corpus, fake, run):
    with pytest.raises(PluginBroken, match="ValueError: out of memory"):
        run(tmp_path, corpus, Small(fake(), ValueError("out of memory"), utterances=1))


def test_a_model_for_which_there_is_no_room_is_no_utterances_fault(tmp_path, corpus, run):
    def load(device):
        raise CUDA

    with pytest.raises(PluginBroken, match="load fails: OutOfMemoryError: CUDA out of memory"):
        run(tmp_path, corpus, load)


@pytest.mark.usefixtures("small_batches")
def test_memory_that_runs_out_below_an_error_of_the_plugin_is_memory_that_runs_out(tmp_path, corpus, fake, run):
    error = ValueError("no features")
    error.__cause__ = NUMPY
    load = Small(fake(), error, samples=5_000)
    done, _, skipped = run(tmp_path, corpus, load)
    assert {each.reason for each in skipped.skipped} == {"out of memory"}
    assert done.computed > 5


def test_pieces_for_which_there_is_no_room_are_told(tmp_path, corpus, fake, run):
    with pytest.raises(BadAudio, match=r"out of memory: 0\.\d s do not fit"):
        run(tmp_path, corpus, Small(fake(), samples=10))


def test_batches_for_a_gpu_are_pinned(monkeypatch):
    pinned, seen = [], []

    class Model:
        def extract(self, batch):
            seen.append(batch.samples)
            yield {"frames": Frames(batch.samples[:, None, :1], torch.ones_like(batch.lengths))}

    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda samples: pinned.append(samples) or samples.clone())
    monkeypatch.setattr(models, "_check_device", lambda device: None)
    layer = LayerSpec("frames", 1)
    origin = Origin(source="", licence="", digest="")
    spec = BackboneSpec(sample_rate=16_000, layers=(layer,), origin=origin, load=lambda device: Model())
    given = SimpleNamespace(layers={"frames": Mean().units(layer)}, identity=SimpleNamespace(dtype="float32"))
    waves = [np.ones(20, dtype=np.float32), np.ones(10, dtype=np.float32)]
    for device, count in (("cpu", 0), ("cuda:0", 1)):
        found = Runner(spec, {"frames": Mean()}, given, device, threads=1).run(waves)
        assert found["frames"].tolist() == [[1], [1]]
        assert len(pinned) == count
    assert seen[1] is not pinned[0]
    assert torch.equal(seen[1], pinned[0])


def test_a_gpus_memory_is_given_back_by_what_every_torch_has(monkeypatch):
    """``torch.accelerator`` has no ``empty_cache`` in 2.6, the oldest that is allowed."""
    tried, emptied = [], []

    class Model:
        def extract(self, batch):
            tried.append(len(batch.lengths))
            if len(batch.lengths) > 1:
                raise CUDA
            yield {"frames": Frames(batch.samples[:, None, :1], torch.ones_like(batch.lengths))}

    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda samples: samples)
    monkeypatch.setattr(models, "_check_device", lambda device: None)
    monkeypatch.delattr(torch.accelerator, "empty_cache", raising=False)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: emptied.append(list(tried)))
    layer = LayerSpec("frames", 1)
    origin = Origin(source="", licence="", digest="")
    spec = BackboneSpec(sample_rate=16_000, layers=(layer,), origin=origin, load=lambda device: Model())
    given = SimpleNamespace(layers={"frames": Mean().units(layer)}, identity=SimpleNamespace(dtype="float32"))
    found = Runner(spec, {"frames": Mean()}, given, "cuda:0", threads=1).run([np.ones(20, dtype=np.float32)] * 2)
    assert found["frames"].tolist() == [[1], [1]]
    assert emptied == [[2]]


def test_seconds_at_once_are_limited_whatever_the_threads(tmp_path, corpus, fake, run, monkeypatch):
    asked = {}

    def map_ahead(function, given, threads, weigh, most):
        asked["most"] = most
        for each in given:
            batch, waves = each
            assert weigh(each) == len(batch) * max(map(len, waves)) / 16_000
            yield function(each)

    monkeypatch.setattr(extraction, "map_ahead", map_ahead)
    for number, (about, threads, most) in enumerate(
        [({}, 2, 64), ({}, 4, 80), ({"batch_seconds": 50.0}, 2, 150), ({"streams": True}, 2, float("inf"))]
    ):
        run(tmp_path / str(number), corpus, fake(), threads=threads, about=about)
        assert asked["most"] == most
