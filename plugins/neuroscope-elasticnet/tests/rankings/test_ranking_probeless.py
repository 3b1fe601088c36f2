"""``probeless``: the closed form is the sum over all pairs of classes."""

import itertools

import numpy as np
import pytest

from neuroscope import Features, Labels, Unit
from neuroscope_elasticnet.rankings.probeless import Probeless, distances


def made_of(values, labels, classes, **options):
    units = tuple(Unit("layer", column) for column in range(values.shape[1]))
    features = Features(ids=tuple(f"r{row}" for row in range(len(values))), units=units, values=values)
    given = Labels(labels, tuple(f"c{number}" for number in range(classes)), np.arange(len(labels)))
    made = Probeless(**options).rank(features, given, None, seed=0)
    return [unit.neuron for unit in made.units], made


@pytest.mark.parametrize("classes", [1, 2, 3, 5, 40])
def test_distances_are_the_sums_over_pairs(classes):
    means = np.random.default_rng(classes).standard_normal((classes, 50)).round(1)  # with ties
    expected = np.abs(means[:, None] - means[None]).sum(axis=1)
    assert distances(means) == pytest.approx(expected, abs=1e-12)


def test_scores_are_overall_and_by_class():
    rng = np.random.default_rng(0)
    values, labels = rng.standard_normal((90, 30)).astype(np.float32), rng.integers(4, size=90)
    order, made = made_of(values, labels, 4, scale="none")
    means = [values[labels == number].mean(axis=0, dtype=float) for number in range(4)]
    pairs = {pair: np.abs(means[pair[0]] - means[pair[1]]) for pair in itertools.combinations(range(4), 2)}
    total = sum(pairs.values())
    assert order == np.argsort(-total).tolist()
    assert made.scores == pytest.approx(total[order])
    own = sum(apart for pair, apart in pairs.items() if 2 in pair)
    assert made.by_class["c2"] == pytest.approx(own[order])


def test_differences_are_in_standard_deviations_of_the_column():
    rng = np.random.default_rng(0)
    values, labels = rng.standard_normal((90, 30)), rng.integers(3, size=90)
    sizes = np.exp(3 * rng.standard_normal(30))
    order, made = made_of((values * sizes).astype(np.float32), labels, 3)
    plain, _ = made_of((values / values.std(axis=0)).astype(np.float32), labels, 3, scale="none")
    raw, _ = made_of((values * sizes).astype(np.float32), labels, 3, scale="none")
    assert order == plain != raw
    means = [values[labels == number].mean(axis=0) / values.std(axis=0) for number in range(3)]
    total = sum(np.abs(one - other) for one, other in itertools.combinations(means, 2))
    assert made.scores == pytest.approx(total[order], rel=1e-5)


@pytest.mark.parametrize("scale", ["sd", "none"])
def test_columns_that_do_not_vary_have_score_zero_whatever_they_hold(scale):
    values = np.full((12, 5), [0.1, 3.7, -2.3, 1e9, 0], dtype=np.float32)
    values[::3, 1] += 1
    order, made = made_of(values, np.arange(12) % 3, 3, scale=scale)
    assert order == [1, 0, 2, 3, 4]
    assert made.scores[1:].tolist() == [0, 0, 0, 0]


def test_a_class_without_rows_has_score_zero():
    values = np.random.default_rng(0).standard_normal((12, 5)).astype(np.float32)
    _, made = made_of(values, np.arange(12) % 2 * 2, 4)
    assert made.by_class["c1"].tolist() == made.by_class["c3"].tolist() == [0] * 5
    assert made.by_class["c0"] == pytest.approx(made.scores)
