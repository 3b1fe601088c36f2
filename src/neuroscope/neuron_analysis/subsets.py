"""Parts of a ranking: its top, its bottom, or as many units at random."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.errors import BadOption, PluginBroken
from neuroscope.plugin.failures import failures_told

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from neuroscope.contracts.features import Features, Unit
    from neuroscope.contracts.probing import Labels, Probe, Ranker, Ranking

STEPS = (1, 5, 10, 15, 20, 25, 50, 75)
"""Per cent of the units that sets are re-trained at (paper, footnote 5)."""

_TIES, _ANY = 0x71E5, 0xA17  # of the draws among units of score 0, and among all


def ranked(ranker: Ranker, features: Features, labels: Labels, probe: Probe, *, seed: int) -> Ranking:
    """Rank the units of ``features``.

    Raises:
        PluginBroken: the ranker fails, with the line of its code.
    """
    with failures_told("the ranking"):
        return ranker.rank(features, labels, probe, seed=seed)


@dataclass(frozen=True, slots=True)
class Subset:
    """A part of the units of a ranking.

    Attributes:
        columns: int64 ``[size]``, ascending: their columns among the units that ``RankedSubsets`` was made for.
        drawn: how many of them were drawn at random from units of score 0, among which the ranking knows no order.
    """

    columns: NDArray[np.int64]
    drawn: int


@dataclass(frozen=True, slots=True)
class Steps:
    """The numbers of units that a list of percentages comes to.

    Attributes:
        sizes: percentage -> number of units, at least 1, in the order of the list.
        empty: the percentages that are less than one unit, and are left out.
    """

    sizes: Mapping[float, int]
    empty: tuple[float, ...]


class RankedSubsets:
    """The parts of one ranking under one seed.

    Units of score 0 are put in a random order once: taken by position they would seem stable, and of the first layer.
    So a larger part holds every smaller one, and top and bottom share no unit up to 50 %. ``random`` draws from all.

    Args:
        ranking: of ``units``.
        units: in the order of the columns.
        seed: of the draws, one per run.

    Raises:
        PluginBroken: the ranking does not hold each of the units once.
    """

    def __init__(self, ranking: Ranking, units: Sequence[Unit], seed: int) -> None:
        column_of = {unit: column for column, unit in enumerate(units)}
        if set(ranking.units) != set(column_of) or len(ranking.units) != len(units):
            raise PluginBroken(
                f"a ranking of {len(ranking.units)} units does not hold each of {len(units)} columns once"
            )
        order = np.array([column_of[unit] for unit in ranking.units], dtype=np.int64)
        self._zero = np.flatnonzero(ranking.scores == 0)
        order[self._zero] = np.random.default_rng([seed, _TIES]).permutation(order[self._zero])
        self._order = order
        self._any = np.random.default_rng([seed, _ANY]).permutation(len(order))

    def top(self, percent: float) -> Subset:
        """Select the most important units."""
        return self._part(0, size(len(self._order), percent))

    def first(self, count: int) -> Subset:
        """Select this many of the most important units."""
        return self._part(0, count)

    def bottom(self, percent: float) -> Subset:
        """Select the least important units."""
        return self._part(len(self._order) - size(len(self._order), percent), len(self._order))

    def random(self, percent: float) -> Subset:
        """Select as many units, whatever their rank."""
        return Subset(np.sort(self._any[: size(len(self._any), percent)]), 0)

    def _part(self, begin: int, end: int) -> Subset:
        within = int(((self._zero >= begin) & (self._zero < end)).sum())
        return Subset(np.sort(self._order[begin:end]), within if within < len(self._zero) else 0)


def size(count: int, percent: float) -> int:
    """Count the units in a share of ``count``: ``count * percent // 100`` in exact arithmetic (the paper's tables).

    Args:
        count: of all units.
        percent: 0 to 100, taken as the decimal number that it is written as: 0.1 is a tenth, not its binary neighbour.

    Raises:
        BadOption: no percentage.
    """
    if not 0 <= percent <= 100:
        raise BadOption(f"{percent} is no percentage: expected 0 to 100")
    return int(count * Fraction(str(percent)) // 100)


def steps(count: int, percents: Sequence[float] = STEPS) -> Steps:
    """Compute the sizes of a list of percentages; those that are less than one unit are named, and left out."""
    sizes = {percent: size(count, percent) for percent in percents}
    return Steps({each: n for each, n in sizes.items() if n}, tuple(each for each, n in sizes.items() if not n))
