"""The times of what is said in calls, from transcripts as the LDC writes them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING

from neuroscope_speech_tasks.reading.file_names import stem
from neuroscope_speech_tasks.reading.listing import links_told
from neuroscope_speech_tasks.reading.metadata import Problems, read_lines

if TYPE_CHECKING:
    from pathlib import Path

    from neuroscope_speech_tasks.reading.corpus import Corpus
    from neuroscope_speech_tasks.reading.listing import Listing

Times = list[tuple[float, float]]
_ENDINGS = (".txt", ".scr")
_LINE = re.compile(r"\s*(?P<start>\d+(?:\.\d*)?)\s+(?P<end>\d+(?:\.\d*)?)\s+(?P<side>[AB])\w*:.*")
_HAS_TIMES = re.compile(r"\s*\d+\.\d*\s+\d")
_ENCODING = "latin-1"
"""Any byte is a character of it: times and sides are ASCII, and the words, in whatever script, are not read."""


def read_transcripts(
    corpus: Corpus, listing: Listing, calls: Collection[str], left_out: Counter[str]
) -> dict[str, dict[str, Times]]:
    """Read when which side speaks, from the transcripts of calls.

    Times of one side that go backwards or overlap those before them are counted and left out, as are calls without a
    transcript. Of two transcripts, in Latin and in Arabic letters, one is read: their times are the same.

    Args:
        corpus: what is told where there are no transcripts.
        listing: of all files.
        calls: their names.
        left_out: receives counts.

    Returns:
        call -> side -> start and end in seconds.

    Raises:
        MissingData: no call has a transcript.
        BadManifest: lines that have times cannot be read.
    """
    texts: dict[str, str] = {}
    for path in sorted(listing.names, key=lambda path: ("/roman/" not in path.lower(), path)):
        name, ending = stem(path).lower()[:-4], path[-4:].lower()
        if ending in _ENDINGS and name in calls:
            texts.setdefault(name, path)
    if not texts:
        lacking = "transcripts (LDC97T19: .../roman/ar_XXXX.txt; segments=vad does without)"
        raise corpus.missing(listing.root, lacking + links_told(listing.left_out))
    problems = Problems(str(listing.root))
    found = {name: _read(listing.path(path), problems, left_out) for name, path in sorted(texts.items())}
    problems.check()
    left_out["call without a transcript"] += len(calls) - len(texts)
    return found


def _read(file: Path, problems: Problems, left_out: Counter[str]) -> dict[str, Times]:
    """Read the times of each side, in order; lines without times, comments and longer texts, are counted."""
    sides: dict[str, Times] = {}
    before = len(problems)
    for number, line in read_lines(file, problems, encoding=_ENCODING):
        if match := _LINE.fullmatch(line):
            sides.setdefault(match["side"], []).append((float(match["start"]), float(match["end"])))
        elif _HAS_TIMES.match(line):
            problems.add(file, f"'{line[:60]}' is not: start, end, side (A or B), colon, text", number)
        else:
            left_out["line of a transcript without times"] += 1
    if not sides and len(problems) == before:
        problems.add(file, "it has no line of start, end, side (A or B), colon, text")
    return {side: _in_order(times, left_out) for side, times in sides.items()}


def _in_order(times: Times, left_out: Counter[str]) -> Times:
    kept: Times = []
    for start, end in sorted(times):
        if end <= start:
            left_out["line of a transcript that ends before it begins"] += 1
        elif kept and start < kept[-1][1]:
            left_out["line of a transcript that overlaps the one before it, of the same side"] += 1
        else:
            kept.append((start, end))
    return kept
