"""Draw some utterances of each class, so that a large corpus need not be run whole."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from neuroscope.errors import BadOption

if TYPE_CHECKING:
    from neuroscope.contracts.audio import Utterance
    from neuroscope.contracts.task import Subsample

Lengths = Callable[[Sequence["Utterance"]], Sequence[float | None]]
"""Finds how many seconds each utterance lasts; None = that cannot be found."""

_AT_ONCE = 256
"""Utterances whose lengths are asked for together at first, then twice as many; some more are looked at than drawn."""


def subsample(
    utterances: Sequence[Utterance], strata: Sequence[tuple[str, str]], wanted: Subsample, lengths: Lengths
) -> list[int]:
    """Draw utterances.

    An utterance whose length cannot be found is drawn without counting; the extraction says why it cannot be used.

    Args:
        utterances: to draw from.
        strata: class and part of each.
        wanted: how many of each stratum.
        lengths: asked only for as many utterances as ``wanted.hours`` takes.

    Returns:
        Numbers of the drawn ones, ascending.

    Raises:
        BadOption: nothing can be drawn by ``wanted``, or hours are wanted and no length is known.
    """
    check(wanted)
    members: dict[tuple[str, str], list[int]] = {}
    for number in order_of_draw([each.id for each in utterances], wanted.seed):
        members.setdefault(strata[number], []).append(number)
    drawn = {stratum: numbers[: wanted.limit] for stratum, numbers in members.items()}
    if wanted.hours is not None:
        for stratum, numbers in drawn.items():
            drawn[stratum] = within(wanted.hours, [utterances[n] for n in numbers], numbers, lengths)
    if wanted.balanced:
        least: dict[str, int] = {}
        for (_, part), numbers in drawn.items():
            least[part] = min(len(numbers), least.get(part, len(numbers)))
        drawn = {(name, part): numbers[: least[part]] for (name, part), numbers in drawn.items()}
    return sorted(number for numbers in drawn.values() for number in numbers)


def check(wanted: Subsample) -> None:
    """Raise BadOption if nothing can be drawn."""
    if wanted.limit is not None and wanted.limit < 1:
        raise BadOption(f"limit={wanted.limit}: expected 1 or more utterances of each class, or none for all")
    if wanted.hours is not None and not 0 < wanted.hours < float("inf"):
        raise BadOption(f"hours={wanted.hours:g}: expected more than 0 hours of each class, or none for all")
    if wanted.seed < 0:
        raise BadOption(f"seed={wanted.seed}: expected 0 or more")


def order_of_draw(ids: Sequence[str], seed: int) -> list[int]:
    """Order utterances at random: by a digest of the seed and the id, whatever else is there and in whatever order."""
    digests = [hashlib.blake2b(f"{seed}\0{id}".encode(), digest_size=16).digest() for id in ids]
    return sorted(range(len(ids)), key=digests.__getitem__)


def within(hours: float, utterances: Sequence[Utterance], numbers: Sequence[int], lengths: Lengths) -> list[int]:
    """Take utterances one after the other until they last so many hours; return the numbers of those taken.

    Raises:
        BadOption: no length of any of them can be found.
    """
    seconds, known, first, count = 3600 * hours, False, 0, _AT_ONCE
    while first < len(numbers):
        for place, length in enumerate(lengths(utterances[first : first + count]), start=first):
            known = known or length is not None
            seconds -= length or 0.0
            if seconds <= 0:
                return list(numbers[: place + 1])
        first, count = first + count, 2 * count
    if not known:
        raise BadOption(
            f"hours={hours:g}: nothing says how long the utterances are, e.g. {utterances[0].id}; use limit="
        )
    return list(numbers)


def told_lengths(utterances: Sequence[Utterance]) -> list[float | None]:
    """Return the seconds that a manifest says each utterance lasts; None = it does not say."""
    return [_told_length(each) for each in utterances]


def _told_length(utterance: Utterance) -> float | None:
    if utterance.duration is not None:
        return utterance.duration
    try:
        seconds = float(utterance.tags.get("seconds", ""))
    except ValueError:
        return None
    return seconds if 0 < seconds < float("inf") else None


def said(wanted: Subsample) -> str:
    """Say what was wanted, as options: ``limit=100, seed=1``."""
    parts = [f"limit={wanted.limit}"] if wanted.limit is not None else []
    parts += [f"hours={wanted.hours:g}"] if wanted.hours is not None else []
    parts += ["as many of each class"] if wanted.balanced else []
    return ", ".join([*parts, f"seed={wanted.seed}"])
