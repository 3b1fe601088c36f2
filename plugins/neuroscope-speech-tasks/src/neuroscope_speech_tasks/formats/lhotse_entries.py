"""What the lines of Lhotse's manifests say: recordings, stretches, speakers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neuroscope_speech_tasks.reading.json_lines import text_of

Entry = Mapping[str, Any]
_SAID = ("speaker", "gender", "language")
_OWN = {"id", *_SAID}


class BadEntry(ValueError):
    """An entry that cannot be used; its text says why."""


class LeftOut(Exception):
    """An entry that is no utterance here; its text is the reason that counts are kept by."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording.

    Attributes:
        id: its own.
        sources: the channels of each file, and its path as it is written.
    """

    id: str
    sources: tuple[tuple[tuple[int, ...], str], ...]

    def track(self, channel: int | None) -> tuple[str, int | None]:
        """Find the file that holds a channel: its path, and which of its tracks that is; None = it has no other.

        Args:
            channel: None = not told, which will do where the recording has one alone.

        Raises:
            BadEntry: no file holds it, or it is not told which of several it is.
        """
        every = [each for channels, _ in self.sources for each in channels]
        if channel is None and len(every) > 1:
            raise BadEntry(f"no channel, and recording {self.id} has {len(every)}")
        channel = every[0] if channel is None else channel
        for channels, path in self.sources:
            if channel in channels:
                return path, channels.index(channel) if len(channels) > 1 else None
        raise BadEntry(f"channel {channel} is in no file of recording {self.id}")


def recording_of(entry: object) -> Recording:
    """Read a recording.

    Raises:
        BadEntry: it has no id or no sources, or sources that are no files.
        LeftOut: it is augmented: what its file holds is not what it says.
    """
    if not isinstance(entry, dict):
        raise BadEntry("the recording is no JSON object")
    name, sources = text_in(entry, "id"), entry.get("sources")
    if not name or not isinstance(sources, Sequence) or not sources:
        raise BadEntry(f"recording {name} has no {'sources' if name else 'id'}")
    if entry.get("transforms"):
        raise LeftOut("augmented recording")
    return Recording(name, tuple(_source(each, name) for each in sources))


def _source(entry: object, recording: str) -> tuple[tuple[int, ...], str]:
    if not isinstance(entry, dict):
        raise BadEntry(f"a source of recording {recording} is no JSON object")
    kind, path = text_in(entry, "type"), text_in(entry, "source")
    if kind != "file":
        raise BadEntry(
            f"recording {recording} comes from a {kind} ({path}), which is never run or fetched: write a file of it"
        )
    if not path or "\0" in path:
        raise BadEntry(f"recording {recording} names no file")
    channels = entry.get("channels")
    if not isinstance(channels, Sequence) or not channels or not all(_is_whole(each) for each in channels):
        raise BadEntry(f"recording {recording} has no channels")
    return tuple(channels), path


def stretch_of(entry: Entry) -> tuple[float, float, int | None]:
    """Read where a cut or a supervision begins, how long it is, both in seconds, and its channel; None = not told.

    Raises:
        BadEntry: one of them is none.
        LeftOut: it has several channels.
    """
    start, duration = _seconds(entry, "start"), _seconds(entry, "duration")
    if duration == 0:
        raise BadEntry("duration 0")
    channel = entry.get("channel")
    if channel is None:
        return start, duration, None
    channels = channel if isinstance(channel, list) else [channel]
    if len(channels) > 1:
        raise LeftOut("several channels at once")
    if not channels or not _is_whole(channels[0]):
        raise BadEntry(f"channel {text_of(channel)} is no whole number")
    return start, duration, channels[0]


def _seconds(entry: Entry, name: str) -> float:
    value = entry.get(name)
    try:
        seconds = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except OverflowError:
        seconds = math.inf
    if not math.isfinite(seconds) or seconds < 0:
        raise BadEntry(f"{name} {text_of(value)} is no number of seconds")
    return seconds


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def said_of(supervisions: object) -> dict[str, str]:
    """Read the speaker, gender and language that supervisions say.

    Raises:
        BadEntry: they are no list of objects.
        LeftOut: they say several.
    """
    if not isinstance(supervisions, Sequence) or not all(isinstance(each, dict) for each in supervisions):
        raise BadEntry("supervisions are no list of JSON objects")
    said: dict[str, str] = {}
    for each in supervisions:
        for name in _SAID:
            value = text_in(each, name)
            if value and said.setdefault(name, value) != value:
                raise LeftOut(f"several in one cut: {name}")
    return said


def custom_of(entry: Entry) -> dict[str, str]:
    """Read the texts and numbers that a cut or a supervision holds beside what Lhotse knows.

    Raises:
        BadEntry: ``custom`` is no object.
    """
    custom = entry.get("custom") or {}
    if not isinstance(custom, dict):
        raise BadEntry("custom is no JSON object")
    kept = {key.strip(): text_in(custom, key) for key, value in custom.items() if isinstance(value, str | int | float)}
    return {key: value for key, value in kept.items() if key and value and key not in _OWN}


def text_in(entry: Entry, name: str) -> str:
    """Read a text or a number as a stripped text; empty where there is none.

    Raises:
        BadEntry: it is a list or an object.
    """
    value = entry.get(name)
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, dict | list):
        raise BadEntry(f"{name} is no text")
    return "" if value is None else text_of(value).strip()
