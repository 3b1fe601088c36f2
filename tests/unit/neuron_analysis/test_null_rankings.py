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
        self.asked = []

    def rank(self, features, labels, probe, *, seed):
        self.asked.append((labels.values, probe))
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
    assert len(drawn) > 0
    assert all(len(set(labels[one].tolist())) == 2 for labels in drawn)
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
