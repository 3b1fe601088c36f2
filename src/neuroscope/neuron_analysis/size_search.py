"""The search for a number of neurons: accuracy against size on folds of a training part, and where a rule holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neuroscope.contracts import conditions
from neuroscope.contracts.probing import Problem
from neuroscope.neuron_analysis.subsets import RankedSubsets, ranked
from neuroscope.probing.statistics.outcomes import Outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from neuroscope.contracts.probing import Ranker
    from neuroscope.probing.problem_data import ProbeData
    from neuroscope.probing.runs import Run

_FINENESS = 50  # a size is found to within a fiftieth of itself, and exactly up to 100 neurons


class FoldCurve:
    """The curve of what re-trained top sets get right of the rows that the folds hold out, all folds together.

    The neurons are ranked anew in each fold, from its training rows alone.

    Args:
        data: all columns.
        folds: at least one; each a run within the training part.
        ranker: makes the order.
    """

    def __init__(self, data: ProbeData, folds: Sequence[Run], ranker: Ranker) -> None:
        self._data, self._folds = data, folds
        self._count = len(data.features.units)
        self._cuts, whole = [], []
        for fold in folds:
            (fitted,) = data.fits(fold, [Problem()])
            ranking = ranked(ranker, *data.training(fold), fitted.probe, seed=fold.seed)
            data.told(1)
            self._cuts.append(RankedSubsets(ranking, data.features.units, fold.seed))
            whole.append(data.predict(fold, fitted.probe, conditions.PROBE).predicted)
        self.whole = self._outcomes(whole)
        self._known: dict[int, Outcomes] = {self._count: self.whole}

    def fit(self, sizes: Sequence[int]) -> None:
        """Re-train at these numbers of neurons, all of a fold at once; those that are known are not done again."""
        missing = sorted(set(sizes) - set(self._known))
        predictions: dict[int, list[NDArray[np.int64]]] = {size: [] for size in missing}
        if not missing:
            return
        for fold, cuts in zip(self._folds, self._cuts, strict=True):
            chosen = [cuts.top(percent_of(size, self._count)).columns for size in missing]
            fits = self._data.fits(fold, [Problem(columns=columns) for columns in chosen])
            for size, columns, fitted in zip(missing, chosen, fits, strict=True):
                predictions[size].append(
                    self._data.predict(fold, fitted.probe, conditions.TOP_SET, columns=columns).predicted
                )
        self._known |= {size: self._outcomes(predicted) for size, predicted in predictions.items()}

    def at(self, size: int) -> Outcomes:
        """Find what the sets of this many neurons get right."""
        self.fit([size])
        return self._known[size]

    def gap(self, size: int) -> Outcomes:
        """Find what the sets of this many neurons get right, less what the probe of all neurons gets right."""
        return self.at(size).minus(self.whole)

    def _outcomes(self, predicted: Sequence[NDArray[np.int64]]) -> Outcomes:
        held = np.concatenate([fold.split.test for fold in self._folds])
        truth = self._data.target.values[held]
        right = (np.concatenate(predicted) == truth).astype(np.float64)
        return Outcomes(right=right, rows=held, classes=truth, groups=self._folds[0].split.groups[held])


def percent_of(size: int, count: int) -> float:
    """Compute the percentage whose cut of ``count`` neurons is ``size``.

    It has six decimals, rounded up so that no neuron is lost.
    """
    return -(-size * 10**8 // count) / 10**6


def smallest(holds: Callable[[int], bool], steps: Sequence[int], count: int) -> int:
    """Find the number of neurons where a rule begins to hold.

    The steps are gone through from the least on. Between the first that holds and the one before (or none at all, or
    all neurons where no step holds) the size is halved in: the upper end always holds, the lower end never does, until
    they are neighbours, or within a fiftieth. Accuracy need not grow with the size; where it does not, what is found
    is a size that holds and below which the rule fails, in that gap: a smaller one may hold elsewhere in the same gap.

    Args:
        holds: whether the rule holds for a number of neurons; taken to hold for all.
        steps: ascending numbers of neurons.
        count: all neurons.
    """
    low, high = 0, count
    for step in steps:
        if holds(step):
            high = step
            break
        low = step
    while high - low > max(1, (high - 1) // _FINENESS):
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle
    return high


def last_sure(holds: Callable[[int], bool], steps: Sequence[int], count: int) -> int:
    """Find the smallest number of neurons that a test reaches going down: all, the largest step, the next, ...

    It stops at the first that fails. The steps are fixed before, so that the chance of going one too far is that of a
    single test, however many there are (a fixed sequence of tests; Maurer, Hothorn and Lehmacher 1995).

    Args:
        holds: whether the test holds for a number of neurons; taken to hold for all.
        steps: ascending numbers of neurons.
        count: all neurons.
    """
    found = count
    for step in sorted(steps, reverse=True):
        if not holds(step):
            break
        found = step
    return found
