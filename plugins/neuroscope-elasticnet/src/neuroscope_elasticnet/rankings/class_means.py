"""Means of columns over the rows of each class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def class_means(values: NDArray[np.float32], y: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean of each column over the rows of each class: ``[classes that have rows, columns]``, by class number."""
    order = np.argsort(y, kind="stable")
    starts = np.flatnonzero(np.diff(y[order])) + 1
    return np.array([values[rows].mean(axis=0, dtype=np.float64) for rows in np.split(order, starts)])
