"""P-values and intervals that hold for several comparisons at once."""

import numpy as np
import pytest
from scipy.stats import t

from neuroscope.probing.statistics.estimate import Estimate
from neuroscope.probing.statistics.several import holm, range_interval


def test_holm_multiplies_the_smallest_by_all_and_never_falls():
    assert holm(np.array([0.01, 0.04, 0.03])) == pytest.approx([0.03, 0.06, 0.06])
    assert holm(np.array([0.9, 0.6])) == pytest.approx([1, 1])


def test_of_two_means_it_is_students_interval():
    low, high = range_interval(Estimate(0.1, 0.02, 0, 0, 19), 2)
    half = t.ppf(0.975, 19) * 0.02
    assert (low, high) == pytest.approx((0.1 - half, 0.1 + half), rel=1e-3)


def test_more_means_are_farther_apart_by_chance():
    """The range of k independent means of equal variance, drawn: one time in twenty it is beyond the interval."""
    rng = np.random.default_rng(0)
    draws = rng.standard_normal((4000, 8))
    spread = draws.max(axis=1) - draws.min(axis=1)
    _, high = range_interval(Estimate(0.0, 0.1 * np.sqrt(2), 0, 0, 1e4), 8)
    assert np.mean(0.1 * spread > high) == pytest.approx(0.05, abs=0.012)


def test_without_a_spread_nothing_is_compared():
    assert range_interval(Estimate(0.1, None, None, None, 1), 3) == (None, None)


def test_a_difference_of_shares_lies_within_a_hundred_points():
    assert range_interval(Estimate(0.9, 0.2, 0, 0, 9), 4)[1] == 1
    assert range_interval(Estimate(-0.9, 0.2, 0, 0, 9), 4)[0] == -1
