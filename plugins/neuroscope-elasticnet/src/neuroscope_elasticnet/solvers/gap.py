"""The duality gap: how far a fit is from the optimum at most, proven without a second solver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from neuroscope_elasticnet.matrix.scaling import Floats, ScaledMatrix
    from neuroscope_elasticnet.matrix.selection import Places
    from neuroscope_elasticnet.solvers.fit import Fit
    from neuroscope_elasticnet.solvers.softmax import Targets

_TINY = np.finfo(np.float64).tiny


@dataclass(frozen=True, slots=True)
class StackedFit:
    """One fit among several on the same centred rows, with what its gap is computed from.

    Attributes:
        targets: its training rows.
        fit: in scaled units.
        at: ``[columns]``, where its columns are among the matrix'.
        inverse: ``[columns]``, 1 / scale.
        l1: weight of the sum of absolute weights.
        l2: weight of the sum of squares.
        plain: whether ``l2`` weighs the root of the sum of squares instead.
    """

    targets: Targets
    fit: Fit
    at: Places
    inverse: Floats
    l1: float
    l2: float
    plain: bool = False


def balanced(targets: Targets, probabilities: Floats) -> Floats:
    """The nearest mixture of the probabilities whose mean is the classes' priors: what a dual point must have."""
    mean, priors = probabilities @ targets.share, targets.priors
    mix = max(float(((mean - priors) / mean).max()), 0.0)
    mixed: Floats = (1 - mix) * probabilities + (mix * mean + priors - mean)[:, None]
    return mixed


def dual_value(targets: Targets, probabilities: Floats, gradient: Floats, l1: float, l2: float) -> float:
    """A lower bound of ``cross-entropy + l1 sum|W| + l2 sum W^2``, the best of a few along one ray.

    With ``p`` between the targets and the balanced probabilities and ``q = sum_i share_i (p_i - y_i) z_i``, the bound
    is the mean entropy of ``p`` minus ``sum max(|q| - l1, 0)^2 / (4 l2)`` (Fenchel's dual); ``l2 = 0`` asks for
    ``|q| <= l1``.

    Args:
        targets: the training rows.
        probabilities: ``[classes, rows]``, balanced.
        gradient: ``[classes, columns]``, of the loss at these probabilities.
        l1: weight of the sum of absolute weights.
        l2: weight of the sum of squares.
    """
    size = np.abs(gradient)
    largest = float(size.max(initial=0.0))
    feasible = 1.0 if largest <= l1 else l1 / largest
    size = size[size > feasible * l1]  # the others cost nothing anywhere on the ray
    best = 0.0
    for share in np.linspace(feasible, 1.0, 9) if l2 > 0 and feasible < 1 else [feasible]:
        cost = 0.0
        if share > feasible:
            cost = float((np.maximum(share * size - l1, 0) ** 2).sum()) / (4 * l2)
        best = max(best, _entropy(targets, targets.onehot + share * (probabilities - targets.onehot)) - cost)
    return best


def _entropy(targets: Targets, probabilities: Floats) -> float:
    logarithm = np.log(probabilities, where=probabilities > 0, out=np.zeros_like(probabilities))
    return -float((probabilities * logarithm).sum(axis=0) @ targets.share)


def plain_dual_value(targets: Targets, probabilities: Floats, gradient: Floats, l1: float, l2: float) -> float:
    """A lower bound of ``cross-entropy + l1 sum|W| + l2 sqrt(sum W^2)``, on the ray of `dual_value`.

    Fenchel's dual asks here for ``sqrt(sum max(|q| - l1, 0)^2) <= l2``; the last point of the ray that keeps to it is
    found by halving.
    """
    size = np.abs(gradient)
    low = max(l1 / max(float(size.max(initial=0.0)), l1, _TINY), l2 / max(float(np.linalg.norm(size)), l2, _TINY))
    high = 1.0
    for _ in range(30):
        share = (low + high) / 2
        if np.linalg.norm(np.maximum(share * size - l1, 0)) <= l2:
            low = share
        else:
            high = share
    return max(_entropy(targets, targets.onehot + low * (probabilities - targets.onehot)), 0.0)


def penalty(weights: Floats, l1: float, l2: float, *, plain: bool = False) -> float:
    """``l1 sum|W| + l2 sum W^2``; of the plain norm, ``l2 sqrt(sum W^2)``."""
    squares = float(np.vdot(weights, weights))
    return float(l1 * np.abs(weights).sum()) + l2 * (np.sqrt(squares) if plain else squares)


def relative_gap(
    matrix: ScaledMatrix, targets: Targets, fit: Fit, l1: float, l2: float, *, plain: bool = False
) -> float:
    """(objective - lower bound) / objective of any weights and bias; two passes over the matrix.

    NaN without a penalty: no point of the ray is a bound then but 0.
    """
    everything = StackedFit(targets, fit, slice(None), np.ones(matrix.shape[1]), l1, l2, plain)
    return stacked_gaps(matrix, [everything])[0].gap


def stacked_gaps(matrix: ScaledMatrix, fits: Sequence[StackedFit]) -> list[Fit]:
    """Several fits on the same centred rows with their `relative_gap` and objective, in two passes over the rows."""
    weights = np.zeros((sum(len(each.fit.bias) for each in fits), matrix.shape[1]))
    first = np.cumsum([0, *(len(each.fit.bias) for each in fits)])
    own = [slice(begin, end) for begin, end in pairwise(first.tolist())]
    for each, rows in zip(fits, own, strict=True):
        weights[rows, each.at] = each.fit.weights * each.inverse
    projected = matrix.project(weights)
    found = []
    for each, rows in zip(fits, own, strict=True):
        projected[rows] += each.fit.bias[:, None]
        cost = penalty(each.fit.weights, each.l1, each.l2, plain=each.plain)
        primal = each.targets.loss(projected[rows]) + cost
        probabilities = balanced(each.targets, each.targets.probabilities(projected[rows]))
        projected[rows] = each.targets.residuals(probabilities)
        found.append((primal, probabilities))
    gradients = matrix.correlate(projected)
    return [
        replace(
            each.fit,
            gap=_gap_of(each, primal, probabilities, gradients[rows, each.at] * each.inverse),
            objective=primal,
        )
        for each, rows, (primal, probabilities) in zip(fits, own, found, strict=True)
    ]


def _gap_of(fitted: StackedFit, primal: float, probabilities: Floats, gradient: Floats) -> float:
    if fitted.l1 == fitted.l2 == 0:
        return np.nan
    bound = plain_dual_value if fitted.plain else dual_value
    return relative(primal, bound(fitted.targets, probabilities, gradient, fitted.l1, fitted.l2))


def relative(primal: float, lower: float) -> float:
    """The gap as a share of the objective; 1 where the objective itself has sunk to 0."""
    return max((primal - lower) / primal, 0.0) if primal > 0 else 1.0
