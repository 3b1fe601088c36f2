"""Intervals and ± of scores, against what is known of them; their coverage is measured in benchmarks/calibration.py."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, t

from neuroscope.probing.statistics import estimate as module
from neuroscope.probing.statistics.estimate import Estimate, estimate
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


def plain(right, groups, classes, metric):
    """The variance of a score, row by row as docs/decisions/0002-intervals.md has it: variance, prior rows, freedom."""
    names = sorted(set(classes))
    count = {name: sum(each == name for each in classes) for name in names}
    balanced = metric == "balanced_accuracy"
    weight = [1 / (count[each] * len(names)) if balanced else 1 / len(right) for each in classes]
    value = sum(w * r for w, r in zip(weight, right, strict=True))
    error, share, independent = {}, {}, 0.0
    for name in names:
        of_class = [row for row in range(len(right)) if classes[row] == name]
        own = len({groups[row] for row in of_class})
        mean = sum(right[row] for row in of_class) / len(of_class)
        mean = value + (own - 1) / own * (mean - value)  # one group says nothing of its class alone
        for row in of_class:
            wider = np.sqrt(own / (own - 1)) if own > 1 else 1.0
            group = groups[row]
            error[group] = error.get(group, 0.0) + wider * weight[row] * (right[row] - mean)
            independent += weight[row] ** 2 * (right[row] - mean) ** 2
    for w, group in zip(weight, groups, strict=True):
        share[group] = share.get(group, 0.0) + w
    seen = sum(each**2 for each in error.values())
    rows, sizes = 1 / sum(w**2 for w in weight), [each**2 for each in share.values()]
    beside = max(rows * sum(sizes), 1) - 1
    prior = 1 + 0.1 * beside
    wrong = {group for r, group in zip(right, groups, strict=True) if r**2 < 1}
    erring = min(len(wrong), len({group for r, group in zip(right, groups, strict=True) if r}))
    variance = (erring * seen + prior * independent) / (erring + 1) if beside and independent else seen
    return value, variance, rows / prior, sum(sizes) ** 2 / sum(each**2 for each in sizes) - 1


def drawn_rows(seed, values):
    """Groups of unequal size and accuracy, a class of one group among three."""
    rng = np.random.default_rng(seed)
    groups = rng.permutation(np.repeat(np.arange(9), rng.integers(2, 9, size=9)))
    classes = np.where(groups == 0, 2, groups % 2)
    knows = rng.random(9)[groups] < rng.random(len(groups))
    return np.where(knows, values[-1], rng.choice(values[:-1], size=len(groups))).astype(float), groups, classes


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("seed", range(6))
def test_the_variance_is_the_groups_own_drawn_to_a_small_correlation(seed, metric):
    right, groups, classes = drawn_rows(seed, [0, 1])
    value, variance, _, freedom = plain(right, groups, classes, metric)
    found = one(of(right, groups, classes), metric)
    rows = value * (1 - value) / (1.1 * variance)  # a tenth more for other training speakers
    kept = (value * rows + 0.1) / (rows + 0.2)
    z = t.ppf(0.975, freedom)
    half = z * np.sqrt(value * (1 - value) / rows + z**2 / (4 * rows**2)) / (1 + z**2 / rows)
    middle = (value + z**2 / (2 * rows)) / (1 + z**2 / rows)
    assert found.freedom == pytest.approx(freedom)
    assert found.sd == pytest.approx(np.sqrt(kept * (1 - kept) / rows))
    assert (found.low, found.high) == pytest.approx((middle - half, middle + half))


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("seed", range(6))
def test_so_is_that_of_a_difference_with_half_a_disagreement_more(seed, metric):
    right, groups, classes = drawn_rows(seed, [-1, 0, 1])
    value, variance, rows, freedom = plain(right, groups, classes, metric)
    found = one(of(right, groups, classes), metric, difference=True)
    sd = np.sqrt(1.1 * variance + 1 / (rows / 1.1 + 1) ** 2)
    half = t.ppf(0.975, freedom) * sd
    assert found.sd == pytest.approx(sd)
    assert (found.low, found.high) == pytest.approx((max(-1, value - half), min(1, value + half)))


def test_single_rows_are_their_own_evidence_whatever_their_groups_are_called():
    right = np.array([1, 0, 0, -1, 0, 1, 0])
    found = one(of(right), difference=True)
    assert found.sd**2 == pytest.approx(1.1 * right.var(ddof=1) / 7 + 1 / (7 / 1.1 + 1) ** 2)
    rng = np.random.default_rng(0)
    for rows in range(8, 40):  # weights of thirds round: sums over groups and over rows are not the same digits
        right, classes = rng.integers(2, size=rows), rng.permutation(np.arange(rows) % 3)
        named, renamed = (one(of(right, each, classes), METRICS[1]) for each in (None, rng.permutation(rows)))
        assert renamed.sd == pytest.approx(named.sd, rel=1e-9)


@pytest.mark.parametrize("swapped", [False, True])
def test_groups_count_that_have_the_rarer_outcome(swapped):
    """Three groups of twelve have an error, or a right row: how alike a group is, is seen in those three alone."""
    groups = np.repeat(np.arange(12), 5)
    rare = (groups < 3) & (groups == np.arange(60) % 5)  # one row in each of three groups
    found = one(of(rare if swapped else ~rare, groups))
    rate = 3 / 60
    seen = 12 / 11 * sum((each / 60) ** 2 for each in [0.25 - 1] * 3 + [0.25] * 9)
    variance = 1.1 * (3 / 4 * seen + 1 / 4 * 1.4 * rate * (1 - rate) / 60)
    counted = rate * (1 - rate) / variance
    kept = (rate * counted + 0.1) / (counted + 0.2)
    assert found.sd == pytest.approx(np.sqrt(kept * (1 - kept) / counted))


def test_where_all_is_right_the_interval_is_that_of_rows_as_alike_as_groups_are_taken_to_be():
    found = one(of(np.ones(80), np.repeat(np.arange(20), 4)))
    rows = 80 / 1.3 / 1.1
    assert found.low == pytest.approx(1 / (1 + t.ppf(0.975, 19) ** 2 / rows))


def test_a_difference_lies_within_a_hundred_points():
    few = of([1, 1, 1, 1, 1, 0], [0, 0, 1, 1, 2, 2])
    assert one(few, difference=True).high == 1
    assert one(of(-few.right, few.groups), difference=True).low == -1


def test_a_difference_is_above_zero_by_students_tail():
    assert Estimate(0.04, 0.02, None, None, 9).p_above_zero == pytest.approx(t.sf(2, 9))
    assert Estimate(-0.04, 0.02, None, None, 3).p_above_zero == pytest.approx(t.sf(-2, 3))


def test_where_runs_draw_their_splits_the_spread_between_them_is_all_that_is_added():
    """Nothing for training speakers beside it, and of two variances from elsewhere the larger."""
    outcomes = [of(np.arange(50) % 5 > 0, np.arange(50) // 5 % 8) for _ in range(2)]
    fixed, drawn = (estimate(outcomes, "accuracy", drawn=each) for each in (False, True))
    assert drawn.sd**2 == pytest.approx(fixed.sd**2 / 1.1, rel=5e-3)
    unlike = [of(np.arange(50) % every > 0, np.arange(50) // 5 % 8) for every in (5, 2)]
    between = module.variance_between([each.score("accuracy") for each in unlike])
    alone, less, more = (
        estimate(unlike, "accuracy", drawn=True, difference=True, more_variance=factor * between)
        for factor in (0.0, 0.5, 2.0)
    )
    assert less.sd == alone.sd
    assert more.sd**2 == pytest.approx(alone.sd**2 + between)
