"""The columns of a manifest that say which stretch and which track of a file is meant, under our names and others."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from neuroscope import Utterance

if TYPE_CHECKING:
    from neuroscope_speech_tasks.reading.metadata import Row

TRACK = "audio_channel"
_MEANS = {
    "start": "where the stretch begins, in seconds",
    "end": "where it ends, in seconds",
    "duration": "how long it is, in seconds",
    TRACK: "the number of the file's track, from 0",
}
_OURS = {"start", "duration", TRACK}
_WORDS = {"start": {"start", "begin", "offset"}, "end": {"end", "stop"}, "duration": {"duration", "dur"}}
_BESIDE = {"time", "s", "sec", "secs", "second", "seconds", "in", "segment", "utterance", "utt", "clip", "audio"}
_OTHER_UNITS = {"ms", "msec", "millis", "millisecond", "milliseconds", "us", "min", "minutes"}
_OTHER_UNITS |= {"sample", "samples", "frame", "frames", "byte", "bytes"}
_LENGTHS = {"length", "len"}
_TRACK_WORDS = {"channel", "audio", "id", "index", "idx", "number", "no", "num"}
_UNCLEAR, _LENGTH = "unclear", "length"
_ROUNDED = 0.0101
"""Seconds by which ``end`` may differ from ``start`` + ``duration``: each of them may be rounded."""


class Stretch(NamedTuple):
    """A stretch of a file: seconds from its beginning, seconds (None = to the end), track (None = the mean of all)."""

    start: float
    duration: float | None
    channel: int | None


class BadCell(ValueError):
    """A cell that cannot be what its column says."""


class StretchColumns:
    """The columns of one manifest that say which stretch of a file is meant.

    Args:
        rows: the cells of each row that are not empty, by the names of their columns.
        ours: whether neuroscope wrote the table: then our names alone are meant, and columns of like names are tags.

    Attributes:
        problems: why the columns cannot be used; nothing may be read then.
        names: meaning (``start``, ``end``, ``duration``, ``audio_channel``) -> the column's name.
    """

    def __init__(self, rows: Iterable[Row], *, ours: bool = False) -> None:
        rows = list(rows)
        found: dict[str, list[str]] = {}
        for name in dict.fromkeys(name for row in rows for name in row):
            if meaning := (name if name in _OURS else "") if ours else _meaning(name):
                found.setdefault(meaning, []).append(name)
        lengths = found.pop(_LENGTH, [])
        if "start" not in found or {"end", "duration"} & found.keys():
            lengths = []  # of a text, as likely
        self.problems = [_about_unit(name) for name in (*found.pop(_UNCLEAR, ()), *lengths)]
        self.problems += [_about_several(meaning, names) for meaning, names in found.items() if len(names) > 1]
        self.names = {meaning: names[0] for meaning, names in found.items()}
        if (track := self.names.get(TRACK, TRACK)) != TRACK and not self.problems:
            self.problems += _problems_with_track(track, {row[track] for row in rows if track in row})

    @property
    def warning(self) -> str:
        """What was taken under another name than ours, for people; empty = nothing."""
        others = [f"'{name}' as '{meaning}'" for meaning, name in self.names.items() if name != meaning]
        return f"columns are read by what they mean: {', '.join(others)}" if others else ""

    def read(self, row: Row) -> Stretch:
        """Read the stretch of a row.

        Raises:
            BadCell: a cell is no number of seconds or no track, or the cells contradict each other.
        """
        start, end, duration = (self._seconds(row, meaning) for meaning in ("start", "end", "duration"))
        begin = start or 0.0
        if end is not None and end <= begin:
            raise BadCell(f"{self.names['end']} {end:g} is not behind the start, {begin:g}")
        if end is not None and duration is not None and abs(begin + duration - end) > _ROUNDED:
            raise BadCell(f"{self.names['end']} {end:g} is not the start, {begin:g}, with {duration:g} s of duration")
        if end is not None and duration is None:
            duration = end - begin
        return Stretch(begin, duration, self._track(row))

    def utterance(self, row: Row, path: Path | None, *, id_: str, speaker: str, others: Collection[str]) -> Utterance:
        """Make the utterance of a row: columns that mean something of their own are no tags.

        Args:
            row: its cells.
            path: of its file.
            id_: where it has none, with its stretch behind it.
            speaker: the speaker's column; empty = there is none.
            others: columns that are no tags, beside ``id``, the speaker's, and those of stretch and track.

        Raises:
            BadCell: it cannot be used.
        """
        stretch, taken = self.read(row), {"id", speaker, *others, *self.names.values()}
        return Utterance(
            id=row.get("id", f"{id_}{self.text(row)}"),
            path=path,
            start=stretch.start,
            duration=stretch.duration,
            audio_channel=stretch.channel,
            speaker=row.get(speaker),
            tags={key: value for key, value in row.items() if key not in taken},
        )

    def text(self, row: Row) -> str:
        """Name the stretch of a row as it is written; empty where it is the whole file."""
        start, end, duration, track = (row.get(self.names.get(meaning, ""), "") for meaning in _MEANS)
        parts = (start, duration or (f"..{end}" if end else ""), track)
        return f"#{','.join(parts)}" if any(parts) else ""

    def _seconds(self, row: Row, meaning: str) -> float | None:
        name = self.names.get(meaning, "")
        if name not in row:
            return None
        try:
            seconds = float(row[name])
        except ValueError:
            seconds = math.nan
        if not math.isfinite(seconds) or seconds < 0 or (meaning == "duration" and not seconds):
            raise BadCell(f"{name} {row[name]} is no number of seconds{_as(name, meaning)}")
        return seconds

    def _track(self, row: Row) -> int | None:
        name = self.names.get(TRACK, "")
        if name not in row:
            return None
        if not re.fullmatch(r"[0-9]{1,100}(\.0+)?", row[name]):
            raise BadCell(f"{name} {row[name]} is no whole number from 0{_as(name, TRACK)}")
        return int(row[name].partition(".")[0])


def _meaning(name: str) -> str:
    """What a column says by its name; ``unclear`` where that is a stretch in another unit; empty = something else.

    A ``length`` may be that of a stretch, in any unit.
    """
    words = set(re.sub(r"[\W_]+|(?<=[a-z])(?=[A-Z])", " ", name).casefold().split())
    if "channel" in words:
        return TRACK if {"channel"} < words <= _TRACK_WORDS else ""
    if words & (_WORDS["start"] | _WORDS["end"]) - {"offset"}:
        words -= {"offset"}  # as in start_offset and end_offset
    if words & _LENGTHS and words <= _LENGTHS | _BESIDE | _OTHER_UNITS:
        return _LENGTH
    meanings = [meaning for meaning, said in _WORDS.items() if said & words]
    if len(meanings) != 1:
        return ""
    more = words - _WORDS[meanings[0]] - _BESIDE
    if not more:
        return meanings[0]
    return _UNCLEAR if more <= _OTHER_UNITS else ""


def _as(name: str, meaning: str) -> str:
    return "" if name == meaning else f": it is read as '{meaning}'; another meaning needs another name"


def _about_unit(name: str) -> str:
    return (
        f"column '{name}': stretches are read from 'start' with 'end' or 'duration', in seconds; write it so, or give "
        "the column another name"
    )


def _about_several(meaning: str, names: Sequence[str]) -> str:
    return (
        f"columns {', '.join(map(repr, names))} may each be '{meaning}' ({_MEANS[meaning]}): keep the one that is, "
        "and give the others other names"
    )


def _problems_with_track(name: str, values: set[str]) -> list[str]:
    if "0" in values and all(re.fullmatch("[0-9]{1,6}", value) for value in values):
        return []
    return [
        f"column '{name}' holds {', '.join(sorted(values)[:5])}: name it '{TRACK}' if it is the file's track "
        f"({_MEANS[TRACK]}), else give it another name"
    ]
