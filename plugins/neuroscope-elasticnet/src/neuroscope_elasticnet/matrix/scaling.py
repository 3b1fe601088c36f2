"""Learn centre and scale of columns, and read the scaled matrix block by block, never held as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from neuroscope_elasticnet.matrix.selection import Matrix

Floats = NDArray[np.float64]

_BLOCK = 2**20  # elements of a block of rows: 8 MiB in float64, so that a block stays in the cache between two uses


@dataclass(frozen=True, slots=True)
class ScaledMatrix:
    """``(values - center) * inverse`` in float64, without ever making it whole.

    Attributes:
        values: ``[rows, columns]``, float32 or float64, as the user gave it, or a selection of that.
        center: ``[columns]``.
        inverse: ``[columns]``, 1 / scale; 0 for a column that is to be left out: it then reads as zeros.
    """

    values: Matrix
    center: Floats
    inverse: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.values.shape
        return rows, columns

    def rows(self, which: NDArray[np.int64] | slice) -> Floats:
        """Some rows: ``[len(which), columns]``."""
        chosen: Floats = np.subtract(self.values[which], self.center, dtype=np.float64)
        chosen *= self.inverse
        return chosen

    def blocks(self) -> Iterator[tuple[slice, Floats]]:
        """Blocks of rows: where they are, and their scaled values."""
        for rows in row_blocks(*self.shape):
            yield rows, self.rows(rows)

    def correlate(self, residuals: Floats) -> Floats:
        """``residuals @ scaled``: ``[k, rows]`` -> ``[k, columns]``."""
        total = np.zeros((len(residuals), self.shape[1]))
        for rows in row_blocks(*self.shape):
            # the scale comes last, so that a pass over the matrix multiplies once
            total += residuals[:, rows] @ np.subtract(self.values[rows], self.center, dtype=np.float64)
        total *= self.inverse
        return total

    def project(self, weights: Floats) -> Floats:
        """``weights @ scaled.T``: ``[k, columns]`` -> ``[k, rows]``."""
        total = np.empty((len(weights), self.shape[0]))
        for rows, block in self.blocks():
            total[:, rows] = weights @ block.T
        return total

    def raw_columns(self, which: NDArray[np.int64], out: NDArray[Any]) -> None:
        """Some columns, as they are, into ``out`` ``[len(which), rows]``."""
        for rows in row_blocks(*self.shape):
            out[:, rows] = self.values[rows][:, which].T

    def columns(self, which: NDArray[np.int64]) -> Floats:
        """Some scaled columns: ``[len(which), rows]``."""
        chosen = np.empty((len(which), self.shape[0]))
        self.raw_columns(which, chosen)
        chosen -= self.center[which, None]
        chosen *= self.inverse[which, None]
        return chosen


def row_blocks(rows: int, columns: int) -> Iterator[slice]:
    """Slices that cut the rows of a matrix into blocks of bounded size."""
    step = max(16, _BLOCK // max(columns, 1))
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def moments(values: Matrix, weights: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each column; 0 for one that is constant up to the rounding of its type."""
    share = weights / weights.sum()
    center = np.zeros(values.shape[1])
    variance = np.zeros(values.shape[1])
    for rows in row_blocks(*values.shape):
        center += share[rows] @ values[rows].astype(np.float64)
    for rows in row_blocks(*values.shape):
        variance += share[rows] @ np.subtract(values[rows], center, dtype=np.float64) ** 2
    sd = np.sqrt(variance)
    sd[sd <= 4 * np.finfo(values.dtype).eps * np.abs(center)] = 0
    return center, sd


def column_scales(sd: Floats, scale: str, layers: NDArray[np.int64] | None) -> tuple[Floats, Floats]:
    """What each column is divided by, and the inverse of that.

    Args:
        sd: ``[columns]``, standard deviations; 0 for a constant column.
        scale: ``soft`` divides by ``sqrt(sd^2 + (median sd of the layer)^2)``, ``sd`` by sd, ``none`` by 1.
        layers: ``[columns]``, a number for each column's layer; None = all are of one.

    Returns:
        The scale, 1 where it would be 0; and its inverse, 0 for a constant column, which then reads as zeros.
    """
    divisor = _soft(sd, layers) if scale == "soft" else sd if scale == "sd" else np.ones_like(sd)
    divisor = np.where(divisor > 0, divisor, 1.0)
    return divisor, np.where(sd == 0, 0.0, 1 / divisor)


def _soft(sd: Floats, layers: NDArray[np.int64] | None) -> Floats:
    floor = np.empty_like(sd)
    numbers = np.zeros(len(sd), np.int64) if layers is None else layers
    for number in np.unique(numbers):
        floor[numbers == number] = np.median(sd[numbers == number])
    return np.hypot(sd, floor)
