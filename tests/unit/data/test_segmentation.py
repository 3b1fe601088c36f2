"""Long recordings become utterances: nothing is lost, nothing comes twice."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroscope.audio.files import AudioFile
from neuroscope.audio.index import examine_all
from neuroscope.audio.spans import AudioFiles, locate
from neuroscope.contracts.audio import Manifest, Utterance
from neuroscope.data.segmentation import cut, segmented
from neuroscope.data.sources import LoadedData
from neuroscope.errors import BadAudio, BadManifest, BadOption


def recording(path, **more):
    return Utterance(id="talk", path=path, speaker="s", tags={"gender": "f"}, **more)


def cut_of(utterance, frames, seconds, rate=16_000):
    files = AudioFiles.of({utterance.path: AudioFile("d", frames, rate, 1)})
    manifest, *counts = segmented(Manifest((utterance,)), seconds, files)
    return manifest.utterances, counts, files[utterance.path]


@given(st.integers(1, 2_000_000), st.floats(0.1, 40), st.sampled_from([8_000, 11_025, 16_000, 44_100]))
def test_segments_follow_one_another_from_the_first_sample_to_the_last(tmp_path_factory, frames, seconds, rate):
    parts, _, file = cut_of(recording(tmp_path_factory.getbasetemp()), frames, seconds, rate)
    spans = [locate(each, file) for each in parts]
    assert (spans[0].first, spans[-1].last) == (0, frames)
    assert all(one.last == two.first for one, two in pairwise(spans))
    length = round(seconds * rate)
    assert all(one.last - one.first == length for one in spans[:-1])
    last = spans[-1].last - spans[-1].first
    assert len(parts) == 1 or length <= 2 * last + 1 < 3 * length + 2
    assert len({each.id for each in parts}) == len(parts)


def test_ids_tags_and_counts(tmp_path):
    parts, counts, _ = cut_of(recording(tmp_path, start=2.0, duration=8.4), 16_000 * 60, 2.5)
    assert [each.id for each in parts] == ["talk#2", "talk#4.5", "talk#7"]
    assert [each.duration for each in parts] == [2.5, 2.5, pytest.approx(3.4)]
    assert {(each.speaker, each.tags["gender"], each.tags["recording"]) for each in parts} == {("s", "f", "talk")}
    assert counts == [1, 3]


def test_what_is_short_or_cannot_be_used_stays_as_it_is(tmp_path):
    short = recording(tmp_path)
    assert cut_of(short, 16_000 * 14, 10)[:2] == ((short,), [0, 0])
    late = replace(short, start=99.0)
    assert cut_of(late, 16_000, 0.1)[0] == (late,)
    broken = segmented(Manifest((short,)), 1.0, AudioFiles.of({tmp_path: BadAudio("damaged", "x")}))
    assert broken[0].utterances == (short,)


def test_an_id_that_a_segment_would_get_is_told(tmp_path):
    taken = replace(recording(tmp_path), id="talk#0", duration=1.0)
    files = AudioFiles.of({tmp_path: AudioFile("d", 160_000, 16_000, 1)})
    with pytest.raises(BadManifest, match="clash"):
        segmented(Manifest((recording(tmp_path), taken)), 1.0, files)


@pytest.mark.parametrize("seconds", [0, -1, 0.01, float("nan"), float("inf")])
def test_a_length_that_no_segment_has_is_refused(tmp_path, seconds):
    with pytest.raises(BadOption, match="--segment"):
        cut(LoadedData("x", Manifest(())), seconds, AudioFiles.of({}))


def test_segments_of_a_file_are_rows_of_their_own(tmp_path, fake, run, write):
    write(tmp_path / "long.wav", 0.1 * np.random.default_rng(0).standard_normal(16_000 * 3))
    manifest = Manifest((recording(tmp_path / "long.wav"),))
    loaded = cut(LoadedData("x", manifest), 1.0, examine_all(tmp_path / "audio", [tmp_path / "long.wav"]))
    assert loaded.segmented == "1 of 1 utterances cut into 3 segments of 1 s"
    done, vectors, _ = run(tmp_path / "store", loaded.manifest, fake())
    assert (done.computed, sorted(vectors)) == (3, ["talk#0", "talk#1", "talk#2"])
    _, whole, _ = run(tmp_path / "whole", manifest, fake())
    means = np.mean([each[:2] for each in vectors.values()], axis=0)
    np.testing.assert_allclose(means, whole["talk"][:2], atol=1e-6)
