"""The paper's fit (section 4.3): a fixed number of Adam's steps from a random start.

Without torch: the gradient of softmax regression is two products of matrices, so that torch would bring seconds of
import and a global generator, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from neuroscope_elasticnet.matrix.scaling import row_blocks
from neuroscope_elasticnet.solvers.stack import Lane, train

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroscope_elasticnet.matrix.scaling import Floats, ScaledMatrix
    from neuroscope_elasticnet.matrix.selection import Matrix
    from neuroscope_elasticnet.solvers.fit import Fit
    from neuroscope_elasticnet.solvers.recipe import Recipe


def start(classes: int, columns: int, generator: np.random.Generator) -> Floats:
    """Draw the first weights, with the bias as the last column, uniform in +-1/sqrt(columns) as in torch.nn.Linear."""
    bound = 1 / np.sqrt(columns)
    return generator.uniform(-bound, bound, (classes, columns + 1))


def batches(rows: NDArray[np.int64], recipe: Recipe, generator: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """The row numbers of each update, epoch after epoch."""
    for _ in range(recipe.epochs):
        order = generator.permutation(rows) if recipe.shuffle else rows
        for begin in range(0, len(rows), recipe.batch):
            yield order[begin : begin + recipe.batch]


def fingerprints(values: Matrix) -> list[bytes]:
    """Digest the content of each row."""
    found = []
    for rows in row_blocks(*values.shape):
        found += [blake2b(row.data, digest_size=16).digest() for row in np.ascontiguousarray(values[rows])]
    return found


def canonical(rows: NDArray[np.int64], prints: list[bytes], y: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sort row numbers by what the rows hold alone, so that a seed means the same in whatever order they came."""
    return np.array(sorted(rows.tolist(), key=lambda row: (prints[row], y[row])), np.int64)


def follow(
    matrix: ScaledMatrix,
    y: NDArray[np.int64],
    counts: NDArray[np.int64],
    classes: int,
    recipe: Recipe,
    generator: np.random.Generator,
) -> Fit:
    """Train one problem by itself, as the recipe says.

    Args:
        matrix: the training rows.
        y: ``[rows]``, class numbers.
        counts: ``[rows]``, how often each row occurs.
        classes: how many there are.
        recipe: what to do.
        generator: draws the start, then the orders.
    """
    rows = np.arange(len(y))
    if recipe.shuffle:
        rows = canonical(rows, fingerprints(matrix.values), y)
    first = start(classes, matrix.shape[1], generator)
    lane = Lane(y, first, np.zeros(0, np.int64), matrix.inverse, recipe)
    return train(matrix.values, matrix.center, batches(np.repeat(rows, counts[rows]), recipe, generator), [lane])[0]
