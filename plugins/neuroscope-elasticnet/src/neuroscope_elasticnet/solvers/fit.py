"""What an optimum is asked for, what every solver returns, and the line search of both Newton methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from neuroscope_elasticnet.matrix.scaling import Floats
    from neuroscope_elasticnet.solvers.softmax import Targets

_ROUNDING = 1e-15  # of a sum over rows, relative


@dataclass(frozen=True, slots=True)
class Goal:
    """What an optimum is asked for: to minimise ``cross-entropy + l1 sum|W| + l2 sum W^2`` to within a gap.

    Attributes:
        l1: weight of the sum of absolute weights.
        l2: weight of the sum of squares.
        tolerance: the largest relative duality gap.
        max_iter: Newton steps at most.
    """

    l1: float
    l2: float
    tolerance: float
    max_iter: int


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights and bias that a solver found, in scaled units.

    Attributes:
        weights: ``[classes, columns]``.
        bias: ``[classes]``.
        steps: Newton steps, or updates of Adam.
        gap: (objective - a lower bound of its minimum) / objective; NaN where it is not known.
        objective: at this fit; NaN where it is not known.
    """

    weights: Floats
    bias: Floats
    steps: int
    gap: float
    objective: float = np.nan


def line_search(
    targets: Targets, logits: Floats, moved: Floats, slope: float, cost: Callable[[float], float]
) -> tuple[float, Floats] | None:
    """Halve a step until the objective falls as its slope promises (Armijo), then set the bias to its best.

    Args:
        targets: the training rows.
        logits: ``[classes, rows]``, before the step.
        moved: ``[free classes, rows]``, what the whole step adds to them.
        slope: of the objective along the step, negative.
        cost: the penalty at a share of the step.

    Returns:
        The share, and the logits behind it; None where no share helps, which is where rounding ends the descent.
    """
    before = targets.loss(logits) + cost(0.0)
    limit = before + _ROUNDING * abs(before)  # near the minimum the objective is too coarse to judge a good step
    size = 1.0
    for _ in range(40):
        ahead = logits.copy()
        ahead[targets.first :] += size * moved
        if targets.loss(ahead) + cost(size) <= limit + 1e-4 * size * slope:
            return size, ahead + targets.best_bias(ahead)[:, None]
        size /= 2
    return None


def two_rows(free: Floats) -> Floats:
    """Weights of every class: of two, only a difference ``v`` was free and becomes ``-v/2, v/2``."""
    return np.concatenate([-free, free]) / 2 if len(free) == 1 else free


def split_bias(free: Floats) -> Floats:
    """The bias of every class from that of the classes with free logits, with mean 0."""
    return two_rows(free) if len(free) == 1 else free - free.mean()
