"""Overlap is 1 for a ranking that comes again, and near chance for one that is drawn."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier

from neuroscope.contracts.probing import Ranking
from neuroscope.contracts.target import Target
from neuroscope.contracts.task import Split
from neuroscope.neuron_analysis.null_rankings import NullRankings, null_rankings, rank_training_part
from neuroscope.neuron_analysis.stability import halves, jaccard, stability, top_minus_random
from neuroscope.neuron_analysis.subsets import RankedSubsets
from neuroscope.probing.predictions import Prediction
from neuroscope.probing.problem_data import ProbeData
from neuroscope.probing.runs import Run, Runs
from neuroscope.testing.inputs.planted import plant

COLUMNS = 300


class ByPosition:
    """The same order whatever is asked; scores that are all 0 know none."""

    uses_probe = False

    def __init__(self, scores=None):
        self._scores = np.arange(COLUMNS, 0, -1.0) if scores is None else scores

    def rank(self, features, labels, probe, *, seed):
        return Ranking(units=features.units, scores=self._scores)


class ByMeans:
    """By how far the class means lie apart."""

    uses_probe = False

    def rank(self, features, labels, probe, *, seed):
        means = [features.values[labels.values == value].mean(axis=0) for value in set(labels.values.tolist())]
        apart = np.ptp(means, axis=0).astype(float)
        order = np.argsort(-apart, kind="stable")
        return Ranking(units=tuple(features.units[column] for column in order), scores=apart[order])


def material(*, runs=4, rows=160, strength=2.0, each=15, alike=False, bootstrap=False):
    data = plant(rows=rows, columns=COLUMNS, classes=2, seed=0, strength=strength, each=each)
    groups = data.labels.groups
    made = []
    for seed in range(runs):
        held = np.random.default_rng(0 if alike or bootstrap else seed).permutation(rows // 4)[: rows // 12]
        test = np.isin(groups, held)
        split = Split(
            name="speaker",
            train=np.flatnonzero(~test),
            test=np.flatnonzero(test),
            groups=groups,
            group_names=tuple(map(str, range(rows // 4))),
            grouped_by="speaker",
            fixed=False,
        )
        weights = (groups[split.train] % 5 != seed).astype(int) * 2 if bootstrap else None
        made.append(Run(seed, split, weights))
    runs = Runs(tuple(made), same_test=alike, varied="")
    return ProbeData("ALL", data.features, Target(data.labels.values, data.labels.classes), runs, RidgeClassifier())


def ranked(made, ranker):
    return [ranker.rank(*made.training(run), None, seed=run.seed) for run in made.runs.each]


def judged(cell, made, ranker, **more):
    pairs = [halves(run, made.target.values)[0] for run in made.runs.each]
    units = made.features.units
    of_halves = [
        tuple(RankedSubsets(rank_training_part(made, half, ranker), units, half.seed) for half in pair)
        for pair in pairs
    ]
    return stability(cell, made, ranked(made, ranker), of_halves, null_rankings(made, ranker, pairs), **more)


@pytest.fixture
def overlaps(cell):
    def overlaps(made, ranker):
        found = judged(cell, made, ranker)
        return {row.metric: row.value for row in found.rows if row.seed is None}, found

    return overlaps


def test_equal_rankings_overlap_wholly(overlaps):
    values, found = overlaps(material(), ByPosition())
    assert values["overlap"] == values["overlap_halves"] == 1
    assert values["overlap_chance"] == values["overlap_halves_chance"] == 1  # it does not look at the labels
    assert values["overlap_p_value"] == values["overlap_halves_p_value"] == 1
    assert {row.percent for row in found.rows} == {10}
    assert {row.condition for row in found.rows} == {"ranking"}
    assert found.warnings == ()


def test_a_ranking_that_knows_no_order_is_near_chance_in_runs_and_halves(overlaps):
    values, _ = overlaps(material(runs=8), ByPosition(np.zeros(COLUMNS)))
    assert values["overlap"] == pytest.approx(values["overlap_chance"], abs=0.03)
    assert values["overlap_halves"] == pytest.approx(values["overlap_halves_chance"], abs=0.05)
    assert values["overlap_chance"] == pytest.approx(0.1 / 1.9, abs=0.02)  # of random sets: p / (2 - p)


def test_noise_is_ranked_anew_by_every_half_but_alike_by_runs_that_share_rows(overlaps):
    values, _ = overlaps(material(strength=0.0), ByMeans())
    assert values["overlap_halves"] < 0.15
    assert values["overlap"] > values["overlap_halves"]
    assert values["overlap_chance"] > 2 * values["overlap_halves_chance"]  # noise too comes again where rows are shared
    assert values["overlap_p_value"] > 0.05
    assert values["overlap_halves_p_value"] > 0.05


def test_planted_neurons_come_again_in_other_groups(overlaps):
    values, _ = overlaps(material(), ByMeans())
    assert values["overlap"] > 0.9
    assert values["overlap_halves"] > 0.9
    assert (values["overlap_p_value"], values["overlap_halves_p_value"]) == (1 / 40, 1 / 20)


def test_overlaps_are_held_to_what_permuted_labels_give_in_the_mean(cell):
    """Counted by hand: pairs of orders share all of their first neurons or none; the middle run has no halves."""
    made = material(runs=3)
    forth = ByPosition().rank(made.features, None, None, seed=0)
    back = Ranking(units=forth.units[::-1], scores=forth.scores)
    one, other = (RankedSubsets(each, made.features.units, 0) for each in (forth, back))
    same, apart = (one, one), (one, other)
    null = NullRankings(
        of_run=((one, one, one, one), (one, one, other, other), (one, other, one, other)),
        of_halves=((same, same, apart, apart), (), (same, apart, apart, apart)),
    )
    found = stability(cell, made, [forth, forth, back], [same, (), apart], null)
    values = {row.metric: row.value for row in found.rows if row.seed is None}
    assert values["overlap"] == pytest.approx(1 / 3)  # one of three pairs
    assert values["overlap_chance"] == pytest.approx((1 + 3 * 1 / 3) / 4)
    assert values["overlap_p_value"] == 1
    assert [row.seed for row in found.rows if row.metric == "overlap_halves"] == [0, 2, None]
    assert values["overlap_halves"] == 1 / 2
    assert values["overlap_halves_chance"] == pytest.approx((1 + 1 / 2) / 4)
    assert values["overlap_halves_p_value"] == 3 / 5  # two of four draws reach it, and what is there


def test_two_runs_have_an_overlap(overlaps):
    values, _ = overlaps(material(runs=2), ByMeans())
    assert values["overlap"] > 0.8


def test_one_run_has_no_overlap_between_runs(overlaps):
    values, _ = overlaps(material(runs=1), ByMeans())
    assert set(values) == {"overlap_halves", "overlap_halves_chance", "overlap_halves_p_value"}


def test_runs_that_train_alike_are_told(overlaps):
    _, found = overlaps(material(alike=True), ByMeans())
    assert ["same rows" in each.kind for each in found.warnings] == [True]
    weighed = material(bootstrap=True)
    first, *others = weighed.runs.each
    whole = replace(weighed, runs=Runs((replace(first, weights=None), *others), True, ""))
    for made in weighed, whole:
        _, found = overlaps(made, ByMeans())
        assert found.warnings == ()


def test_without_permuted_labels_nothing_is_said_of_chance(cell):
    made = material(runs=2)
    orders = ranked(made, ByMeans())
    found = stability(cell, made, orders, [(), ()], NullRankings(of_run=((), ()), of_halves=((), ())))
    assert [row.metric for row in found.rows] == ["overlap"]


def test_training_rows_that_runs_share_are_counted_once(overlaps):
    made = material()
    _, found = overlaps(made, ByPosition())
    rows = {row for run in made.runs.each for row in run.split.train.tolist()}
    assert {row.n for row in found.rows if row.metric in {"overlap", "overlap_chance"}} == {len(rows)}


def test_jaccard_is_the_share_of_those_in_either_that_are_in_both():
    assert jaccard(np.array([1, 2, 3]), np.array([3, 4])) == 1 / 4


@pytest.mark.parametrize("bootstrap", [False, True])
def test_halves_share_no_group_and_have_seeds_of_their_own(bootstrap):
    made = material(bootstrap=bootstrap)
    seeds = set()
    for run in made.runs.each:
        (one, other), cautions = halves(run, made.target.values)
        assert cautions == []
        both = np.concatenate([one.split.train, other.split.train])
        drawn = run.split.train if run.weights is None else run.split.train[run.weights > 0]
        assert sorted(both.tolist()) == drawn.tolist()
        for half in (one, other):
            assert half.split.test.tolist() == np.setdiff1d(run.split.train, half.split.train).tolist()
        groups = [set(half.split.groups[half.split.train].tolist()) for half in (one, other)]
        assert not groups[0] & groups[1]
        assert abs(len(one.split.train) - len(other.split.train)) <= 8
        for half in (one, other):
            assert half.weights is None or (half.weights == 2).all()
        seeds |= {one.seed, other.seed}
    assert len(seeds) == 2 * len(made.runs.each)


@pytest.mark.parametrize(
    ("groups", "values"),
    [
        ([0, 1, 2], [0, 0, 1]),
        ([0, 1, 2, 3], [0, 0, 0, 0]),  # one class
        ([0, 0, 1, 2, 2, 3, 3, 4, 4], [2, 3, 3, 0, 1, 0, 1, 0, 1]),  # group 0 is kept, so class 3 is in one half alone
    ],
)
def test_what_cannot_be_halved_is_told(groups, values):
    split = Split(
        name="speaker",
        train=np.arange(len(groups)),
        test=np.array([len(groups)]),
        groups=np.array([*groups, 9]),
        group_names=tuple("abcdefghij"),
        grouped_by="speaker",
        fixed=False,
    )
    pair, cautions = halves(Run(0, split), np.array([*values, 1]))
    assert pair == ()
    assert "cannot be halved" in cautions[-1].kind


def test_too_few_neurons_for_a_share_are_told(cell):
    made = material(runs=2)
    found = judged(cell, made, ByMeans(), percent=0.1)
    assert found.rows == ()
    assert found.warnings[0].detail == "0.1 % of 300"


def said(made, run, right, condition, percent):
    truth = made.target.values[run.split.test]
    predicted = np.where(np.arange(len(truth)) < right, truth, 1 - truth)
    return Prediction("ALL", condition, run, predicted, percent)


def test_top_is_compared_with_random_where_both_are_there(cell):
    made = material(runs=2)
    top = [said(made, run, 40, "top-set", percent) for run in made.runs.each for percent in (1, 5, 10)]
    random = [
        said(made, run, 40 - 2 * percent, "random-set", percent) for run in made.runs.each for percent in (1, 5, 10)
    ]
    rows = top_minus_random(cell, made, top, random)
    means = {row.percent: row for row in rows if row.seed is None and row.metric == "top_minus_random"}
    count = len(made.runs.each[0].split.test)
    assert {percent: row.value for percent, row in means.items()} == pytest.approx({1: 2 / count, 5: 10 / count})
    assert {row.against for row in rows} == {"random-set"}
    assert all(row.low <= row.value <= row.high for row in means.values())
    assert top_minus_random(cell, made, top[:1], random, percents=(50,)) == []
    rows = top_minus_random(cell, made, top, random, percents=(5,))
    (alone,) = [row for row in rows if row.seed is None and row.metric == "top_minus_random"]
    assert means[5].low < alone.low  # two intervals that hold at once are wider than one
    assert rows == top_minus_random(cell, made, [each for each in top if each.percent == 5], random)
