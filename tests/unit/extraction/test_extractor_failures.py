"""What cannot be extracted is told with its reason, and takes nothing else with it."""

import numpy as np
import pytest

from neuroscope.contracts.audio import Manifest, Utterance
from neuroscope.contracts.backbone import Frames
from neuroscope.errors import TooManyFailures

pytestmark = pytest.mark.usefixtures("small_batches")


def test_what_cannot_be_used_is_skipped_with_its_reason_and_the_rest_is_there(tmp_path, corpus, fake, run, write):
    write(tmp_path / "short.wav", np.zeros(99))
    write(tmp_path / "enough.wav", np.zeros(100))
    (tmp_path / "text.wav").write_text("text")
    bad = {"short": "too short", "text": "not audio, or damaged", "missing": "missing file"}
    more = [Utterance(id=name, path=tmp_path / f"{name}.wav") for name in [*bad, "enough"]]
    manifest = Manifest((*corpus, *more, Utterance(id="pathless", path=None)))
    _, vectors, skipped = run(tmp_path / "store", manifest, fake())
    assert vectors.keys() == {each.id for each in corpus} | {"enough"}
    assert {each.utterance: each.reason for each in skipped.skipped} == bad | {"pathless": "no path"}


def large(block):
    return block | {"frames": Frames(block["frames"].values * 1e6, block["frames"].lengths)}


@pytest.mark.parametrize(("dtype", "kept"), [("float32", 20), ("float16", 0)])
def test_what_the_type_of_the_store_cannot_hold_is_no_vector(tmp_path, corpus, dtype, kept, fake, run):
    _, vectors, skipped = run(tmp_path / "store", corpus, fake(spoil=large), dtype=dtype)
    assert len(vectors) == kept
    assert [each.reason for each in skipped.skipped] == ["output that is not finite"] * (20 - kept)


def spoil_one(block):
    values = block["frames"].values.clone()
    values[1] = float("inf")
    return block | {"frames": Frames(values, block["frames"].lengths)}


def test_a_vector_that_is_not_finite_takes_no_neighbour_with_it(tmp_path, corpus, fake, run):
    _, expected, _ = run(tmp_path / "undisturbed", corpus, fake())
    done, vectors, skipped = run(tmp_path / "store", corpus, fake(spoil=spoil_one))
    assert (done.computed, len(skipped.skipped)) == (13, 7)
    assert vectors == {name: expected[name] for name in vectors}


def test_too_many_failures_stop_the_work_and_keep_what_is_done(tmp_path, corpus, fake, run):
    load = fake(spoil=spoil_one)
    with pytest.raises(TooManyFailures, match="not finite"):
        run(tmp_path / "store", corpus, load, max_errors=0.05)
    assert load.sizes == [3, 3]
    done, _, _ = run(tmp_path / "store", corpus, fake())
    assert done.found == 4


def test_under_fail_the_first_failure_stops_before_the_model_runs_on(tmp_path, corpus, fake, run):
    corpus.utterances[0].path.write_text("text")
    load = fake()
    with pytest.raises(TooManyFailures, match="u0"):
        run(tmp_path / "store", corpus, load, on_error="fail")
    assert load.sizes == []


def test_a_recording_that_is_too_long_for_the_model_is_refused_unless_it_streams(tmp_path, corpus, fake, run):
    limit = {"max_duration": 3_000 / 16_000}
    _, vectors, skipped = run(tmp_path / "a", corpus, fake(), **limit)
    assert {each.reason for each in skipped.skipped} == {"too long"}
    assert "--segment" in skipped.skipped[0].detail
    assert 0 < len(vectors) < 20
    _, vectors, skipped = run(tmp_path / "b", corpus, fake(), about={"streams": True}, **limit)
    assert (len(vectors), skipped.skipped) == (20, [])
