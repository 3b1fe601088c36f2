"""Bootstraps of rows: their groups are drawn with replacement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


def group_draws(
    groups: NDArray[np.int64], values: NDArray[np.int64], rng: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Draw the groups with replacement, again and again; a class that a draw misses brings one of its groups.

    Args:
        groups: int64 ``[rows]``, group of each row.
        values: int64 ``[rows]``, class of each row.
        rng: of the draws.

    Yields:
        int64 ``[rows]``, how often each row comes in one draw; there is no last one.
    """
    names, member = np.unique(groups, return_inverse=True)
    groups_of_class = [np.unique(member[values == number]) for number in np.unique(values)]
    while True:
        times = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names))
        for own in groups_of_class:
            if not times[own].any():
                times[rng.choice(own)] += 1
        yield times[member].astype(np.int64)
