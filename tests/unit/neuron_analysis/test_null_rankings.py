"""Rankings by permuted labels: permuted over types, alike in all runs, and made the way the ranker offers."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier

from neuroscope.contracts.probing import Ranking
from neuroscope.contracts.target import Target
from neuroscope.contracts.task import Split
from neuroscope.neuron_analysis.null_rankings import (
    DRAWS,
    DRAWS_OF_HALVES,
    DRAWS_WITH_PROBES,
    null_rankings,
    permuted_labels,
    rank_training_part,
)
from neuroscope.neuron_analysis.stability import halves
from neuroscope.probing.problem_data import ProbeData
from neuroscope.probing.runs import Run, Runs
from neuroscope.testing.inputs.planted import plant

ROWS = 96
SPEAKERS = np.arange(ROWS) // 4


class Ranker:
    """Keeps the labels and the probe that it was asked with; ranks by the first rows' class."""

    uses_probe = False

    def __init__(self):
        self.asked, self.seeds, self.labels = [], [], []

    def rank(self, features, labels, probe, *, seed):
        self.asked.append((labels.values, probe))
        self.seeds.append(seed)
        self.labels.append(labels)
        apart = np.abs(
            features.values[labels.values == 0].mean(axis=0) - features.values[labels.values == 1].mean(axis=0)
        )
        order = np.argsort(-apart, kind="stable")
        return Ranking(units=tuple(features.units[n] for n in order), scores=apart[order].astype(float))


class Sharing(Ranker):
    """Offers all labels at once."""

    def rank_many(self, features, many, probe, *, seed):
        return [super(Sharing, self).rank(features, labels, probe, seed=seed) for labels in many]

    def rank(self, features, labels, probe, *, seed):
        raise AssertionError("one by one")


class Weighing(Ranker):
    """Needs a probe."""

    uses_probe = True


class Silent:
    """Does not say whether it needs a probe."""

    def __init__(self):
        self.kept = Ranker()

    def rank(self, features, labels, probe, *, seed):
        return self.kept.rank(features, labels, probe, seed=seed)


@pytest.fixture
def data():
    planted = plant(rows=ROWS, columns=20, classes=2, seed=0, strength=1.0)
    runs = []
    for seed in range(2):
        held = np.random.default_rng(seed).permutation(24)[:6]
        test = np.isin(SPEAKERS, held)
        parts = {"train": np.flatnonzero(~test), "test": np.flatnonzero(test)}
        names = tuple(map(str, range(24)))
        split = Split(name="s", groups=SPEAKERS, group_names=names, grouped_by="speaker", fixed=False, **parts)
        runs.append(Run(seed, split))
    target = Target(np.random.default_rng(0).permutation(np.arange(24) % 2)[SPEAKERS], ("a", "b"))
    return ProbeData("ALL", planted.features, target, Runs(tuple(runs), False, ""), RidgeClassifier(), SPEAKERS)


def orders(of_run):
    return [[each.first(5).columns.tolist() for each in run] for run in of_run]


def test_labels_are_permuted_over_types_and_counts_stay(data):
    drawn = permuted_labels(data, data.runs.each, 10)
    assert len(drawn) == 10
    for labels in drawn:
        assert len(set(zip(SPEAKERS.tolist(), labels.tolist(), strict=True))) == 24
        assert np.bincount(labels).tolist() == np.bincount(data.target.values).tolist()
    assert len({tuple(labels.tolist()) for labels in drawn}) == 10
    assert not any(np.array_equal(labels, data.target.values) for labels in drawn)


def test_without_types_single_rows_are_permuted(data):
    (labels,) = permuted_labels(replace(data, types=None), data.runs.each, 1)
    assert len(set(zip(SPEAKERS.tolist(), labels.tolist(), strict=True))) > 24


def test_every_training_part_knows_every_class(data):
    one = np.flatnonzero(SPEAKERS < 2)
    narrow = [Run(0, replace(data.runs.each[0].split, train=one))]
    drawn = permuted_labels(data, narrow, 20)
    assert len(drawn) == 20  # every second draw serves, so that more are tried
    assert all(len(set(labels[one].tolist())) == 2 for labels in drawn)
    other = np.flatnonzero((SPEAKERS > 5) & (SPEAKERS < 8))
    both = [*narrow, Run(1, replace(data.runs.each[0].split, train=other))]
    for labels in permuted_labels(data, both, 20):
        assert len(set(labels[one].tolist())) == len(set(labels[other].tolist())) == 2
    assert permuted_labels(data, [Run(0, replace(data.runs.each[0].split, train=one[:4]))], 5) == []


def test_runs_share_their_labels_and_no_probe_is_fitted(data):
    ranker = Ranker()
    null = null_rankings(data, ranker, [() for _ in data.runs.each])
    assert [len(each) for each in null.of_run] == [DRAWS, DRAWS]
    first, second = (run.split.train for run in data.runs.each)
    both = np.intersect1d(first, second)
    for (one, probe), (other, _) in zip(ranker.asked[:DRAWS], ranker.asked[DRAWS:], strict=True):
        assert np.array_equal(one[np.isin(first, both)], other[np.isin(second, both)])
        assert not hasattr(probe, "coef_")


def test_all_labels_at_once_are_the_same_as_one_by_one(data):
    pairs = [halves(run, data.target.values)[0] for run in data.runs.each]
    one, other = null_rankings(data, Ranker(), pairs), null_rankings(data, Sharing(), pairs)
    assert orders(one.of_run) == orders(other.of_run)
    for first, second in zip(one.of_halves, other.of_halves, strict=True):
        assert orders(first) == orders(second)
    assert {len(each) for each in one.of_halves} == {DRAWS_OF_HALVES}


def test_a_ranker_that_needs_probes_gets_fitted_ones_and_no_halves(data):
    ranker = Weighing()
    pairs = [halves(run, data.target.values)[0] for run in data.runs.each]
    null = null_rankings(data, ranker, pairs)
    assert len(ranker.asked) == 2 * DRAWS_WITH_PROBES
    assert all(hasattr(probe, "coef_") for _, probe in ranker.asked)
    assert null.of_halves == ((), ())


def test_each_probe_is_fitted_to_the_labels_that_are_ranked(data):
    ranker = Weighing()
    null_rankings(data, ranker, [() for _ in data.runs.each])
    for number, (labels, probe) in enumerate(ranker.asked):
        run = data.runs.each[number // DRAWS_WITH_PROBES]
        right = probe.predict(data.features.values[run.split.train]) == labels
        assert right.mean() > 0.6  # 20 columns learn some of 72 drawn labels by heart
    assert len({probe.coef_.tobytes() for _, probe in ranker.asked}) == len(ranker.asked)


def test_a_ranker_that_does_not_say_gets_probes(data):
    ranker = Silent()
    null_rankings(data, ranker, [() for _ in data.runs.each])
    rank_training_part(data, data.runs.each[0], ranker)
    assert len(ranker.kept.asked) == 2 * DRAWS_WITH_PROBES + 1
    assert all(hasattr(probe, "coef_") for _, probe in ranker.kept.asked)


def test_true_labels_are_ranked_with_a_probe_only_where_one_is_used(data):
    (run, _) = data.runs.each
    for ranker, fitted in (Ranker(), False), (Weighing(), True):
        rank_training_part(data, run, ranker)
        ((labels, probe),) = ranker.asked
        assert np.array_equal(labels, data.target.values[run.split.train])
        assert hasattr(probe, "coef_") is fitted


@pytest.mark.parametrize("kind", [Ranker, Weighing, Sharing])
def test_rankings_have_the_seed_the_names_and_the_groups_of_their_run(data, kind):
    ranker = kind()
    runs = tuple(replace(run, seed=run.seed + 7) for run in data.runs.each)
    data = replace(data, runs=replace(data.runs, each=runs))
    null = null_rankings(data, ranker, [() for _ in runs])
    each = len(null.of_run[0])
    assert ranker.seeds == [7] * each + [8] * each
    for labels, run in zip(ranker.labels[::each], runs, strict=True):
        assert labels.classes == ("a", "b")
        assert np.array_equal(labels.groups, SPEAKERS[run.split.train])
    if kind is not Sharing:
        rank_training_part(data, runs[1], ranker)
        assert ranker.seeds[-1] == 8


def test_every_half_and_every_run_knows_every_class(data):
    """Two speakers have both classes in every second draw: the others are left out, of runs and of halves."""
    split = data.runs.each[0].split
    narrow, other = (np.flatnonzero((first <= SPEAKERS) & (first + 2 > SPEAKERS)) for first in (0, 6))
    few = Run(0, replace(split, train=narrow))
    half = [Run(number, replace(split, train=rows)) for number, rows in enumerate((narrow, other))]
    for run, pair in (few, ()), (data.runs.each[0], tuple(half)):
        ranker = Ranker()
        null = null_rankings(replace(data, runs=Runs((run,), False, "")), ranker, [pair])
        assert len(null.of_run[0]) == DRAWS
        assert all(len(set(labels.tolist())) == 2 for labels, _ in ranker.asked)


def test_bootstraps_are_ranked_with_their_rows_as_often_as_drawn(data):
    run = data.runs.each[0]
    weights = np.arange(len(run.split.train)) % 3
    ranker = Ranker()
    null_rankings(replace(data, runs=Runs((replace(run, weights=weights),), True, "")), ranker, [()])
    rows = np.repeat(run.split.train, weights)
    drawn = permuted_labels(data, [run], DRAWS)
    assert all(np.array_equal(asked, labels[rows]) for (asked, _), labels in zip(ranker.asked, drawn, strict=True))


def test_another_seed_draws_other_labels(data):
    later = replace(data, runs=Runs(tuple(replace(run, seed=run.seed + 1) for run in data.runs.each), False, ""))
    one, same, other = (permuted_labels(each, each.runs.each, 5) for each in (data, data, later))
    assert np.array_equal(one, same)
    assert not any(np.array_equal(first, second) for first, second in zip(one, other, strict=True))
