"""Rankings by labels that say nothing: what stability, and counts of neurons in layers, come to by chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.contracts.probing import Labels, Problem
from neuroscope.neuron_analysis.subsets import RankedSubsets, ranked
from neuroscope.plugin.failures import failures_told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from neuroscope.contracts.probing import Probe, Ranker, Ranking
    from neuroscope.probing.problem_data import ProbeData
    from neuroscope.probing.runs import Run

DRAWS, DRAWS_OF_HALVES = 39, 19
"""How often labels are permuted, for runs and for their halves."""

DRAWS_WITH_PROBES = 19
"""The same where the ranking needs a probe of each; halves are not ranked then."""

_SEED = 0x9E57
_TRIES = 10


@dataclass(frozen=True, slots=True)
class NullRankings:
    """The rankings of every run under permuted labels.

    Labels are permuted over what they belong to (speakers, where they are speakers'), over all rows at once: runs that
    share training rows share their labels too, and blocks of columns that go together still do.

    Attributes:
        of_run: one per run; in each, one per permutation.
        of_halves: the same, of the two halves of the run's groups; empty where a run has none, or it would need probes.
    """

    of_run: tuple[tuple[RankedSubsets, ...], ...]
    of_halves: tuple[tuple[tuple[RankedSubsets, RankedSubsets], ...], ...]


def null_rankings(data: ProbeData, ranker: Ranker, halves: Sequence[tuple[Run, ...]]) -> NullRankings:
    """Rank the columns in every run, and in its halves, by permuted labels.

    Args:
        data: all columns.
        ranker: makes the orders. Where it has ``uses_probe = False``, no probe is fitted for it.
        halves: of each run; empty where it has none.
    """
    halves = [() for _ in halves] if uses_probe(ranker) else halves
    labels = permuted_labels(data, [*data.runs.each, *(half for pair in halves for half in pair)], _draws_of(ranker))
    of_halves = [
        tuple(zip(*(_rank(data, half, ranker, labels[:DRAWS_OF_HALVES]) for half in pair), strict=True))
        for pair in halves
    ]
    return NullRankings(
        of_run=tuple(_rank(data, run, ranker, labels) for run in data.runs.each),
        of_halves=tuple(of_halves),
    )


def permuted_labels(data: ProbeData, parts: Sequence[Run], draws: int) -> list[NDArray[np.int64]]:
    """Permute the labels over their types: int64, of all rows; only those with every class in each training part.

    Fewer than asked for where most draws leave a part without a class.
    """
    types, of_type = data.label_types
    rng = np.random.default_rng([data.runs.each[0].seed, _SEED])
    found: list[NDArray[np.int64]] = []
    for _ in range(_TRIES * draws):
        labels = rng.permutation(of_type)[types]
        if all(len(np.unique(labels[part.split.train])) == data.target.classes for part in parts):
            found.append(labels)
        if len(found) == draws:
            break
    return found


def rank_training_part(data: ProbeData, run: Run, ranker: Ranker) -> Ranking:
    """Rank the columns by a run's training part; a probe is fitted where the ranker uses one."""
    probe: Probe = data.template
    if uses_probe(ranker):
        probe = data.fits(run, [Problem()])[0].probe
    ranking = ranked(ranker, *data.training(run), probe, seed=run.seed)
    data.told(1)
    return ranking


class _Told(list[Labels]):
    """Labels that tell of each one that is done: whoever has asked for the next one has done with it."""

    to: Callable[[int], object]
    _done = 0

    def __iter__(self) -> Iterator[Labels]:
        """Go through the labels; those that were gone through before are not told of again."""
        for number, labels in enumerate(super().__iter__()):
            yield labels
            if number >= self._done:
                self._done = number + 1
                self.to(1)


def ranked_subsets(data: ProbeData, run: Run, ranker: Ranker) -> RankedSubsets:
    """Rank the columns by a run's training part, and make parts of them by the run's seed."""
    return RankedSubsets(rank_training_part(data, run, ranker), data.features.units, run.seed)


def _rank(data: ProbeData, run: Run, ranker: Ranker, many: Sequence[NDArray[np.int64]]) -> tuple[RankedSubsets, ...]:
    """Rank the columns by a run's training part, with each of these labels."""
    features, true = data.training(run)
    train = run.split.train
    rows = train if run.weights is None else np.repeat(train, run.weights)
    told = _Told(Labels(values=labels[rows], classes=true.classes, groups=true.groups) for labels in many)
    told.to = data.told
    if uses_probe(ranker):
        fits = data.fits(run, [Problem(y=labels[train]) for labels in many])
        made = [
            ranked(ranker, features, labels, fitted.probe, seed=run.seed)
            for labels, fitted in zip(told, fits, strict=True)
        ]
    elif (rank_many := getattr(ranker, "rank_many", None)) is not None:
        with failures_told("the ranking's rank_many"):
            made = list(rank_many(features, told, data.template, seed=run.seed))
    else:
        made = [ranked(ranker, features, labels, data.template, seed=run.seed) for labels in told]
    return tuple(RankedSubsets(each, data.features.units, run.seed) for each in made)


def uses_probe(ranker: Ranker) -> bool:
    """Tell whether a ranking needs a fitted probe; one that does not says ``uses_probe = False``."""
    return bool(getattr(ranker, "uses_probe", True))


def _draws_of(ranker: Ranker) -> int:
    return DRAWS_WITH_PROBES if uses_probe(ranker) else DRAWS
