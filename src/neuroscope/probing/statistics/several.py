"""Several comparisons at once: p-values and intervals that hold for all of them together."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.defaults import LEVEL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroscope.probing.statistics.estimate import Estimate


def holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjust p-values for their number (Holm 1979).

    The chance of any false finding among them is then no more than the level that they are read at.
    """
    order = np.argsort(p_values, kind="stable")
    steps = p_values[order] * (len(p_values) - np.arange(len(p_values)))
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(steps))
    return adjusted


def range_interval(gap: Estimate, count: int) -> tuple[float, float] | tuple[None, None]:
    """Compute the interval of a difference between two of ``count`` means that is one of all their differences at once.

    The largest of the means may be compared with all others although it was chosen by looking: the chance that any two
    equal ones are told apart is 5 % (Tukey; Kramer 1956, with the paired deviation of each difference).

    Args:
        gap: of two of the means.
        count: how many there are to compare, at least two.
    """
    if gap.sd is None:
        return None, None
    half = range_quantile(count, int(gap.freedom)) / np.sqrt(2) * gap.sd
    return max(-1.0, gap.value - half), min(1.0, gap.value + half)


@cache
def range_quantile(count: int, freedom: int) -> float:
    """Compute the range of ``count`` equal means, in their standard deviations, that 5 % exceed; it takes a while."""
    from scipy.stats import studentized_range

    return float(studentized_range.ppf(1 - LEVEL, count, freedom))
