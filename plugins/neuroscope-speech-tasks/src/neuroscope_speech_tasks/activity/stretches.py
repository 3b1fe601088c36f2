"""Stretches of speech, from the probability of speech in each chunk of a track."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

METHOD = "1"
"""Version of how stretches are made of probabilities; what is kept on disk is found by it."""


class Stretch(NamedTuple):
    """A stretch of speech: seconds from the beginning of the recording, to 0.01."""

    start: float
    end: float


class Settings(NamedTuple):
    """How stretches are made, as silero-vad makes them by default, but for the longest: seconds and probabilities.

    Attributes:
        longest: longer stretches are cut where speech is least probable.
        begin: speech begins with a chunk of at least this probability,
        end: and ends with one below this, where none begins it again within the silence.
        silence: what is shorter is no silence.
        speech: what is not longer is no speech.
        pad: is added before and behind.
    """

    longest: float
    begin: float = 0.5
    end: float = 0.35
    silence: float = 0.1
    speech: float = 0.25
    pad: float = 0.03


def find_stretches(probabilities: Sequence[float], chunk: float, seconds: float, settings: Settings) -> list[Stretch]:
    """Find the stretches of speech of a track.

    Args:
        probabilities: of speech, of each chunk.
        chunk: seconds of each chunk.
        seconds: of the track; the last chunk may reach beyond.
        settings: how they are made.
    """
    most = max(1, int((settings.longest - 2 * settings.pad) / chunk))
    whole = int(seconds * 100) / 100
    found = []
    for first, last in _runs(probabilities, chunk, settings):
        if (min(last * chunk, seconds) - first * chunk) <= settings.speech:
            continue
        borders = [first, *_cuts(probabilities, first, last, most), last]
        times = [border * chunk for border in borders]
        times[0], times[-1] = max(0.0, times[0] - settings.pad), times[-1] + settings.pad
        rounded = [min(round(time, 2), whole) for time in times]
        found += [Stretch(*pair) for pair in pairwise(rounded)]
    return found


def _runs(probabilities: Sequence[float], chunk: float, settings: Settings) -> Iterator[tuple[int, int]]:
    """Yield the first chunk of each run of speech and the one behind its last."""
    first = quiet = None
    for number, probability in enumerate(probabilities):
        if probability >= settings.begin:
            first, quiet = number if first is None else first, None
        elif first is not None and probability < settings.end:
            quiet = number if quiet is None else quiet
            if (number - quiet) * chunk >= settings.silence:
                yield first, quiet
                first = quiet = None
    if first is not None:
        yield first, len(probabilities)


def _cuts(probabilities: Sequence[float], first: int, last: int, most: int) -> list[int]:
    """Choose the chunks that a run is cut before, from its beginning on, so that no part has more than ``most``.

    Each cut is where speech is least probable, but leaves at least a quarter of ``most`` on both sides.
    """
    cuts, quarter = [], max(1, most // 4)
    while last - first > most:
        allowed = range(first + quarter, min(first + most, last - quarter) + 1)
        first = min(allowed, key=probabilities.__getitem__)
        cuts.append(first)
    return cuts
