"""Weights for ranking: of several ways to weigh columns, the one whose first columns tell held-out groups best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neuroscope_elasticnet.rankings.mass import left_mass, scores
from neuroscope_elasticnet.rankings.shrinkage import Member, Part, RowsOfGroups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neuroscope import Features, Labels

    Floats = NDArray[np.float64]

MEMBERS = (Member(0.5, 4.0), Member(1.0, 4.0), Member(1.0, 1.0), Member(1.0, 0.1), Member(1.0, 0.01))
"""From nearly each column alone to all together; the first, the steadiest, stands unless one surely is better."""

PERCENTS = (1, 5, 10)
"""Per cent of the columns whose answers are compared."""

FOLDS = 3
_ERRORS = 2.0  # standard errors that a gain has to have: the choice, too, should come again with other speakers
_PENALTY = 0.01  # of the fits to the first columns, in squares of scaled units


class HeldOutWeights:
    """Weights of columns for any labels of the same rows; the factorisations are made once.

    Args:
        features: the training rows.
        groups: of each row; a group is held out as a whole, and counts once however many rows it has.
        seed: of the folds.
    """

    def __init__(self, features: Features, groups: NDArray[np.int64], *, seed: int) -> None:
        self._rows = RowsOfGroups(features.values, groups)
        every = np.arange(len(groups))
        self._whole = Part(self._rows, every)
        names, self._member = np.unique(groups, return_inverse=True)
        fold = (np.random.default_rng(seed).permutation(len(names)) % FOLDS)[self._member]
        self._folds = [Part(self._rows, every[fold != number]) for number in range(FOLDS) if (fold != number).any()]
        self._tested = [np.setdiff1d(every, part.rows) for part in self._folds]

    def of(self, labels: Labels) -> Floats:
        """Absolute weights in scaled units: ``[classes, columns]``, 0 for a class without rows."""
        present, targets = _indicators(labels)
        weights = np.zeros((len(labels.classes), self._rows.scaled.shape[1]))
        weights[present] = np.abs(self._whole.weights(targets, [self.choose(labels)])[0])
        return weights

    def choose(self, labels: Labels) -> Member:
        """Choose the way to weigh: that of least squared error on held-out groups, if its gain is surely one.

        A fold counts whose other rows know every class; without one the first way stands.
        """
        present, targets = _indicators(labels)
        errors = np.full((len(MEMBERS), len(targets)), np.nan)
        for part, tested in zip(self._folds, self._tested, strict=True):
            if len(tested) and (targets[part.rows].sum(axis=0) > 0).all() and len(present) > 1:
                errors[:, tested] = self._errors(part, tested, targets)
        known = ~np.isnan(errors[0])
        names, group = np.unique(self._member[known], return_inverse=True)
        if len(names) < 2:
            return MEMBERS[0]
        weight = self._rows.weights[known]
        by_group = np.array([np.bincount(group, each[known] * weight) for each in errors])
        gains = by_group[0] - by_group
        best = int(gains.mean(axis=1).argmax())
        error = gains[best].std(ddof=1) / np.sqrt(gains.shape[1])
        return MEMBERS[best if gains[best].mean() > _ERRORS * error else 0]

    def _errors(self, part: Part, tested: NDArray[np.int64], targets: Floats) -> Floats:
        """Squared errors on the tested rows, summed over classes and shares: ``[ways, tested rows]``."""
        total = np.zeros((len(MEMBERS), len(tested)))
        columns = self._rows.scaled.shape[1]
        sizes = [max(1, columns * percent // 100) for percent in PERCENTS]
        mean = part.share @ targets[part.rows]
        for place, weights in enumerate(np.abs(part.weights(targets[part.rows], MEMBERS))):
            order = np.argsort(-scores(weights, left_mass(weights, inclusive=True)), kind="stable")[: sizes[-1]]
            seen = self._rows.scaled.columns(order).T - part.center[order]
            known, asked = seen[part.rows], seen[tested]
            for fitted in _answers(known, targets[part.rows] - mean, part.share, asked, sizes):
                total[place] += ((fitted + mean - targets[tested]) ** 2).sum(axis=1)
        return total


def _indicators(labels: Labels) -> tuple[NDArray[np.int64], Floats]:
    """The classes that have rows, and for each row 1 under its class: ``[rows, those classes]``."""
    present = np.unique(labels.values)
    return present, (labels.values[:, None] == present).astype(np.float64)


def _answers(known: Floats, targets: Floats, share: Floats, asked: Floats, sizes: Sequence[int]) -> list[Floats]:
    """Answers of ridge regressions on the first columns, as many as each of the sizes: ``[asked rows, targets]`` each.

    The Cholesky factor of the first columns is the corner of that of more: one forward substitution serves all sizes.
    """
    from scipy.linalg import cholesky, solve_triangular

    root = np.sqrt(share)[:, None]
    x = known * root
    factor = cholesky(x.T @ x + _PENALTY * np.eye(x.shape[1]), lower=True)
    right = np.hstack([x.T @ (targets * root), asked.T])
    solved = solve_triangular(factor, right, lower=True)
    of_targets, of_asked = solved[:, : targets.shape[1]], solved[:, targets.shape[1] :]
    return [of_asked[:size].T @ of_targets[:size] for size in sizes]
