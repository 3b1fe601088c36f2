"""What is told of data: which values are listed, and which audio is short, long, equal or unusable."""

from pathlib import Path

import pytest

from neuroscope import Manifest, Utterance
from neuroscope.audio.files import AudioFile
from neuroscope.audio.findings import FindingRecord
from neuroscope.audio.spans import AudioFiles, locate_all
from neuroscope.data.sources import LoadedData
from neuroscope.description import datasets
from neuroscope.description.counting import utterance_table
from neuroscope.description.datasets import describe_data
from neuroscope.description.facts import Spread, Unusable
from neuroscope.errors import BadAudio


def describe(manifest, files, folder):
    spans = None if files is None else locate_all(manifest.utterances, AudioFiles.of(files))
    facts, rows = describe_data(
        LoadedData("made", manifest), utterance_table(manifest, spans), spans, FindingRecord(folder)
    )
    return facts, [row for each in rows for row in each.to_dicts()]


def with_column(values):
    return Manifest(tuple(Utterance(id=str(n), path=None, tags={"x": value}) for n, value in enumerate(values)))


@pytest.mark.parametrize(
    ("values", "listed"),
    [
        ([f"v{n}" for n in range(20)], True),
        ([f"v{n}" for n in range(21)], False),
        ([f"v{n // 2}" for n in range(60)], True),
        ([f"v{n // 2}" for n in range(60)] + ["another"], False),
    ],
)
def test_values_are_listed_where_they_are_few_or_come_again(values, listed, tmp_path):
    facts, rows = describe(with_column(values), None, tmp_path)
    (column,) = facts.columns
    assert (column.name, column.utterances, column.values) == ("x", len(values), len(set(values)))
    assert column.listed is listed
    assert len([row for row in rows if row["what"] == "column"]) == (len(set(values)) if listed else 0)


def test_very_many_values_are_listed_of_speakers_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "_MANY", 25)
    names = [f"v{n // 2}" for n in range(60)]
    made = Manifest(tuple(Utterance(id=str(n), path=None, speaker=v, tags={"x": v}) for n, v in enumerate(names)))
    facts, _ = describe(made, None, tmp_path)
    assert [(each.name, each.listed) for each in facts.columns] == [("speaker", True), ("x", False)]
    assert facts.per_speaker == Spread(2, 2, 2)


def test_audio_is_told_by_what_its_files_hold(tmp_path):
    made = {
        Path("short.wav"): AudioFile("a", 500, 8_000, 1),
        Path("long.wav"): AudioFile("b", 300 * 16_000 + 1, 16_000, 2),
        Path("one.wav"): AudioFile("c", 8_000, 8_000, 1),
        Path("same.wav"): AudioFile("c", 8_000, 8_000, 1),
        Path("gone.wav"): BadAudio("missing file", "gone.wav"),
        Path("lost.wav"): BadAudio("missing file", "lost.wav"),
        Path("empty.wav"): BadAudio("empty file", "empty.wav"),
    }
    spans = [Utterance(id=f"part {n}", path=Path("one.wav"), start=n / 4, duration=0.25) for n in (1, 2)]
    manifest = Manifest(tuple([*(Utterance(id=str(each), path=each) for each in made), *spans]), warning="made up")
    facts, _ = describe(manifest, made, tmp_path)
    assert facts.rates == {8_000: 5, 16_000: 1}
    assert facts.tracks == {1: 5, 2: 1}
    assert facts.unusable == (
        Unusable(reason="missing file", utterances=2, example="gone.wav"),
        Unusable(reason="empty file", utterances=1, example="empty.wav"),
    )
    assert facts.cautions == (
        "made up",
        "1 utterance is shorter than 0.1 s; e.g. short.wav",
        "1 utterance is longer than 300 s: only models that stream, or a larger --max-duration, take them; --segment "
        "cuts them; e.g. long.wav",
        "1 utterance is the same audio as another; e.g. same.wav as one.wav",
    )
