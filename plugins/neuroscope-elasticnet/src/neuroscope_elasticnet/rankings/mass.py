"""Algorithm 1 of the paper in closed form: scores from the share of a class's weight mass that larger weights hold.

The algorithm takes, for a growing share p of the mass, the largest weights of each class until p is reached, and joins
them over the classes; units are ordered by the p at which they come in. That p is known without the loop: for each
class it is the mass of the larger weights, and the least of these over the classes counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def left_mass(weights: NDArray[np.float64], *, inclusive: bool) -> NDArray[np.float64]:
    """The share of each class's mass that the larger weights leave; 0 for weight 0.

    Args:
        weights: ``[classes, units]``, not negative.
        inclusive: whether the unit that crosses p is taken, as NeuroX does; else its own mass counts as used up.

    Returns:
        ``[classes, units]``, from 1 for a class's largest weight; equal weights leave the same.
    """
    left = np.zeros_like(weights)
    for row, sizes in zip(left, weights, strict=True):
        values, where, times = np.unique(sizes, return_inverse=True, return_counts=True)
        behind = np.cumsum(values * times)  # from the smallest on, so that small shares keep their digits
        if behind[-1] > 0:
            row[:] = (behind if inclusive else np.append(0.0, behind[:-1]))[where] / behind[-1]
    return left


def scores(weights: NDArray[np.float64], left: NDArray[np.float64]) -> NDArray[np.float64]:
    """``1 - entry mass``; of units that come in together, those with a larger share of a class's mass score higher.

    They are put between their score and the next higher one (2 above the first), at most half-way. 0 is weight 0, and
    nothing else: what leaves nothing behind, because its own mass counts as used up, is above it in the same way.

    Args:
        weights: ``[classes, units]``, not negative.
        left: of them.

    Returns:
        ``[units]``.
    """
    mass = weights.sum(axis=1, keepdims=True)
    share = np.divide(weights, mass, out=np.zeros_like(weights), where=mass > 0).max(axis=0)
    most: NDArray[np.float64] = left.max(axis=0)
    values, where, times = np.unique(most, return_inverse=True, return_counts=True)
    above = np.append(values[1:], 2.0)
    alone = (times[where] == 1) & (most > 0)
    most += np.where(alone, 0, share * (above - values)[where] / 2)
    return most


def entry_mass(left: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """The first of ``step``, 2 ``step``, ... 1 at which Algorithm 1 has the unit: ``[units]``; NaN = at none."""
    most = left.max(axis=0)
    steps = 1 / step
    return np.where(most > 0, np.minimum(np.floor((1 - most) * steps) + 1, steps) / steps, np.nan)
