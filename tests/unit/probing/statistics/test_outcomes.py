"""Accuracy and balanced accuracy of outcomes that can be counted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from neuroscope.probing.statistics.outcomes import METRICS, Outcomes, mean_over_draws


def of(truth, predicted, groups=None):
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    rows = np.arange(len(truth))
    return Outcomes((truth == predicted).astype(float), rows, truth, rows if groups is None else np.asarray(groups))


@given(st.integers(0, 500))
def test_scores_agree_with_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    truth = rng.integers(3, size=60)
    predicted = np.where(rng.random(60) < 0.7, truth, rng.integers(3, size=60))
    assert of(truth, predicted).score("accuracy") == accuracy_score(truth, predicted)
    if len(set(truth)) == len(set(truth) | set(predicted)):  # scikit-learn warns of predicted classes that are absent
        assert of(truth, predicted).score("balanced_accuracy") == pytest.approx(
            balanced_accuracy_score(truth, predicted)
        )


@given(st.integers(0, 500))
def test_a_score_is_the_weighted_sum_of_outcomes(seed):
    rng = np.random.default_rng(seed)
    one = of(rng.integers(4, size=30), rng.integers(4, size=30))
    for metric in METRICS:
        assert one.weights(metric).sum() == pytest.approx(1)
        assert one.weights(metric) @ one.right == pytest.approx(one.score(metric))


def test_balanced_accuracy_leaves_out_classes_without_a_row():
    assert of([0, 0, 4], [0, 1, 4]).score("balanced_accuracy") == pytest.approx((0.5 + 1.0) / 2)


def test_a_difference_is_that_of_the_scores():
    truth = [0, 0, 0, 1, 2, 2]
    one, other = of(truth, [0, 0, 1, 1, 0, 2]), of(truth, [0, 1, 1, 1, 2, 2])
    for metric in METRICS:
        assert one.minus(other).score(metric) == pytest.approx(one.score(metric) - other.score(metric))


@given(st.integers(0, 200))
def test_what_knows_nothing_is_at_chance_whatever_the_shares_of_the_classes(seed):
    """A constant answer, and one that does not look: in the mean over classes both are 1 / classes."""
    rng = np.random.default_rng(seed)
    truth = np.repeat([0, 1, 2], rng.integers(1, 40, size=3))
    assert of(truth, np.ones_like(truth)).beyond_chance().score("balanced_accuracy") == pytest.approx(0)
    blind = np.mean(
        [of(truth, rng.integers(3, size=len(truth))).beyond_chance().score("balanced_accuracy") for _ in range(200)]
    )
    assert blind == pytest.approx(0, abs=0.1)


def test_the_mean_over_draws_has_the_mean_of_their_scores():
    draws = [of([0, 0, 0, 1], [0, 0, 1, 1]), of([1, 1, 1, 0], [1, 0, 0, 0]), of([0, 1, 0, 0], [0, 0, 0, 0])]
    for metric in METRICS:
        expected = np.mean([each.score(metric) for each in draws])
        assert mean_over_draws(draws, metric).score(metric) == pytest.approx(expected)


def test_classes_without_a_row_have_no_weight():
    one = of([0, 0, 4, 4, 4], [0, 1, 4, 4, 0])
    assert one.weights("balanced_accuracy") == pytest.approx([1 / 4, 1 / 4, 1 / 6, 1 / 6, 1 / 6])
    assert one.beyond_chance().right == pytest.approx([0.5, -0.5, 0.5, 0.5, -0.5])


def test_less_a_number_every_score_is_less():
    for metric in METRICS:
        one = of([0, 0, 0, 1, 2], [0, 1, 0, 1, 0])
        assert one.less(0.3).score(metric) == pytest.approx(one.score(metric) - 0.3)
