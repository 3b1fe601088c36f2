"""Weights in closed form, from each column alone to all columns together, for many labels over the same rows.

The classes' indicators are regressed on scaled columns with a ridge; R, the columns' covariance, enters as
``(R + penalty)^-power``. Power 1 gives the weights of ridge regression, 0 the covariance of each column with the class,
1/2 what lies half-way: the correlation-adjusted scores of Zuber and Strimmer (2009, arXiv 0903.2003).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuroscope_elasticnet.matrix.scaling import ScaledMatrix, column_scales, moments
from neuroscope_elasticnet.rankings.class_means import group_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_BLOCK = 512  # columns of a block of the rows' products


@dataclass(frozen=True, slots=True)
class Member:
    """One way to weigh columns: what the covariance of the columns is raised to, and what is added to it."""

    power: float
    penalty: float


class RowsOfGroups:
    """Scaled training rows, of which each group counts once, and the products that all parts of them share.

    Args:
        values: float32 ``[rows, columns]``; columns are centred and divided by their standard deviations.
        groups: ``[rows]``.

    Attributes:
        scaled: the matrix, never held as a whole.
        weights: ``[rows]``; those of a group add up to 1.
        products: ``scaled @ scaled.T``, where there are fewer rows than columns; else None.
    """

    def __init__(self, values: NDArray[np.float32], groups: NDArray[np.int64]) -> None:
        self.weights = group_weights(groups)
        center, sd = moments(values, self.weights)
        _, inverse = column_scales(sd, "sd", None)
        self.scaled = ScaledMatrix(values, center, inverse)
        rows, columns = values.shape
        self.products = _products(self.scaled) if rows <= columns else None


class Part:
    """Some of the rows, factorised once for all labels.

    Args:
        whole: what they are a part of.
        rows: their numbers.
    """

    def __init__(self, whole: RowsOfGroups, rows: NDArray[np.int64]) -> None:
        self._whole, self.rows = whole, rows
        self.share = whole.weights[rows] / whole.weights[rows].sum()
        spread = np.zeros(whole.scaled.shape[0])
        spread[rows] = self.share
        self.center: Floats = whole.scaled.correlate(spread[None])[0]
        squared = self._outer() if whole.products is None else self._inner(whole.products)
        self._values, self._vectors = np.linalg.eigh(squared)
        self._values = np.maximum(self._values, 0)

    def weights(self, targets: Floats, members: Sequence[Member]) -> Floats:
        """Weights of each column.

        Args:
            targets: ``[rows of the part, classes]``.
            members: ways to weigh.

        Returns:
            ``[members, classes, columns]``.
        """
        root = np.sqrt(self.share)[:, None]
        centred = targets - self.share @ targets
        if self._whole.products is None:
            along = self._vectors.T @ self._correlate(centred * self.share[:, None]).T
        else:
            along = self._vectors.T @ (centred * root)
        shrunk = [along / (self._values[:, None] + each.penalty) ** each.power for each in members]
        turned = self._vectors @ np.hstack(shrunk)
        found: Floats = turned.T if self._whole.products is None else self._correlate(turned * root)
        return found.reshape(len(members), targets.shape[1], -1)

    def _correlate(self, sums: Floats) -> Floats:
        """``sums.T @ (rows - center)``: ``[rows of the part, k]`` -> ``[k, columns]``."""
        spread = np.zeros((sums.shape[1], self._whole.scaled.shape[0]))
        spread[:, self.rows] = sums.T
        found: Floats = self._whole.scaled.correlate(spread) - sums.sum(axis=0)[:, None] * self.center
        return found

    def _inner(self, products: Floats) -> Floats:
        """Products of the rows, less the part's mean, each times the root of its share."""
        raw = products[np.ix_(self.rows, self.rows)]
        mean = raw @ self.share
        centred = raw - mean[:, None] - mean + self.share @ mean
        root = np.sqrt(self.share)
        found: Floats = centred * root[:, None] * root
        return found

    def _outer(self) -> Floats:
        """Covariance of the columns."""
        columns = self._whole.scaled.shape[1]
        total = np.zeros((columns, columns))
        for start in range(0, len(self.rows), _BLOCK):
            chosen = slice(start, start + _BLOCK)
            block = (self._whole.scaled.rows(self.rows[chosen]) - self.center) * np.sqrt(self.share[chosen])[:, None]
            total += block.T @ block
        return total


def _products(scaled: ScaledMatrix) -> Floats:
    rows, columns = scaled.shape
    total = np.zeros((rows, rows))
    for start in range(0, columns, _BLOCK):
        block = scaled.columns(np.arange(start, min(start + _BLOCK, columns)))
        total += block.T @ block
    return total
