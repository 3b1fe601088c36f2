"""Some rows and columns of a matrix, copied only where the copy is small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_COPIED = 2**27  # bytes: a selection up to this size is copied once, a larger one is gathered block by block

Places = NDArray[np.int64] | slice


@dataclass(frozen=True, slots=True)
class Selection:
    """A selection that is never held as a whole; answers to ``shape``, ``dtype`` and ``[rows]``.

    Attributes:
        values: ``[all rows, all columns]``, may be a memory map.
        chosen: its rows; None = all.
        columns: its columns.
    """

    values: NDArray[Any]
    chosen: NDArray[np.int64] | None
    columns: Places

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the selection."""
        rows, columns = self.values.shape
        across = len(range(*self.columns.indices(columns))) if isinstance(self.columns, slice) else len(self.columns)
        return rows if self.chosen is None else len(self.chosen), across

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the matrix."""
        return self.values.dtype

    def __getitem__(self, rows: Places) -> NDArray[Any]:
        found: NDArray[Any] = self.values[rows if self.chosen is None else self.chosen[rows]][:, self.columns]
        return found


Matrix = NDArray[Any] | Selection


def select(values: NDArray[Any], rows: NDArray[np.int64] | None, columns: Places) -> Matrix:
    """Select rows and columns: as a view where possible, else as a copy if it is small, else as a `Selection`.

    Args:
        values: ``[all rows, all columns]``.
        rows: their numbers; None = all, which a view asks for.
        columns: a slice, which a view asks for, or their numbers.
    """
    if isinstance(columns, slice):
        values, columns = values[:, columns], slice(None)
        if rows is None:
            return values
    chosen = Selection(values, rows, columns)
    height, width = chosen.shape
    if height * width * values.itemsize > _COPIED:
        return chosen
    copy = np.empty((height, width), values.dtype)
    for start in range(0, height, 256):
        block = slice(start, start + 256)
        copy[block] = chosen[block]
    return copy


def some_rows(values: Matrix, rows: NDArray[np.int64]) -> Matrix:
    """Select rows of a matrix or of a selection."""
    if isinstance(values, Selection):
        return select(values.values, rows if values.chosen is None else values.chosen[rows], values.columns)
    return select(values, rows, slice(None))


def places(columns: Any, width: int) -> Places:
    """Turn columns, given as positions or as a mask, into positions; neighbours in order into a slice.

    Raises:
        ValueError: there are none, or one is not there.
    """
    if columns is None:
        return slice(0, width)
    given = np.asarray(columns)
    numbers = np.flatnonzero(given) if given.dtype.kind == "b" and given.shape == (width,) else given
    if numbers.ndim != 1 or not len(numbers) or numbers.dtype.kind not in "iu":
        raise ValueError(f"columns must hold positions of columns, or {width} truth values of which one is true")
    if numbers.min() < 0 or numbers.max() >= width:
        raise ValueError(f"columns must lie between 0 and {width - 1}")
    numbers = numbers.astype(np.int64)
    if (np.diff(numbers) == 1).all():
        return slice(int(numbers[0]), int(numbers[-1]) + 1)
    return numbers
