"""Make trials of a manifest's utterances: as many target as non-target pairs, alike in what a column says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import isqrt
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.contracts.audio import Trial
from neuroscope.contracts.task import Subsample
from neuroscope.data.subsampling import check, order_of_draw, told_lengths
from neuroscope.errors import BadManifest, BadOption

if TYPE_CHECKING:
    from neuroscope.contracts.audio import Manifest, Utterance

_CLIP = 5.0
"""Seconds that a clip of Common Voice lasts, about."""

_Speakers = Mapping[str, Sequence[str]]
"""Speaker -> ids of the utterances."""


def make_trials(
    manifest: Manifest, *, each: int, alike: Sequence[str] = ("gender", "language"), seed: int = 0
) -> tuple[Trial, ...]:
    """Draw target trials (two utterances of one speaker) and as many non-target ones (of two speakers).

    Both utterances of a trial agree in the columns ``alike``, and every set of utterances that do has as many trials of
    one kind as of the other: neither gender nor language tells the answer. Pairs are shared out over speakers, and over
    pairs of speakers, as evenly as their utterances allow.

    Args:
        manifest: utterances without a speaker are in no trial, nor are those without a value in a column of ``alike``
            that other utterances have one in.
        each: trials of each kind, about; shared out over the sets by their number of utterances, and fewer where there
            are no more.
        alike: columns; one that no utterance has a value in is passed over.
        seed: the same seed and manifest, the same trials.

    Returns:
        Target and non-target trials of one set after the other, in the order of the sets' names.

    Raises:
        BadOption: less than one trial is asked for.
        BadManifest: no set has a speaker with two utterances, and another speaker.
    """
    if each < 1:
        raise BadOption(f"{each} trials of each kind: expected 1 or more")
    sets = _sets(manifest, [column for column in alike if column in manifest.columns])
    rng = np.random.default_rng([seed, 0x7121A15])
    quotas = _quotas(each, list(sets.values()))
    made: list[Trial] = []
    for speakers, quota in zip(sets.values(), quotas, strict=True):
        made += _draw(speakers, quota, rng)
    if not made:
        known = sum(utterance.speaker is not None for utterance in manifest)
        raise BadManifest(
            manifest.source,
            [
                f"no trials can be made of {len(manifest)} utterances, {known} of which have a speaker: that takes two "
                f"speakers who agree in {' and '.join(alike)}, one of them with two utterances"
            ],
        )
    return tuple(made)


def some_hours(manifest: Manifest, hours: float, *, most: int = 10, seed: int = 0) -> Manifest:
    """Draw speakers, with some of their utterances, until these last so many hours.

    Speakers with one utterance are in no target trial, and are not drawn. Lengths are those that the manifest tells; an
    utterance whose length it does not tell counts as five seconds, about what a clip of Common Voice lasts.

    Args:
        manifest: the utterances.
        hours: what is drawn lasts about so long; all that there is where there is less.
        most: utterances of a speaker.
        seed: of the draw, which depends on it and on the names of speakers and utterances alone.
    """
    check(Subsample(hours=hours, seed=seed))
    of_speakers: dict[str, list[Utterance]] = {}
    for number in order_of_draw([each.id for each in manifest], seed):
        each = manifest.utterances[number]
        if each.speaker is not None:
            of_speakers.setdefault(each.speaker, []).append(each)
    speakers = list(of_speakers)
    drawn: set[str] = set()
    seconds = 0.0
    for number in order_of_draw(speakers, seed):
        several = of_speakers[speakers[number]][:most]
        if len(several) > 1 and seconds < 3600 * hours:
            drawn |= {each.id for each in several}
            seconds += sum(length or _CLIP for length in told_lengths(several))
    return replace(manifest, utterances=tuple(each for each in manifest if each.id in drawn))


def _sets(manifest: Manifest, alike: Sequence[str]) -> dict[tuple[str, ...], _Speakers]:
    """Sort the utterances by what they have to agree in, and by speaker; in the order of names."""
    found: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for utterance in manifest:
        values = [utterance.column(column) for column in alike]
        known = tuple(value.strip().casefold() for value in values if value is not None)
        if utterance.speaker is not None and len(known) == len(alike):
            found.setdefault(known, {}).setdefault(utterance.speaker, []).append(utterance.id)
    return {name: {speaker: found[name][speaker] for speaker in sorted(found[name])} for name in sorted(found)}


def _quotas(each: int, sets: Sequence[_Speakers]) -> list[int]:
    """Share out trials over sets by their number of utterances; what a set has no pairs for goes to the others."""
    sizes = [[len(ids) for ids in speakers.values()] for speakers in sets]
    room = [min(_pairs_within(counts), _pairs_between(counts)) for counts in sizes]
    quotas = [0] * len(sets)
    while (left := each - sum(quotas)) > 0:
        open_sets = [n for n in range(len(sets)) if quotas[n] < room[n]]
        utterances = sum(sum(sizes[n]) for n in open_sets)
        if not open_sets:
            break
        for n in open_sets:
            quotas[n] = min(room[n], quotas[n] + -(-left * sum(sizes[n]) // utterances))
    return quotas


def _pairs_within(counts: Sequence[int]) -> int:
    """Count the pairs of utterances of one speaker."""
    return sum(count * (count - 1) // 2 for count in counts)


def _pairs_between(counts: Sequence[int]) -> int:
    """Count the pairs of utterances of two speakers."""
    return (sum(counts) ** 2 - sum(count * count for count in counts)) // 2


def _draw(speakers: _Speakers, quota: int, rng: np.random.Generator) -> list[Trial]:
    """Draw as many trials of each kind: ``quota``, or as many as there are of the rarer kind."""
    ids = list(speakers.values())
    within = [len(each) * (len(each) - 1) // 2 for each in ids]
    pairs = _pairs_of_speakers(len(ids), quota, rng)
    between = [len(ids[one]) * len(ids[other]) for one, other in pairs]
    count = min(quota, sum(within), sum(between))
    trials = []
    for speaker, number in _shared_out(count, within, rng):
        first, second = _pair(number)
        trials.append(Trial(ids[speaker][first], ids[speaker][second], target=True))
    for place, number in _shared_out(count, between, rng):
        one, other = (ids[speaker] for speaker in pairs[place])
        trials.append(Trial(one[number % len(one)], other[number // len(one)], target=False))
    return trials


def _pairs_of_speakers(speakers: int, most: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """List all pairs of speakers or, where they are more, so many that are drawn."""
    count = speakers * (speakers - 1) // 2
    numbers = range(count) if count <= most else np.sort(rng.choice(count, most, replace=False)).tolist()
    return [_pair(number) for number in numbers]


def _pair(number: int) -> tuple[int, int]:
    """Return the pair of that number in the order (0, 1), (0, 2), (1, 2), (0, 3), ..."""
    second = (isqrt(8 * number + 1) + 1) // 2
    return number - second * (second - 1) // 2, second


def _shared_out(count: int, sizes: Sequence[int], rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Draw so many members of several groups, as evenly as their sizes allow; yield group and number of the member."""
    shares = np.zeros(len(sizes), dtype=np.int64)
    room = np.array(sizes, dtype=np.int64)
    while left := count - int(shares.sum()):
        open_groups = rng.permutation(np.flatnonzero(shares < room))
        if left < len(open_groups):
            shares[open_groups[:left]] += 1
        else:
            more = left // len(open_groups)
            shares[open_groups] = np.minimum(shares[open_groups] + more, room[open_groups])
    for group, share in enumerate(shares.tolist()):
        for number in np.sort(rng.choice(sizes[group], share, replace=False)).tolist():
            yield group, number
