"""A manifest becomes vectors: the same bits whatever happened on the way, and nothing twice."""

import subprocess
import sys
import threading
from errno import EROFS
from pathlib import Path

import numpy as np
import polars
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroscope.audio import waveforms
from neuroscope.contracts.audio import Manifest, Utterance
from neuroscope.contracts.backbone import BackboneSpec, Origin
from neuroscope.errors import NeuroscopeError, PluginBroken
from neuroscope.extraction import batching
from neuroscope.extraction import extractor as extraction
from neuroscope.extraction.usable import UsableUtterances

pytestmark = pytest.mark.usefixtures("small_batches")

BATCHES = ("padded", "equal lengths", "alone")
FAKES = Path(__file__).parents[1] / "conftest.py"


def at_batch(number, do):
    def before_batch(now):
        if now == number:
            do()

    return before_batch


def interrupt():
    raise KeyboardInterrupt


def test_vectors_are_those_of_each_utterance_alone(tmp_path, corpus, fake, run):
    load, alone = fake(), fake()
    done, vectors, _ = run(tmp_path / "a", corpus, load)
    _, expected, _ = run(tmp_path / "b", corpus, alone, batchable=False)
    assert (done.found, done.computed, len(load.sizes), max(load.sizes)) == (0, 20, 7, 3)
    assert alone.sizes == [1] * 20
    assert vectors.keys() == expected.keys() == {each.id for each in corpus}
    for name in vectors:
        np.testing.assert_allclose(vectors[name], expected[name], atol=1e-6)


@pytest.mark.parametrize("number", range(7))
def test_interrupted_in_any_batch_the_next_run_does_the_rest_with_the_same_bits(tmp_path, corpus, number, fake, run):
    _, expected, _ = run(tmp_path / "undisturbed", corpus, fake())
    first, second = fake(at_batch(number, interrupt)), fake()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "store", corpus, first)
    done, vectors, _ = run(tmp_path / "store", corpus, second)
    assert vectors == expected
    assert (done.found, done.computed) == (sum(first.sizes), sum(second.sizes)) == (3 * number, 20 - 3 * number)


def test_interrupted_beside_a_file_that_cannot_be_read_the_bits_are_the_same(tmp_path, corpus, fake, run, write):
    write(tmp_path / "bad.wav", np.full(3_100, np.nan))
    manifest = Manifest((*corpus, Utterance(id="bad", path=tmp_path / "bad.wav")))
    _, expected, _ = run(tmp_path / "undisturbed", manifest, fake())
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "store", manifest, fake(at_batch(3, interrupt)))
    _, vectors, skipped = run(tmp_path / "store", manifest, fake())
    assert vectors == expected
    assert [each.utterance for each in skipped.skipped] == ["bad"]


@pytest.mark.parametrize("when", ["computing", "writing"])
def test_killed_the_next_run_does_the_open_shard_again_with_the_same_bits(tmp_path, corpus, when, fake, run):
    _, expected, _ = run(tmp_path / "undisturbed", corpus, fake())
    code = "import runpy, sys, pathlib; runpy.run_path(sys.argv[1])['killed'](pathlib.Path(sys.argv[2]), sys.argv[3])"
    assert subprocess.run([sys.executable, "-c", code, str(FAKES), str(tmp_path), when], check=False).returncode == -9
    done, vectors, _ = run(tmp_path / "store", corpus, fake())
    assert vectors == expected
    assert (done.found, done.computed) == (6, 14)


def test_the_second_run_opens_no_audio_and_loads_no_torch(tmp_path, corpus, fake, run):
    run(tmp_path / "store", corpus, fake())
    code = "import runpy, sys, pathlib; assert runpy.run_path(sys.argv[1])['again'](pathlib.Path(sys.argv[2]))"
    subprocess.run([sys.executable, "-c", code, str(FAKES), str(tmp_path)], check=True)


def test_a_model_that_raises_leaves_the_batches_that_were_whole(tmp_path, corpus, fake, run):
    def fail():
        raise RuntimeError("in the model")

    with pytest.raises(PluginBroken, match=r"extract fails: RuntimeError: in the model \(.*test_extractor.py, line"):
        run(tmp_path / "store", corpus, fake(at_batch(5, fail)))
    done, _, _ = run(tmp_path / "store", corpus, fake())
    assert (done.found, done.computed) == (15, 5)
    assert not list((tmp_path / "store").rglob("*.partial"))


def test_an_error_of_the_model_is_told_also_when_the_store_cannot_be_written(tmp_path, corpus, fake, run):
    def fill_the_disk_and_fail():
        (tmp_path / "store" / "representations").write_text("a file where the folder should be")
        raise RuntimeError("in the model")

    with pytest.raises(PluginBroken, match="in the model"):
        run(tmp_path / "store", corpus, fake(at_batch(1, fill_the_disk_and_fail)))
    with pytest.raises(NeuroscopeError, match="cannot write"):
        run(tmp_path / "store", corpus, fake())


def test_a_store_that_cannot_be_written_is_told_before_the_model_is_loaded(tmp_path, corpus, fake, run, monkeypatch):
    def refuse(path):
        raise OSError(EROFS, "Read-only file system")

    def load(device):
        pytest.fail("the model was loaded")

    with monkeypatch.context() as patch:
        patch.setattr("neuroscope.store.disk.write_on_trial", refuse)
        with pytest.raises(NeuroscopeError, match=r"cannot write to the store .*: Read-only file system"):
            run(tmp_path / "store", corpus, load)
    run(tmp_path / "store", corpus, fake())
    monkeypatch.setattr("neuroscope.store.disk.write_on_trial", refuse)
    done, _, _ = run(tmp_path / "store", corpus, load)  # what is there is found
    assert done.found == 20


def test_reading_that_is_interrupted_leaves_whole_batches_and_no_thread(tmp_path, corpus, monkeypatch, fake, run):
    read, before = waveforms.listen, threading.active_count()

    def read_until(path, *rest):
        if path.stem == "1":
            raise KeyboardInterrupt
        return read(path, *rest)

    monkeypatch.setattr(waveforms, "listen", read_until)
    first = fake()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "store", corpus, first)
    assert threading.active_count() == before
    monkeypatch.undo()
    done, _, _ = run(tmp_path / "store", corpus, fake())
    assert done.found == sum(first.sizes) > 0


def test_reading_runs_ahead_of_the_model_by_no_more_than_it_may(tmp_path, corpus, monkeypatch, fake, run):
    read, started, ahead = waveforms.listen, [], []

    def counted_read(path, span, rate):
        started.append(span.samples_at(rate))
        return read(path, span, rate)

    load = fake(lambda number: ahead.append(sum(started) - sum(sorted(started, reverse=True)[: 3 * (number + 1)])))
    with monkeypatch.context() as patch:  # undone before the small batches are
        patch.setattr(waveforms, "listen", counted_read)
        patch.setattr(batching, "SHARD_ROWS", 100)
        patch.setattr(extraction, "AHEAD_SECONDS", 1.5)
        run(tmp_path / "store", corpus, load)
    assert max(ahead) <= 1.5 * 16_000
    assert len(started) == 20


def test_equal_samples_are_computed_once_and_fail_together(tmp_path, fake, run, write):
    wave = 0.1 * np.random.default_rng(0).standard_normal(2_000)
    for name in ("a", "same"):
        write(tmp_path / f"{name}.wav", wave)
    write(tmp_path / "nan.wav", np.full(2_000, np.nan))
    paths = {"u0": "a", "u1": "same", "u2": "nan", "u3": "nan"}
    manifest = Manifest(tuple(Utterance(id=name, path=tmp_path / f"{path}.wav") for name, path in paths.items()))
    load = fake()
    for found, computed in [(0, 1), (1, 0)]:
        done, vectors, skipped = run(tmp_path / "store", manifest, load)
        assert (done.found, done.computed) == (found, computed)
        assert vectors["u0"] == vectors["u1"]
        assert [each.utterance for each in skipped.skipped] == ["u2", "u3"]
    assert load.sizes == [1]


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 3)), max_size=60), st.sampled_from(BATCHES), st.randoms())
def test_the_plan_is_sorted_and_bounded_and_the_same_for_any_order(lengths, allowed, random):
    origin = Origin(source="", licence="", digest="")
    spec = BackboneSpec(sample_rate=16_000, layers=(), origin=origin, load=None)

    def planned(lengths):
        samples = np.array([16_000 * seconds for seconds, _ in lengths], dtype=np.int64)
        rows = [f"{digest}:0-{16_000 * seconds}:m" for seconds, digest in lengths]
        corpus = UsableUtterances((), None, np.arange(len(rows)), samples, polars.Series(rows, dtype=polars.String))
        shards = batching.wanted_shards(corpus, spec, "cuda", 1, np.ones(len(rows), dtype=bool), allowed)
        return [[(int(samples[place]), rows[place]) for place in batch] for shard in shards for batch in shard]

    batches = planned(lengths)
    assert batches == planned(random.sample(lengths, len(lengths)))
    flat = [each for batch in batches for each in batch]
    assert {row for _, row in flat} == {f"{digest}:0-{16_000 * seconds}:m" for seconds, digest in lengths}
    assert flat == sorted(set(flat), key=lambda each: (-each[0], each[1]))
    for batch in batches:
        assert len(batch) <= (1 if allowed == "alone" else 3)
        assert allowed != "equal lengths" or batch[0][0] == batch[-1][0]
        assert len(batch) == 1 or len(batch) * batch[0][0] <= batching.BATCH_SECONDS * 16_000


def test_a_row_is_a_span_whatever_utterances_call_it(tmp_path, fake, run, write):
    noise = 0.1 * np.random.default_rng(0).standard_normal(16_000)
    write(tmp_path / "long.wav", noise)
    write(tmp_path / "middle.wav", noise[4_000:8_000])

    def spoken(name, start, duration):
        return Utterance(id=name, path=tmp_path / "long.wav", start=start, duration=duration)

    spans = [spoken("whole", 0, 1), spoken("middle", 0.25, 0.25), spoken("overlapping", 0.25, 0.5)]
    manifest = Manifest((*spans, spoken("again", 0.25, 0.25)))
    done, vectors, _ = run(tmp_path / "store", manifest, fake())
    assert (done.computed, len(set(done.rows.values()))) == (3, 3)
    assert done.rows["middle"] == done.rows["again"]
    own, as_a_file, _ = run(tmp_path / "other", Manifest((Utterance(id="x", path=tmp_path / "middle.wav"),)), fake())
    assert own.rows["x"] != done.rows["middle"]
    np.testing.assert_allclose(as_a_file["x"], vectors["middle"], atol=1e-6)
