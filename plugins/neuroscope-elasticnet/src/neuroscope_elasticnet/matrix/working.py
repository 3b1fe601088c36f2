"""The working set of a fit: columns held as they came, in their own type, and scaled where they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope_elasticnet.matrix.scaling import row_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroscope_elasticnet.matrix.scaling import Floats, ScaledMatrix


class WorkingSet:
    """Columns of a matrix, contiguous, in the order in which they were added.

    Attributes:
        which: ``[k]``, their numbers.
        raw: ``[k, rows]``, float32 or float64 as in the matrix.
        center: ``[k]``.
        inverse: ``[k]``, 1 / scale.
    """

    def __init__(self, matrix: ScaledMatrix) -> None:
        self._matrix = matrix
        self.which = np.zeros(0, np.int64)
        self.raw: NDArray[Any] = np.zeros((0, matrix.shape[0]), matrix.values.dtype)
        self.center, self.inverse = np.zeros(0), np.zeros(0)

    def add(self, columns: NDArray[np.int64]) -> None:
        """Add columns. The array grows in place: a copy would need the memory twice."""
        before = len(self.which)
        self.which = np.concatenate([self.which, columns])
        self.raw.resize((len(self.which), self.raw.shape[1]), refcheck=False)
        self._matrix.raw_columns(columns, self.raw[before:])
        self.center, self.inverse = self._matrix.center[self.which], self._matrix.inverse[self.which]

    def project(self, weights: Floats) -> Floats:
        """``weights @ scaled``: ``[c, k]`` -> ``[c, rows]``."""
        found = np.empty((len(weights), self.raw.shape[1]))
        shrunk = weights * self.inverse
        for rows in row_blocks(self.raw.shape[1], len(self.which)):
            found[:, rows] = shrunk @ np.subtract(self.raw[:, rows], self.center[:, None], dtype=np.float64)
        return found

    def correlate(self, residuals: Floats) -> Floats:
        """``residuals @ scaled.T``: ``[c, rows]`` -> ``[c, k]``."""
        found = np.zeros((len(residuals), len(self.which)))
        for rows in row_blocks(self.raw.shape[1], len(self.which)):
            block = np.subtract(self.raw[:, rows], self.center[:, None], dtype=np.float64)
            found += residuals[:, rows] @ block.T
        found *= self.inverse
        return found
