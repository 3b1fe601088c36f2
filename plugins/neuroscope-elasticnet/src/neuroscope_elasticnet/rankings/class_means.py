"""Means of columns over the rows of each class, and how much a row counts in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def class_means(
    values: NDArray[np.float32], y: NDArray[np.int64], weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Mean of each column over the rows of each class: ``[classes that have rows, columns]``, by class number.

    Args:
        values: ``[rows, columns]``; may be a memory map.
        y: ``[rows]``, class numbers.
        weights: ``[rows]``, how much each counts; None = all alike.
    """
    order = np.argsort(y, kind="stable")
    starts = np.flatnonzero(np.diff(y[order])) + 1
    parts = np.split(order, starts)
    if weights is None:
        return np.array([values[rows].mean(axis=0, dtype=np.float64) for rows in parts])
    return np.array([(weights[rows] / weights[rows].sum()) @ values[rows].astype(np.float64) for rows in parts])


def group_weights(groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """How much each row counts where each group counts once: ``[rows]``; those of a group add up to 1.

    Utterances of one speaker are not independent: a speaker with many is hardly more evidence than one with few.
    """
    _, member, counts = np.unique(groups, return_inverse=True, return_counts=True)
    return 1 / counts[member]
