"""Accuracy, its bootstrap over groups, and the summary over runs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from neuroscope.probing.metrics import DRAWS, Tally, interval, summarise, tally


def random_rows(seed, rows=60, classes=3, groups=12):
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=rows)
    predicted = np.where(rng.random(rows) < 0.7, truth, rng.integers(classes, size=rows))
    return truth, predicted, rng.integers(groups, size=rows)


@given(st.integers(0, 500))
def test_scores_agree_with_scikit_learn(seed):
    truth, predicted, groups = random_rows(seed)
    tallied = tally(truth, predicted, groups, 3)
    assert tallied.score("accuracy") == pytest.approx(accuracy_score(truth, predicted))
    if len(set(truth)) == len(set(truth) | set(predicted)):  # scikit-learn warns of predicted classes that are absent
        assert tallied.score("balanced_accuracy") == pytest.approx(balanced_accuracy_score(truth, predicted))


def test_balanced_accuracy_leaves_out_classes_without_a_row():
    tallied = tally(np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([0, 1, 2]), classes=5)
    assert tallied.score("balanced_accuracy") == pytest.approx((0.5 + 1.0) / 2)


def test_the_bootstrap_draws_whole_groups():
    """Ten groups, each all right or all wrong: the spread is that of ten coins, not of a thousand rows."""
    groups = np.repeat(np.arange(10), 100)
    truth = np.zeros(1000, dtype=int)
    predicted = (groups < 5).astype(int)
    draws = tally(truth, predicted, groups, 2).bootstrap("accuracy", seed=0)
    assert len(draws) == DRAWS
    assert draws.std() == pytest.approx(np.sqrt(0.25 / 10), rel=0.1)


def test_the_interval_is_that_of_a_resampling_written_out():
    truth, predicted, groups = random_rows(3, rows=200, groups=15)
    rng = np.random.default_rng(1)
    numbers = np.unique(groups)
    drawn = []
    for _ in range(2000):
        rows = np.concatenate([np.flatnonzero(groups == g) for g in rng.choice(numbers, size=len(numbers))])
        drawn.append((truth[rows] == predicted[rows]).mean())
    low, high = interval(tally(truth, predicted, groups, 3), "accuracy", seed=0)
    assert low == pytest.approx(np.percentile(drawn, 2.5), abs=0.02)
    assert high == pytest.approx(np.percentile(drawn, 97.5), abs=0.02)


@pytest.fixture
def counted_draws(monkeypatch):
    """Run 0 draws 0, 1, ... 1000, run 1 goes on to 2001: a percentile can be read off."""
    monkeypatch.setattr(Tally, "bootstrap", lambda self, metric, seed: np.arange(1001.0) + 1001 * seed)


@pytest.mark.usefixtures("counted_draws")
def test_an_interval_leaves_out_two_and_a_half_per_cent_on_each_side():
    assert interval(tally(*random_rows(0), 3), "accuracy", seed=0) == pytest.approx((25, 975))


@pytest.mark.usefixtures("counted_draws")
def test_the_interval_over_runs_leaves_out_as_much_of_the_draws_of_all_runs_together():
    total = summarise([tally(*random_rows(seed), 3) for seed in (0, 1)], "accuracy", [0, 1], same_test=True)
    assert (total.low, total.high) == pytest.approx((0.025 * 2001, 0.975 * 2001))


def test_two_groups_are_enough_for_an_interval():
    """One is all right and one all wrong: a quarter of the draws has the one twice, a quarter the other."""
    tallied = tally(np.array([0, 1]), np.array([0, 0]), np.array([3, 7]), 2)
    assert interval(tallied, "accuracy", seed=0) == (0, 1)
    total = summarise([tallied], "accuracy", [0], same_test=True)
    assert (total.low, total.high) == (0, 1)
    assert total.sd == pytest.approx(np.sqrt(1 / 8), rel=0.1)


def test_one_group_has_no_interval():
    tallied = tally(np.array([0, 1]), np.array([0, 0]), np.array([7, 7]), 2)
    assert interval(tallied, "accuracy", seed=0) == (None, None)
    total = summarise([tallied], "accuracy", [0], same_test=True)
    assert (total.mean, total.sd, total.low, total.high) == (0.5, None, None, None)


def test_the_same_seed_draws_the_same_groups():
    tallied = tally(*random_rows(5), 3)
    assert interval(tallied, "accuracy", seed=4) == interval(tallied, "accuracy", seed=4)
    assert not np.array_equal(tallied.bootstrap("accuracy", 4), tallied.bootstrap("accuracy", 5))


def test_a_shared_test_part_joins_both_variances():
    tallies = [tally(*random_rows(seed), 3) for seed in range(5)]
    seeds = list(range(5))
    values = [each.score("accuracy") for each in tallies]
    within = np.mean([each.bootstrap("accuracy", s).var() for each, s in zip(tallies, seeds, strict=True)])
    total = summarise(tallies, "accuracy", seeds, same_test=True)
    assert total.sd == pytest.approx(np.sqrt(np.var(values, ddof=1) + within))
    assert total.mean == pytest.approx(np.mean(values))


def test_drawn_splits_have_both_variances_in_their_spread():
    tallies = [tally(*random_rows(seed), 3) for seed in range(5)]
    total = summarise(tallies, "accuracy", list(range(5)), same_test=False)
    assert total.sd == pytest.approx(np.std([each.score("accuracy") for each in tallies], ddof=1))
    assert total.low < total.mean < total.high


def test_two_drawn_splits_say_something_of_it():
    tallies = [tally(np.array([0, 1]), np.array([0, said]), np.array([0, 1]), 2) for said in (0, 1)]
    total = summarise(tallies, "accuracy", [0, 1], same_test=False)  # half and all right
    assert (total.mean, total.sd) == pytest.approx((0.75, np.sqrt(1 / 8)))


def test_one_drawn_split_says_nothing_of_the_spread():
    assert summarise([tally(*random_rows(1), 3)], "accuracy", [0], same_test=False).sd is None
