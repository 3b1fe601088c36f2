"""Intervals and ± of scores, against what is known of them; their coverage is measured in benchmarks/calibration.py."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, t

from neuroscope.probing.statistics import estimate as module
from neuroscope.probing.statistics.estimate import estimate
from neuroscope.probing.statistics.outcomes import METRICS, Outcomes


def of(right, groups=None, classes=None, rows=None):
    right = np.asarray(right, dtype=float)
    rows = np.arange(len(right)) if rows is None else np.asarray(rows)
    groups = rows if groups is None else np.asarray(groups)
    return Outcomes(right, rows, np.zeros(len(right), int) if classes is None else np.asarray(classes), groups)


def one(outcomes, metric="accuracy", **more):
    return estimate([outcomes], metric, drawn=False, **more)


@pytest.fixture
def alone(monkeypatch):
    """Nothing is added for other training speakers."""
    monkeypatch.setattr(module, "_TRAINING", 1.0)


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("right", [5, 500, 900, 995])
def test_of_rows_that_are_their_own_groups_it_is_wilsons_interval(right):
    found = one(of(np.arange(1000) < right))
    expected = binomtest(right, 1000).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=4e-4)
    assert found.sd == pytest.approx(np.sqrt(right / 1000 * (1 - right / 1000) / 1000), rel=0.02)


@pytest.mark.usefixtures("alone")
def test_rows_of_a_group_that_stand_and_fall_together_are_one_row():
    """Forty groups, each all right or all wrong: the interval of forty coins, not of four hundred."""
    groups = np.repeat(np.arange(40), 10)
    found = one(of(groups < 30, groups))
    assert found.sd == pytest.approx(np.sqrt(0.75 * 0.25 / 39), rel=0.05)
    assert found.freedom == pytest.approx(39)


@pytest.mark.usefixtures("alone")
def test_classes_that_differ_do_not_widen_it():
    """One class is always right and one never: with the classes' shares given, nothing varies."""
    classes = np.repeat([0, 1], 200)
    groups = np.repeat(np.arange(80), 5)
    assert one(of(classes == 0, groups, classes)).sd < 0.01
    mixed = np.random.default_rng(0).permutation(classes)
    assert one(of(mixed == 0, groups)).sd > 0.02


@given(st.integers(0, 300))
def test_it_holds_the_value_lies_within_0_and_1_and_has_a_width(seed):
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(4, 60))
    groups = rng.integers(max(2, rows // 4), size=rows)
    groups[:2] = 0, 1
    outcomes = of(rng.random(rows) < rng.choice([0, 0.5, 0.95, 1]), groups, rng.integers(3, size=rows))
    for metric in METRICS:
        found = one(outcomes, metric)
        assert 0 <= found.low <= found.value <= found.high <= 1
        assert found.high - found.low > 0.01
        assert found.sd > 0
        assert found.value == outcomes.score(metric)


@pytest.mark.parametrize("groups", [2, 10, 80])
def test_no_error_seen_is_not_no_error_possible(groups):
    found = one(of(np.ones(groups * 4), np.repeat(np.arange(groups), 4)))
    assert (found.value, found.high) == (1, 1)
    assert found.low < 0.5 ** (1 / groups)  # of so many groups, every other corpus has an error below this


def test_one_group_has_no_interval():
    found = one(of([1, 0, 1], [7, 7, 7]))
    assert (found.value, found.sd, found.low, found.high) == (pytest.approx(2 / 3), None, None, None)
    assert found.p_above_zero == 1


def test_a_row_that_several_runs_test_counts_once():
    outcomes = of(np.arange(50) % 5 > 0, np.arange(50) // 5 % 8)
    same = estimate([outcomes] * 4, "accuracy", drawn=False)
    once = one(outcomes)
    assert (same.value, same.sd, same.low, same.high) == pytest.approx((once.value, once.sd, once.low, once.high))
    others = estimate(
        [outcomes, of(outcomes.right, outcomes.groups + 8, rows=outcomes.rows + 50)], "accuracy", drawn=False
    )
    assert others.sd < 0.75 * once.sd


def test_the_spread_between_runs_that_drew_their_splits_is_added():
    outcomes = [of(np.arange(50) % every > 0, np.arange(50) // 5 % 8) for every in (5, 5, 5, 2)]
    fixed, drawn = (estimate(outcomes, "accuracy", drawn=each) for each in (False, True))
    between = np.var([each.score("accuracy") for each in outcomes], ddof=1) / 4
    assert drawn.value == fixed.value
    assert drawn.sd**2 == pytest.approx(fixed.sd**2 / 1.1 + between, rel=0.02)
    assert estimate(outcomes[:1], "accuracy", drawn=True) == estimate(outcomes[:1], "accuracy", drawn=False)


def test_a_difference_that_is_nowhere_has_a_width_too():
    found = one(of(np.zeros(60), np.repeat(np.arange(20), 3)), difference=True)
    assert found.value == 0
    assert -0.1 < found.low < 0 < found.high < 0.1
    assert found.p_above_zero == 0.5


@pytest.mark.usefixtures("alone")
def test_a_difference_has_students_interval_over_groups():
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(60), 5)
    right = rng.choice([-1, 0, 1], p=[0.1, 0.6, 0.3], size=300)
    found = one(of(right, groups), difference=True)
    of_group = np.array([right[groups == each].mean() for each in range(60)])
    assert found.sd == pytest.approx(of_group.std(ddof=1) / np.sqrt(60), rel=0.05)
    assert found.low == pytest.approx(found.value - 2.001 * found.sd, rel=1e-3)


def test_more_variance_widens():
    outcomes = of(np.arange(50) % 5 > 0)
    assert one(outcomes, more_variance=0.01).sd == pytest.approx(np.sqrt(one(outcomes).sd ** 2 + 0.01), rel=0.05)


def test_intervals_that_are_read_together_are_wider():
    outcomes = of(np.arange(60) % 5 > 0)
    alone, four = (one(outcomes, difference=True, family=count) for count in (1, 4))
    assert four.sd == alone.sd
    expected = t.ppf(1 - 0.05 / 8, 59) / t.ppf(0.975, 59)
    assert (four.high - four.value) / (alone.high - alone.value) == pytest.approx(expected, rel=1e-6)
