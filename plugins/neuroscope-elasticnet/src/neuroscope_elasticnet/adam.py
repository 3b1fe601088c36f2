"""The paper's fit (section 4.3): a fixed number of Adam's steps from a random start.

Plain numpy: the gradient of softmax regression is two products of matrices, so that torch would bring seconds of import
and a global generator, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuroscope_elasticnet.fit import Fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroscope_elasticnet.scaling import Floats, Scaled

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8  # torch.optim.Adam's own defaults


@dataclass(frozen=True, slots=True)
class Recipe:
    """How Adam goes.

    Attributes:
        l1: weight of the sum of absolute weights.
        l2: weight of the sum of squares, or of its root.
        plain: whether the L2 norm is taken without the square, as NeuroX does.
        shuffle: whether each epoch sees the rows in a new order; False keeps the order of the data.
        epochs: passes over the rows.
        batch: rows of an update; the last of an epoch may have fewer.
        learning_rate: Adam's.
    """

    l1: float
    l2: float
    plain: bool
    shuffle: bool
    epochs: int
    batch: int
    learning_rate: float

    def slope(self, weights: Floats) -> Floats:
        """Gradient of the penalty; 0 where it has none, as torch does."""
        pull = self.l1 * np.sign(weights)
        if not self.plain:
            return pull + 2 * self.l2 * weights
        norm = np.sqrt(np.vdot(weights, weights))
        return pull + self.l2 / norm * weights if norm > 0 else pull


def start(classes: int, columns: int, generator: np.random.Generator) -> Floats:
    """Weights, and bias as the last column, uniform in +-1/sqrt(columns) as in torch.nn.Linear."""
    bound = 1 / np.sqrt(columns)
    return generator.uniform(-bound, bound, (classes, columns + 1))


def batches(rows: NDArray[np.int64], recipe: Recipe, generator: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Row numbers of each update."""
    for _ in range(recipe.epochs):
        order = generator.permutation(rows) if recipe.shuffle else rows
        for begin in range(0, len(rows), recipe.batch):
            yield order[begin : begin + recipe.batch]


def canonical(matrix: Scaled, y: NDArray[np.int64]) -> NDArray[np.int64]:
    """Row numbers in an order that depends on what the rows hold alone, so that a seed means the same for any order."""
    from hashlib import blake2b

    keys = [blake2b(np.ascontiguousarray(row).data, digest_size=16).digest() for row in matrix.values]
    return np.array(sorted(range(len(keys)), key=lambda i: (keys[i], y[i])), np.int64)


def follow(
    matrix: Scaled,
    y: NDArray[np.int64],
    counts: NDArray[np.int64],
    classes: int,
    recipe: Recipe,
    generator: np.random.Generator,
) -> Fit:
    """Run the recipe.

    Args:
        matrix: the training rows.
        y: ``[rows]``, class numbers.
        counts: ``[rows]``, how often each row occurs.
        classes: how many there are.
        recipe: what to do.
        generator: draws the start, then the orders.
    """
    rows = canonical(matrix, y) if recipe.shuffle else np.arange(len(y))
    rows = np.repeat(rows, counts[rows])
    weights = start(classes, matrix.shape[1], generator)
    weights[:, :-1][:, matrix.inverse == 0] = 0
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    steps = 0
    for batch in batches(rows, recipe, generator):
        steps += 1
        gradient = _gradient(weights, matrix.rows(batch), y[batch])
        gradient[:, :-1] += recipe.slope(weights[:, :-1])
        first = _BETA1 * first + (1 - _BETA1) * gradient
        second = _BETA2 * second + (1 - _BETA2) * gradient**2
        root = np.sqrt(second / (1 - _BETA2**steps)) + _EPSILON
        weights -= recipe.learning_rate / (1 - _BETA1**steps) * first / root
    return Fit(weights[:, :-1], weights[:, -1], steps, np.nan)


def _gradient(weights: Floats, block: Floats, y: NDArray[np.int64]) -> Floats:
    logits = block @ weights[:, :-1].T + weights[:, -1]
    residuals = np.exp(logits - logits.max(axis=1, keepdims=True))
    residuals /= residuals.sum(axis=1, keepdims=True)
    residuals[np.arange(len(y)), y] -= 1
    residuals /= len(y)
    return np.concatenate([residuals.T @ block, residuals.sum(axis=0)[:, None]], axis=1)
