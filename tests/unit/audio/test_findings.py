"""What was strange about audio is told again, for every model, though it is read once."""

import pytest

from neuroscope.audio.findings import FindingRecord
from neuroscope.audio.loudness import CANCELLED, SILENT, TOO_LOUD, Loudness

SILENCE = Loudness(0.0, 0.0)
LOUD = Loudness(-9.0, 9.0)
BOTH = Loudness(-9.0, 9.0, power=0.0, of_tracks=1.0, tracks=2)
ORDINARY = Loudness(-0.5, 0.5)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "findings"


def test_what_was_noted_is_found_by_the_rows_of_utterances_in_their_order(folder):
    record = FindingRecord(folder)
    for row, loudness in {"r0": SILENCE, "r1": ORDINARY, "r2": LOUD, "r3": BOTH, "r4": SILENCE}.items():
        record.note(row, loudness)
    record.keep()
    rows = {"z": "r4", "twin": "r4", "a": "r0", "b": "r1", "c": "r2", "d": "r3", "unread": "r9"}
    expected = {SILENT: ["z", "twin", "a"], CANCELLED: ["d"], TOO_LOUD: ["c", "d"]}
    assert record.found(rows) == FindingRecord(folder).found(rows) == expected
    assert list(record.found(rows)) == [SILENT, CANCELLED, TOO_LOUD]
    assert record.found({"b": "r1"}) == record.found({}) == {}


def test_the_same_finding_twice_is_told_once(folder):
    for _ in range(2):
        record = FindingRecord(folder)
        record.note("r", SILENCE)
        record.keep()
        record.note("r2", SILENCE)
    record.note("r", SILENCE)
    record.keep()
    assert record.found({"u": "r"}) == {SILENT: ["u"]}


def test_nothing_strange_writes_nothing(folder):
    record = FindingRecord(folder)
    record.note("r", ORDINARY)
    record.keep()
    assert not folder.exists()


def test_a_damaged_record_is_done_without(folder):
    record = FindingRecord(folder)
    record.note("r", SILENCE)
    record.keep()
    (segment,) = folder.iterdir()
    segment.write_bytes(segment.read_bytes()[:-1] + b"x")
    assert record.found({"u": "r"}) == {}
    assert not list(folder.iterdir())
