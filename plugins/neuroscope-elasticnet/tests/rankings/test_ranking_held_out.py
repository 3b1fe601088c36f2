"""``weight-mass,weights=held-out``: the closed form, and the choice between ways to weigh."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from neuroscope import Features, Labels, Unit
from neuroscope_elasticnet.rankings.held_out import MEMBERS, HeldOutWeights
from neuroscope_elasticnet.rankings.shrinkage import Member, Part, RowsOfGroups
from neuroscope_elasticnet.rankings.weight_mass import WeightMass

WAYS = [Member(0.0, 0.0), Member(0.5, 4.0), Member(1.0, 0.1)]


def material(values, labels, groups, classes):
    units = tuple(Unit("layer", column) for column in range(values.shape[1]))
    features = Features(ids=tuple(f"r{row}" for row in range(len(values))), units=units, values=values)
    return features, Labels(labels, tuple(f"c{number}" for number in range(classes)), groups)


def speakers(columns, classes=2, count=40, each=5, seed=0):
    """Noise of utterances and speakers, and labels that are constant in speakers."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(count), each)
    values = rng.standard_normal((count * each, columns)) + rng.standard_normal((count, columns))[groups]
    return values, (groups % classes).astype(np.int64), groups, rng


def power(matrix, exponent):
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values**exponent) @ vectors.T


@pytest.mark.parametrize("columns", [30, 300])
def test_it_is_the_closed_form_whichever_side_is_factorised(columns):
    values, labels, groups, rng = speakers(columns, classes=3)
    keep = rng.random(200) < 0.8  # groups of unequal size
    values, labels, groups = (
        (values * np.exp(rng.standard_normal(columns)))[keep].astype(np.float32),
        *(each[keep] for each in (labels, groups)),
    )
    weights = 1 / np.bincount(groups)[groups]
    share = weights / weights.sum()
    z = values - share @ values.astype(float)
    z /= np.sqrt(share @ z**2)
    rows = np.flatnonzero(groups % 4 > 0)
    part = weights[rows] / weights[rows].sum()
    x = z[rows] - part @ z[rows]
    y = (labels[rows][:, None] == np.arange(3)).astype(float)
    covariance, together = (x.T * part) @ x, (x.T * part) @ (y - part @ y)
    found = Part(RowsOfGroups(values, groups), rows).weights(y, WAYS)
    for way, weights_of_way in zip(WAYS, found, strict=True):
        expected = together
        if way.power:
            expected = power(covariance + way.penalty * np.eye(columns), -way.power) @ together
        assert_allclose(weights_of_way, expected.T, atol=1e-5 * np.abs(expected).max())


def chosen(values, labels, groups, seed=0):
    features, given = material(values.astype(np.float32), labels, groups, 2)
    return HeldOutWeights(features, groups, seed=seed).choose(given)


def test_where_the_class_hides_in_a_difference_the_columns_are_weighed_together():
    values, labels, groups, rng = speakers(200, count=60)
    hidden = 5 * values[:, :10]
    values[:, :10] += hidden + 2.0 * (labels[:, None] - 0.5)
    values[:, 10:20] = hidden + 0.3 * rng.standard_normal((len(labels), 10))
    assert chosen(values, labels, groups).penalty <= 0.1
    features, given = material(values.astype(np.float32), labels, groups, 2)
    first = {unit.neuron for unit in WeightMass().rank(features, given, None, seed=0).units[:20]}
    before = {unit.neuron for unit in WeightMass(weights="ridge").rank(features, given, None, seed=0).units[:20]}
    assert len(first & set(range(20))) >= 18 > len(before & set(range(20)))


def test_where_nothing_is_gained_the_steadiest_way_stands():
    picks = []
    for seed in range(8):
        values, labels, groups, _ = speakers(100, seed=seed)
        values[:, :10] += labels[:, None]
        picks.append(chosen(values, labels, groups))
    assert picks.count(MEMBERS[0]) >= 5


def test_many_labels_are_ranked_as_one_by_one():
    values, labels, groups, rng = speakers(60, classes=3)
    features, given = material(values.astype(np.float32), labels, groups, 3)
    many = [given, *(replace(given, values=rng.permutation(3)[labels]) for _ in range(3))]
    together = WeightMass().rank_many(features, many, None, seed=4)
    for made, one in zip(together, many, strict=True):
        alone = WeightMass().rank(features, one, None, seed=4)
        assert made.units == alone.units
        assert made.scores.tolist() == alone.scores.tolist()
    assert WeightMass().rank_many(features, [], None, seed=4) == []


@pytest.mark.parametrize(
    "groups",
    [np.zeros(20, int), np.repeat([0, 1], 10), np.repeat([0, 1, 2, 3], 5)],
    ids=["one group", "a group a class", "two groups a class"],
)
def test_few_groups_are_ranked_all_the_same(groups):
    values = np.random.default_rng(0).standard_normal((20, 8)).astype(np.float32)
    labels = np.repeat([0, 1], 10)
    values[:, 3] += 4 * labels
    for seed in range(4):
        made = WeightMass().rank(*material(values, labels, groups, 2), None, seed=seed)
        assert made.units[0].neuron == 3
        assert np.isfinite(made.scores).all()


def test_a_class_without_rows_has_score_zero():
    values, labels, groups, _ = speakers(30)
    made = WeightMass().rank(*material(values.astype(np.float32), 2 * labels, groups, 4), None, seed=0)
    assert made.by_class["c1"].tolist() == made.by_class["c3"].tolist() == [0] * 30


def test_a_group_counts_once_however_often_it_comes():
    values, labels, groups, _ = speakers(30, each=1)
    features, given = material(values.astype(np.float32), labels, groups, 2)
    times = np.where(groups % 3, 1, 6)
    again = (np.repeat(each, times, axis=0) for each in (features.values, labels, groups))
    one, other = (HeldOutWeights(f, g.groups, seed=0).of(g) for f, g in ((features, given), material(*again, 2)))
    assert_allclose(one, other, atol=1e-6 * one.max())
