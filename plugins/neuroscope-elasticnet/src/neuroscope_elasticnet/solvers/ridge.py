"""The minimum without L1: rows rotated onto their principal axes, then Newton with conjugate gradients.

Neither the loss nor the sum of squares changes under a rotation of the columns, and after it there are no more axes
than rows; along them the curvature is close to diagonal, so that conjugate gradients need few steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuroscope_elasticnet.solvers.fit import Fit, Goal, line_search, split_bias, two_rows
from neuroscope_elasticnet.solvers.gap import balanced, dual_value, penalty, relative

if TYPE_CHECKING:
    from neuroscope_elasticnet.matrix.scaling import Floats, ScaledMatrix
    from neuroscope_elasticnet.solvers.softmax import Targets

# A rotation takes time as the cube of the smaller side, and saves steps where the penalty is weak.
_LARGE, _STRONG = 1500, 1e-2
_ROUGH = 1e-2  # conjugate gradients leave this share of the squared residual to the next Newton step


@dataclass(frozen=True, slots=True)
class Axes:
    """Rows in rotated coordinates.

    Attributes:
        rows: ``[rows, axes]``.
        spread: ``[axes]``, mean square of each under the rows' shares.
        back: ``[k, axes]`` -> ``[k, columns]``.
    """

    rows: Floats
    spread: Floats
    back: Callable[[Floats], Floats]

    def project(self, weights: Floats) -> Floats:
        """``[k, axes]`` -> ``[k, rows]``."""
        projected: Floats = weights @ self.rows.T
        return projected

    def correlate(self, residuals: Floats) -> Floats:
        """``[k, rows]`` -> ``[k, axes]``."""
        correlated: Floats = residuals @ self.rows
        return correlated


@dataclass(frozen=True, slots=True)
class UnrotatedAxes:
    """The columns themselves, used as axes."""

    matrix: ScaledMatrix
    spread: Floats

    def project(self, weights: Floats) -> Floats:
        """``[k, columns]`` -> ``[k, rows]``."""
        return self.matrix.project(weights)

    def correlate(self, residuals: Floats) -> Floats:
        """``[k, rows]`` -> ``[k, columns]``."""
        return self.matrix.correlate(residuals)

    def back(self, weights: Floats) -> Floats:
        """The weights as they are: nothing was rotated."""
        return weights


def rotate(matrix: ScaledMatrix, share: Floats) -> Axes:
    """Rotate the rows onto the axes along which the rows vary; those without variance are left out."""
    rows, columns = matrix.shape
    root = np.sqrt(share)
    if columns <= rows:
        covariance = np.zeros((columns, columns))
        for where, block in matrix.blocks():
            weighted = block * root[where, None]
            covariance += weighted.T @ weighted
        spread, vectors = _eigen(covariance)
        return Axes(matrix.project(vectors.T).T, spread, lambda weights: weights @ vectors.T * (matrix.inverse > 0))
    spread, vectors = _eigen(_kernel(matrix, root))
    rotated = vectors * np.sqrt(spread) / root[:, None]
    dual = vectors / np.sqrt(spread) * root[:, None]
    return Axes(rotated, spread, lambda weights: matrix.correlate(weights @ dual.T))


def unrotated(matrix: ScaledMatrix, share: Floats) -> UnrotatedAxes:
    """Take the columns themselves as axes, where a rotation would take longer than the steps that it saves."""
    spread = np.zeros(matrix.shape[1])
    for where, block in matrix.blocks():
        spread += share[where] @ block**2
    return UnrotatedAxes(matrix, spread)


def _kernel(matrix: ScaledMatrix, root: Floats, width: int = 1024) -> Floats:
    rows, columns = matrix.shape
    kernel = np.zeros((rows, rows))
    for start in range(0, columns, width):
        block = matrix.columns(np.arange(start, min(start + width, columns))) * root
        kernel += block.T @ block
    return kernel


def _eigen(symmetric: Floats) -> tuple[Floats, Floats]:
    from scipy.linalg import eigh

    values, vectors = eigh(symmetric, overwrite_a=True, check_finite=False)
    real = values > len(values) * np.finfo(np.float64).eps * max(values[-1], 0.0)
    return values[real], np.ascontiguousarray(vectors[:, real])


def minimise_ridge(matrix: ScaledMatrix, targets: Targets, goal: Goal, shared: Callable[[], Axes] | None = None) -> Fit:
    """Find the minimum for ``l1 = 0``, to ``gap <= tolerance`` or until ``max_iter`` Newton steps are spent.

    Without any penalty, classes that planes can separate have none: weights grow with every step, and the gap is NaN.

    Args:
        matrix: the training rows; columns have mean 0 under the rows' shares.
        targets: their classes.
        goal: ``l1`` is 0; ``l2`` may be.
        shared: gives the rotated rows; None = they are made here. No start is taken from another fit: the rotation
            takes longer than the steps that it could save.
    """
    large = min(matrix.shape) > _LARGE and goal.l2 >= _STRONG
    if large:
        return _Search(unrotated(matrix, targets.share), targets, goal).run()
    return _Search(rotate(matrix, targets.share) if shared is None else shared(), targets, goal).run()


class _Search:
    """The state of one fit, in rotated coordinates."""

    def __init__(self, axes: Axes | UnrotatedAxes, targets: Targets, goal: Goal) -> None:
        self.axes, self.targets, self.goal = axes, targets, goal
        self.first = targets.first
        self.l2 = goal.l2 / (1 + self.first)
        self.w = np.zeros((len(targets.onehot) - self.first, len(axes.spread)))
        self.logits = np.repeat(np.log(targets.priors)[:, None], len(targets.share), axis=1)
        self.steps, self.objective = 0, np.nan

    def run(self) -> Fit:
        gap = self._gap()
        while gap > self.goal.tolerance and self.steps < self.goal.max_iter and self._newton():
            gap = self._gap()
        gap = np.nan if gap > self.goal.tolerance and self._has_no_optimum() else gap
        offset = self.logits[self.first :, 0] - self.logits[0, 0] * self.first - self.axes.project(self.w)[:, 0]
        return Fit(two_rows(self.axes.back(self.w)), split_bias(offset), self.steps, gap, self.objective)

    def _gap(self) -> float:
        targets, goal = self.targets, self.goal
        self.objective = primal = targets.loss(self.logits) + penalty(self.w, 0.0, self.l2)
        probabilities = balanced(targets, targets.probabilities(self.logits))
        gradient = self.axes.correlate(targets.residuals(probabilities))
        if goal.l2 == 0:
            return relative(primal, self._unpenalised_bound(probabilities, gradient))
        return relative(primal, dual_value(targets, probabilities, gradient, 0.0, goal.l2))

    def _unpenalised_bound(self, probabilities: Floats, gradient: Floats) -> float:
        """A lower bound without a penalty, whose dual point must have gradient 0: what is left of it is projected away.

        Where that makes a probability negative (by rounding, of rows that are all but certain), it is set to 0, and the
        bound pays for the gradient that this leaves, for weights and logits up to twice as large as these.
        """
        targets = self.targets
        mended = np.maximum(probabilities - self.axes.project(gradient / self.axes.spread), 0.0)
        mended /= mended.sum(axis=0)
        left = self.axes.correlate(targets.residuals(mended))
        astray = float(np.linalg.norm(left) * np.linalg.norm(two_rows(self.w)))
        astray += float(np.abs(mended @ targets.share - targets.priors).sum() * np.abs(self.logits).max())
        return max(dual_value(targets, mended, np.zeros_like(left), 0.0, 0.0) - 2 * astray, 0.0)

    def _has_no_optimum(self) -> bool:
        """Whether nothing ends the descent: without a penalty, and with every row on the right side of its planes."""
        right = np.where(self.targets.onehot > 0, self.logits, np.inf).min(axis=0)
        others = np.where(self.targets.onehot > 0, -np.inf, self.logits).max(axis=0)
        return self.goal.l2 == 0 and bool((right > others).all())

    def _newton(self) -> bool:
        """One step; False where rounding ends the descent."""
        self.steps += 1
        probabilities = self.targets.probabilities(self.logits)
        residuals = self.targets.residuals(probabilities)[self.first :]
        gradient = self.axes.correlate(residuals) + 2 * self.l2 * self.w
        weighted = probabilities[self.first :] * self.targets.share
        change, moved = self._conjugate(probabilities[self.first :], weighted, gradient, residuals.sum(axis=1))
        slope = float(np.vdot(residuals, moved) + 2 * self.l2 * np.vdot(self.w, change))
        found = line_search(
            self.targets, self.logits, moved, slope, lambda size: penalty(self.w + size * change, 0.0, self.l2)
        )
        if found is None:
            return False
        size, self.logits = found
        self.w = self.w + size * change
        return True

    def _conjugate(self, p: Floats, weighted: Floats, gradient: Floats, tilt: Floats) -> tuple[Floats, Floats]:
        """Solve the Newton equations for weights and bias; returns the weights' change and the logits'."""
        mean = (weighted * (1 - p)).sum(axis=1)[:, None]
        scale = np.concatenate([mean * self.axes.spread + 2 * self.l2, mean], axis=1)
        scale = np.maximum(scale, np.finfo(np.float64).tiny)
        left = -np.concatenate([gradient, tilt[:, None]], axis=1)
        solution, moved = np.zeros_like(left), np.zeros_like(p)
        guess = left / scale
        direction = guess
        size = first = float(np.vdot(left, guess))
        for _ in range(2 * left.size):
            if size <= _ROUGH * first or size <= 0:
                break
            ahead = self.axes.project(direction[:, :-1]) + direction[:, -1:]
            bent = weighted * ahead - p * (weighted * ahead).sum(axis=0)
            curved = np.concatenate([self.axes.correlate(bent), bent.sum(axis=1)[:, None]], axis=1)
            curved[:, :-1] += 2 * self.l2 * direction[:, :-1]
            bend = float(np.vdot(direction, curved))
            if bend <= 0:
                break
            solution, moved = solution + size / bend * direction, moved + size / bend * ahead
            left = left - size / bend * curved
            guess = left / scale
            size, previous = float(np.vdot(left, guess)), size
            direction = guess + size / previous * direction
        return solution[:, :-1], moved
