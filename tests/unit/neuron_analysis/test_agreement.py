"""Two unlike rankings agree wholly on the same order, and by chance where one knows none."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier

from neuroscope.contracts.probing import Problem, Ranking
from neuroscope.contracts.target import Target
from neuroscope.contracts.task import Split
from neuroscope.neuron_analysis.stability import UnlikeRanking, agreement
from neuroscope.probing.problem_data import ProbeData
from neuroscope.probing.runs import Run, Runs
from neuroscope.testing.inputs.planted import plant

COLUMNS, ROWS = 200, 80


class ByMeans:
    """By how far the class means lie apart; says which rows and probes it was given."""

    def __init__(self):
        self.seen = []

    def rank(self, features, labels, probe, *, seed):
        self.seen.append((features.ids, probe, seed))
        means = [features.values[labels.values == value].mean(axis=0) for value in (0, 1)]
        apart = np.abs(means[0] - means[1]).astype(float)
        order = np.argsort(-apart, kind="stable")
        return Ranking(units=tuple(features.units[column] for column in order), scores=apart[order])


class KnowsNothing:
    def rank(self, features, labels, probe, *, seed):
        return Ranking(units=features.units, scores=np.zeros(COLUMNS))


@pytest.fixture
def made():
    data = plant(rows=ROWS, columns=COLUMNS, classes=2, seed=0, each=10)
    split = Split(
        name="speaker",
        train=np.arange(60),
        test=np.arange(60, ROWS),
        groups=data.labels.groups,
        group_names=tuple(map(str, range(ROWS))),
        grouped_by="speaker",
        fixed=False,
    )
    runs = tuple(Run(seed, replace(split, train=np.arange(10 * seed, 60))) for seed in range(3))
    target = Target(data.labels.values, data.labels.classes)
    return ProbeData("ALL", data.features, target, Runs(runs, False, ""), RidgeClassifier())


def compared(cell, made, ranker, other, **more):
    probes = [made.fits(run, [Problem()])[0].probe for run in made.runs.each]
    rankings = [
        ranker.rank(*made.training(run), probe, seed=run.seed)
        for run, probe in zip(made.runs.each, probes, strict=True)
    ]
    return agreement(cell, made, rankings, probes, UnlikeRanking("other", other), **more), probes


def test_the_same_order_agrees_wholly_in_rows_that_say_what_they_are(cell, made):
    rows, _ = compared(cell, made, ByMeans(), ByMeans())
    assert [row.metric for row in rows] == [*["overlap_rankers"] * 4, "overlap_rankers_sd"]
    assert [row.seed for row in rows] == [0, 1, 2, None, None]
    assert {row.value for row in rows[:-1]} == {1.0}
    assert {(row.condition, row.against, row.layer, row.percent) for row in rows} == {("ranking", "other", "ALL", 10.0)}


def test_the_other_ranks_the_same_training_rows_with_the_same_probe(cell, made):
    one, other = ByMeans(), ByMeans()
    _, probes = compared(cell, made, one, other)
    assert one.seen == other.seen
    assert [len(ids) for ids, _, _ in other.seen] == [60, 50, 40]
    assert [probe for _, probe, _ in other.seen] == probes


def test_an_order_that_knows_nothing_agrees_by_chance(cell, made):
    rows, _ = compared(cell, made, ByMeans(), KnowsNothing())
    assert rows[3].value < 0.2


def test_a_share_of_less_than_one_neuron_has_no_agreement(cell, made):
    assert compared(cell, made, ByMeans(), ByMeans(), percent=0.1)[0] == []
