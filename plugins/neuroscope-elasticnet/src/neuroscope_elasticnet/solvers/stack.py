"""Adam on many problems that see the same rows in the same order: one product of matrices serves all of them.

A weight of a scaled column, times 1 / scale, is a weight of the centred one; the problems of a stack may therefore
differ in scale, penalty, labels and columns (a column that a problem lacks has the weight 0), and read one block.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope_elasticnet.solvers.fit import Fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroscope_elasticnet.matrix.scaling import Floats
    from neuroscope_elasticnet.matrix.selection import Matrix
    from neuroscope_elasticnet.solvers.recipe import Recipe

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8  # torch.optim.Adam's own defaults


@dataclass(frozen=True, slots=True)
class Lane:
    """One problem of a stack.

    Attributes:
        y: ``[rows of the matrix]``, class numbers.
        start: ``[classes, columns + 1]``, the first weights, the bias last.
        at: ``[columns]``, where its columns are among the matrix'; empty = they are all of them.
        inverse: ``[columns]``, 1 / scale; 0 for a column that is to be left out.
        recipe: penalty and learning rate; the order is the stack's.
    """

    y: NDArray[np.int64]
    start: Floats
    at: NDArray[np.int64]
    inverse: Floats
    recipe: Recipe


class _LaneState:
    """Weights and Adam's moments of one lane during training, in the type of the matrix."""

    def __init__(self, lane: Lane, kind: np.dtype[Any]) -> None:
        self.lane = lane
        self.inverse = lane.inverse.astype(kind)
        self.weights = np.zeros((3, len(lane.start), lane.start.shape[1] - 1), kind)
        self.weights[0] = np.where(lane.inverse == 0, 0.0, lane.start[:, :-1])
        self.bias = np.zeros((3, len(lane.start), 1), kind)
        self.bias[0, :, 0] = lane.start[:, -1]

    def write_effective(self, effective: NDArray[Any]) -> None:
        """Write the weights as the centred columns have them: divided by the scale."""
        effective[:, self.lane.at if self.lane.at.size else slice(None)] = self.weights[0] * self.inverse

    def step(self, number: int, gradient: NDArray[Any], tilt: NDArray[Any], out: NDArray[Any], bias: Any) -> None:
        """Take Adam's step ``number``, counted from 1."""
        from neuroscope_elasticnet.solvers.steps import update

        recipe, kind = self.lane.recipe, self.weights.dtype
        rate, mend = recipe.learning_rate / (1 - _BETA1**number), 1 / (1 - _BETA2**number)
        common = (_BETA1, _BETA2, 1 - _BETA1, 1 - _BETA2, _EPSILON, rate, mend)
        pull = (recipe.l1, recipe.l2_slope(self.weights[0]))
        update(self.weights, gradient, out, self.lane.at, self.inverse, np.array([*common, *pull], kind))
        nowhere, one = np.zeros(0, np.int64), np.ones(1, kind)
        update(self.bias, tilt, bias, nowhere, one, np.array([*common, 0, 0], kind))


def train(matrix: Matrix, center: Floats, order: Iterable[NDArray[np.int64]], lanes: Sequence[Lane]) -> list[Fit]:
    """Run Adam on all problems at once; float32 data are trained in float32, float64 in float64.

    Args:
        matrix: ``[rows, columns]``, read in the given order and never copied whole.
        center: ``[columns]``, subtracted from each row; all 0 = nothing is.
        order: the rows of each update.
        lanes: the problems.
    """
    from neuroscope_elasticnet.solvers.steps import turn_into_gradient

    kind = np.dtype(matrix.dtype)
    states = [_LaneState(lane, kind) for lane in lanes]
    first = np.cumsum([0, *(len(lane.start) for lane in lanes)])
    own = [slice(begin, end) for begin, end in pairwise(first.tolist())]
    effective = np.zeros((first[-1], matrix.shape[1]), kind)
    bias = np.concatenate([state.bias[0] for state in states])
    for state, rows in zip(states, own, strict=True):
        state.write_effective(effective[rows])
    labels = np.stack([lane.y for lane in lanes])
    shift = center.astype(kind) if center.any() else None
    gradient, number = np.empty_like(effective), 0
    for number, rows_of_it in enumerate(order, start=1):
        batch = _neighbours(rows_of_it)
        block = matrix[batch] if shift is None else matrix[batch] - shift
        residuals = block @ effective.T
        turn_into_gradient(residuals, bias[:, 0], np.ascontiguousarray(labels[:, batch]), first)
        np.matmul(residuals.T, block, out=gradient)
        tilt = residuals.sum(axis=0)[:, None]
        for state, rows in zip(states, own, strict=True):
            state.step(number, gradient[rows], tilt[rows], effective[rows], bias[rows])
    return [
        Fit(state.weights[0].astype(np.float64), state.bias[0, :, 0].astype(np.float64), number, np.nan)
        for state in states
    ]


def _neighbours(rows: NDArray[np.int64]) -> NDArray[np.int64] | slice:
    """Rows that follow each other as a slice, which copies nothing."""
    return slice(int(rows[0]), int(rows[-1]) + 1) if (np.diff(rows) == 1).all() else rows
