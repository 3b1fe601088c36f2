"""Choose the penalty on folds that are held out: all folds go down one path together, and stop where it turns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from neuroscope import BadOption
from neuroscope_elasticnet.batching.training import prepare, solve
from neuroscope_elasticnet.matrix.scaling import moments
from neuroscope_elasticnet.solvers.softmax import Targets, onehot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroscope_elasticnet.batching.training import Settings, TrainingRows
    from neuroscope_elasticnet.solvers.fit import Fit

    Parts: TypeAlias = list[tuple[NDArray[np.int64], NDArray[np.int64]]]

GRID = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)  # from strong to weak, each solution the start of the next
FOLDS = 3  # as accurate as 5, and 3/5 of the time
_TOLERANCE = 3e-2  # neighbours on the grid differ by more in held-out cross-entropy, or are as good as each other
# A weaker penalty costs most and overfits more: it has to save this share of what the classes' frequencies alone lose.
_GAIN = 1e-2
_LEARNED, _TURNED = 0.95, 1.05  # below: something has been learned; above: what is learned does not hold


class NothingToHoldOut(BadOption, ValueError):
    """No part of the rows can be held out whole: a class would be missing from what is left."""


def choose_penalty(
    rows: TrainingRows,
    parts: Parts,
    settings: Settings,
    each: Callable[[Callable[[_Fold], float], list[_Fold]], Iterable[float]],
) -> float:
    """Choose from `GRID` the ``l1 = l2`` of least cross-entropy on held-out folds; of near equals the largest.

    The path goes from strong to weak and ends where a weaker penalty gains nothing.

    Args:
        rows: the training rows.
        parts: of `group_folds`.
        settings: how each fold is fitted, but for the penalties.
        each: calls a function for every fold, side by side where it can.
    """
    folds = [_Fold(rows, train, test, settings) for train, test in parts]
    best = unlearned = _loss_of_frequencies(rows)
    chosen = GRID[0]
    for size in GRID:
        loss = sum(each(partial(_Fold.loss, size=size), folds))
        if loss < best - _GAIN * unlearned:
            best, chosen = loss, size
        elif best < _LEARNED * unlearned or loss > _TURNED * unlearned:
            break
    return chosen


def _loss_of_frequencies(rows: TrainingRows) -> float:
    """The cross-entropy, summed over the rows, of who knows how frequent the classes are and nothing else."""
    frequent = np.bincount(rows.y, rows.weights)
    return float(-(frequent * np.log(frequent / frequent.sum())).sum())


class _Fold:
    """One fold on its way down the path; between two steps it holds its last fit, and no copy of its rows."""

    def __init__(
        self, rows: TrainingRows, train: NDArray[np.int64], test: NDArray[np.int64], settings: Settings
    ) -> None:
        self._rows, self._train, self._test = rows, train, test
        self._settings = replace(settings, tolerance=max(settings.tolerance, _TOLERANCE))
        inside = rows.take(train)
        self._known = moments(inside.values, inside.weights)
        self._last: Fit | None = None

    def loss(self, size: float) -> float:
        """Fit with the penalties ``l1 = l2 = size``, and sum the cross-entropy of the rows that are held out."""
        settings = replace(self._settings, l1=size, l2=size)
        prepared = prepare(self._rows.take(self._train), settings, self._known)
        self._last = fit = solve(prepared, settings, self._last)
        held = self._rows.take(self._test)
        logits = replace(prepared.matrix, values=held.values).project(fit.weights) + fit.bias[:, None]
        return Targets(onehot(held.y, held.classes), held.weights).loss(logits)


def group_folds(y: NDArray[np.int64], groups: NDArray[np.int64] | None) -> Parts:
    """Split rows into at most `FOLDS` folds that share no group; each training part keeps every class.

    Raises:
        NothingToHoldOut: no number of folds does.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    classes, per_class = np.unique(y, return_counts=True)
    number = len(y) if groups is None else len(np.unique(groups))
    for folds in range(min(FOLDS, number, int(per_class.min())), 1, -1):
        splitter = StratifiedKFold(folds) if groups is None else StratifiedGroupKFold(folds)
        found = list(splitter.split(y, y, groups))
        if all(len(test) and len(np.unique(y[train])) == len(classes) for train, test in found):
            return found
    raise NothingToHoldOut(_why_not(y, groups))


def _why_not(y: NDArray[np.int64], groups: NDArray[np.int64] | None) -> str:
    """Say in one line why no fold can be held out, and what to do."""
    of = np.arange(len(y)) if groups is None else groups
    spread = np.array([len(np.unique(of[y == number])) for number in np.unique(y)])
    lone = int((spread == 1).sum())
    if groups is not None and len(np.unique(groups)) == 1:
        what = f"all {len(y)} training rows are of one group"
    elif lone:
        what = f"{lone} of {len(spread)} classes have a single {'row' if groups is None else 'group'}"
    else:
        what = f"no cut of the {len(np.unique(of))} groups leaves every one of the {len(spread)} classes in training"
    return (
        f"penalty='cv' needs each class in at least two groups of training rows, so that a part can be held out whole: "
        f"{what}; use penalty='fixed', or a split with other groups"
    )
