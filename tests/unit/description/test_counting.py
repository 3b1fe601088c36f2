"""Amounts of utterances: in columns, exact, with what is not known left out."""

from pathlib import Path

import numpy as np
import polars
import pytest

from neuroscope import Manifest, Utterance
from neuroscope.audio.files import AudioFile
from neuroscope.audio.spans import AudioFiles, locate_all
from neuroscope.description.counting import amount_of, counted_by, seconds_of, utterance_table, values_of
from neuroscope.description.facts import Amount
from neuroscope.errors import BadAudio

FILES = AudioFiles.of(
    {
        Path("a.wav"): AudioFile("a", 16_000, 16_000, 1),
        Path("b.wav"): AudioFile("b", 4_000, 8_000, 2),
        Path("gone.wav"): BadAudio("missing file", "gone.wav"),
    }
)
MANIFEST = Manifest(
    (
        Utterance(id="1", path=Path("a.wav"), speaker="x", tags={"recording": "r", "room": "hall"}),
        Utterance(id="2", path=Path("a.wav"), start=0.25, duration=0.5, speaker="y", tags={"recording": "r"}),
        Utterance(id="3", path=Path("b.wav"), tags={"room": "hall"}),
        Utterance(id="4", path=Path("gone.wav"), speaker="x", tags={"room": "booth"}),
    )
)


@pytest.fixture
def table():
    return utterance_table(MANIFEST, locate_all(MANIFEST.utterances, FILES))


def test_lengths_are_of_the_spans_and_null_where_there_is_none(table):
    assert seconds_of(table).to_list() == [1.0, 0.5, 0.5, None]
    assert table["speaker"].to_list() == ["x", "y", None, "x"]


def test_all_and_each_value_are_counted(table):
    assert amount_of(table) == Amount(utterances=4, minutes=2 / 60, speakers=2, recordings=1)
    rooms = counted_by(table.with_columns(values_of(MANIFEST, "room")), "room")
    assert rooms.rows() == [("booth", 1, None, 1, 0), ("hall", 2, 1.5 / 60, 1, 1)]


def test_without_audio_no_minutes_are_known():
    assert amount_of(utterance_table(MANIFEST, None)) == Amount(utterances=4, minutes=None, speakers=2, recordings=1)


def test_of_nothing_there_is_nothing():
    assert amount_of(utterance_table(Manifest(()), None)).utterances == 0


def test_the_order_of_the_rows_does_not_change_the_last_bit():
    lengths = np.random.default_rng(0).integers(1, 10**6, 1_000)
    table = polars.DataFrame(
        {"id": "", "speaker": None, "recording": None, "microseconds": lengths, "of": lengths % 2},
        schema_overrides={"speaker": polars.String, "recording": polars.String},
    )
    assert counted_by(table, "of").equals(counted_by(table.reverse(), "of"))
