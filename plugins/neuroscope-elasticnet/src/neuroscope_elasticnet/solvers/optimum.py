"""The minimum of ``cross-entropy + l1 sum|W| + l2 sum W^2``: proximal Newton on growing sets of columns.

Each Newton step minimises a quadratic model of the loss plus the penalty by coordinate descent (Friedman, Hastie and
Tibshirani 2010), on a working set of columns that grows by those that violate the optimality conditions most (as in
Massias, Gramfort and Salmon 2018). A pass over all columns gives the duality gap, which ends the fit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from neuroscope_elasticnet.matrix.working import WorkingSet
from neuroscope_elasticnet.solvers.fit import Fit, Goal, line_search, split_bias, two_rows
from neuroscope_elasticnet.solvers.gap import balanced, dual_value, penalty, relative

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroscope_elasticnet.matrix.scaling import Floats, ScaledMatrix
    from neuroscope_elasticnet.solvers.softmax import Targets

_SWEEPS, _RATIO = 50, 0.02  # of a Newton step's coordinate descent: a rough solution, soon linearised anew


def minimise(matrix: ScaledMatrix, targets: Targets, goal: Goal, start: Fit | None = None) -> Fit:
    """Find the minimum for ``l1 > 0``, to ``gap <= tolerance`` or until ``max_iter`` Newton steps are spent.

    Args:
        matrix: the training rows; columns have mean 0 under the rows' shares.
        targets: their classes.
        goal: ``l1 > 0``.
        start: a fit to begin from; None = all weights 0.
    """
    return _Search(matrix, targets, goal, start).run()


class _Search:
    """The state of one fit. Of two classes only the second one's logits are free: ``v`` stands for ``-v/2, v/2``."""

    def __init__(self, matrix: ScaledMatrix, targets: Targets, goal: Goal, start: Fit | None) -> None:
        self.matrix, self.targets, self.goal = matrix, targets, goal
        self.first = targets.first
        self.l1, self.l2 = goal.l1, goal.l2 / (1 + self.first)
        free = len(targets.onehot) - self.first
        self.chosen = WorkingSet(matrix)
        self.w = np.zeros((free, 0))
        self.logits = np.repeat(np.log(targets.priors)[:, None], matrix.shape[0], axis=1)
        self.steps, self.objective = 0, np.nan
        self.stalled = False  # rounding, not the tolerance, ends the descent
        if start is not None:
            self._begin(start)

    def _begin(self, start: Fit) -> None:
        weights = start.weights[1:] - start.weights[:1] if self.first else start.weights
        self._add(np.flatnonzero(weights.any(axis=0)))
        self.w = np.ascontiguousarray(weights[:, self.chosen.which])
        self.logits[self.first :] = self.chosen.project(self.w)
        self._settle()

    def run(self) -> Fit:
        self._settle()
        gap, gradient = self._gap(self.matrix.correlate)
        while gap > self.goal.tolerance and self._may_go_on():
            self._add(self._violators(gradient))
            self._solve_chosen(max(0.3 * gap, 0.9 * self.goal.tolerance))
            gap, gradient = self._gap(self.matrix.correlate)
        return self._fit(gap)

    def _may_go_on(self) -> bool:
        return self.steps < self.goal.max_iter and not self.stalled

    def _settle(self) -> None:
        self.logits += self.targets.best_bias(self.logits)[:, None]

    def _gap(self, correlate: Callable[[Floats], Floats]) -> tuple[float, Floats]:
        probabilities = balanced(self.targets, self.targets.probabilities(self.logits))
        gradient = correlate(self.targets.residuals(probabilities)[self.first :])
        both = 2 * two_rows(gradient) if self.first else gradient
        primal = self.targets.loss(self.logits) + penalty(self.w, self.l1, self.l2)
        self.objective = primal
        lower = dual_value(self.targets, probabilities, both, self.goal.l1, self.goal.l2)
        return relative(primal, lower), gradient

    def _violators(self, gradient: Floats) -> NDArray[np.int64]:
        size = np.abs(gradient).max(axis=0)
        size[self.chosen.which] = 0
        violating = np.flatnonzero(size > self.l1)
        most = max(64, int(np.count_nonzero(self.w.any(axis=0))))
        return violating[np.argsort(-size[violating], kind="stable")[:most]]

    def _add(self, columns: NDArray[np.int64]) -> None:
        self.chosen.add(columns)
        self.w = np.concatenate([self.w, np.zeros((len(self.w), len(columns)))], axis=1)

    def _solve_chosen(self, enough: float) -> None:
        while self._may_go_on():
            self._newton()
            if self._gap(self.chosen.correlate)[0] <= enough:
                return

    def _newton(self) -> None:
        from neuroscope_elasticnet.solvers.descent import descend

        self.steps += 1
        probabilities = self.targets.probabilities(self.logits)
        residuals = self.targets.residuals(probabilities)[self.first :]
        w, bias = self.w.copy(), np.zeros(len(self.w))
        p = np.ascontiguousarray(probabilities[self.first :])
        z, share = self.chosen, self.targets.share
        columns = (z.raw, z.center, z.inverse)
        descend(*columns, p, share, residuals.copy(), w, bias, self.l1, self.l2, _SWEEPS, _RATIO)
        change = w - self.w
        moved = z.project(change) + bias[:, None]
        slope = float(np.vdot(residuals, moved)) + penalty(w, self.l1, self.l2) - penalty(self.w, self.l1, self.l2)
        found = line_search(
            self.targets, self.logits, moved, slope, lambda size: penalty(self.w + size * change, self.l1, self.l2)
        )
        self.stalled = found is None
        if found is not None:
            size, self.logits = found
            self.w = w if size == 1 else self.w + size * change

    def _fit(self, gap: float) -> Fit:
        free = np.zeros((len(self.w), self.matrix.shape[1]))
        free[:, self.chosen.which] = self.w
        first_row = (self.chosen.raw[:, 0] - self.chosen.center) * self.chosen.inverse
        offset = self.logits[self.first :, 0] - self.logits[0, 0] * self.first - self.w @ first_row
        return Fit(two_rows(free), split_bias(offset), self.steps, gap, self.objective)
