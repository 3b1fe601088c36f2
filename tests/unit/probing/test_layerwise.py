"""One probe a layer, one on ALL, the majority baseline; on features whose answer is known."""

from itertools import product
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from neuroscope.contracts.audio import Utterance
from neuroscope.contracts.features import Features, Unit
from neuroscope.contracts.rows import ALL
from neuroscope.contracts.target import Target
from neuroscope.probing.cell import Cell
from neuroscope.probing.layerwise import columns_of, layerwise, majority
from neuroscope.probing.runs import Runs, make_runs
from neuroscope.splits import LabelledUtterances

CONDITIONS = {
    "representation": "r",
    "backbone": "b",
    "task": "t",
    "dataset": "d",
    "manifest": "m",
    "split": "speaker",
    "layers": "",
    "pooling": "mean",
    "probe": "p",
    "preset": "",
    "runs": 3,
    "seed": 0,
}
SPEAKERS, EACH = 40, 4


def planted(seed=0):
    """Layer ``noise`` knows nothing, layer ``signal`` has the class in its third column."""
    rng = np.random.default_rng(seed)
    values = np.repeat(np.arange(SPEAKERS) % 2, EACH)
    noise = rng.standard_normal((len(values), 6))
    signal = rng.standard_normal((len(values), 8))
    signal[:, 2] += 8 * values
    units = [*(Unit("noise", n) for n in range(6)), *(Unit("signal", n) for n in range(8))]
    utterances = tuple(
        Utterance(id=f"{speaker}-{n}", path=None, speaker=f"s{speaker}")
        for speaker in range(SPEAKERS)
        for n in range(EACH)
    )
    features = Features(
        ids=tuple(u.id for u in utterances),
        units=tuple(units),
        values=np.hstack([noise, signal]).astype(np.float32),
    )
    return features, LabelledUtterances(utterances, Target(values, ("no", "yes")))


class Recorder(ClassifierMixin, BaseEstimator):
    """Keeps what it was given."""

    given: ClassVar[list] = []

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y, *, sample_weight=None, groups=None, column_groups=None):
        self.given.append(SimpleNamespace(seed=self.random_state, X=X, weights=sample_weight, groups=groups))
        self.given[-1].column_groups = column_groups
        self.n_iter_ = 3
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=int)


class Kept(dict):
    """Fits by layer and seed."""

    def get(self, layer, seed):
        return super().get((layer, seed))

    def put(self, fitted):
        self[fitted.layer, fitted.seed] = fitted


def analyse(text="speaker", in_all=("noise", "signal"), runs=3, template=None):
    features, rows = planted()
    made = make_runs(text, rows, runs=runs, seed=0, one_split=False)
    cell = Cell(**{**CONDITIONS, "runs": runs})
    template = template or LogisticRegression()
    return layerwise(cell, features, rows.target, made, template, in_all=in_all), made, rows


def value(found, layer, metric="accuracy", seed=None, condition="probe"):
    (row,) = [
        row
        for row in found.rows
        if (row.layer, row.metric, row.seed, row.condition) == (layer, metric, seed, condition)
    ]
    return row.value


def test_the_layer_that_knows_is_told_from_the_one_that_does_not():
    found, _, _ = analyse()
    assert value(found, "signal") > 0.97
    assert value(found, ALL) > 0.95
    assert 0.3 < value(found, "noise") < 0.7
    assert 0.3 < value(found, "", condition="majority") < 0.7


def test_the_mean_over_runs_is_that_of_the_runs():
    found, made, _ = analyse()
    each = [value(found, "signal", seed=run.seed) for run in made.each]
    assert value(found, "signal") == pytest.approx(np.mean(each))
    assert 0 < value(found, "signal", "accuracy_sd") < 0.1


def test_training_rows_are_scored_as_often_as_they_count_and_memorising_is_told():
    features, rows = planted()
    (first,) = make_runs("speaker", rows, runs=1, seed=0, one_split=False).each
    weights = np.arange(len(first.split.train)) % 3
    made = Runs((first, type(first)(1, first.split, weights)), same_test=True, varied="")
    found = layerwise(Cell(**CONDITIONS), features, rows.target, made, Recorder(), in_all=())
    right = rows.target.values[first.split.train] == 0
    each = [value(found, "noise", "training_accuracy", seed=run.seed) for run in made.each]
    assert each == [right.mean(), pytest.approx(weights[right].sum() / weights.sum())]
    assert value(found, "noise", "training_accuracy") == pytest.approx(np.mean(each))
    memorised, _, _ = analyse(template=DecisionTreeClassifier())
    assert value(memorised, "noise", "training_accuracy") == 1
    told = {each.layer: each.detail for each in memorised.warnings if "training accuracy" in each.kind}
    assert list(told) == ["noise"]
    assert told["noise"] == f"100.0 against {100 * value(memorised, 'noise'):.1f}"


def test_rows_say_how_many_were_scored():
    found, made, _ = analyse()
    sizes = {row.seed: row.n for row in found.rows if row.metric == "accuracy" and row.layer == ALL}
    assert all(sizes[run.seed] == len(run.split.test) for run in made.each)
    assert sizes[None] == len(set(np.concatenate([run.split.test for run in made.each]).tolist()))


def test_predictions_stand_behind_the_accuracy():
    found, _, rows = analyse()
    for prediction in found.predictions:
        right = (prediction.predicted == rows.target.values[prediction.run.split.test]).mean()
        assert value(found, prediction.layer, seed=prediction.run.seed, condition=prediction.condition) == right


def test_all_joins_only_the_layers_that_are_part_of_it():
    features, _ = planted()
    columns = columns_of(features, ["noise", "signal"])
    assert list(columns) == ["noise", "signal", ALL]
    assert columns[ALL].tolist() == list(range(14))
    assert ALL not in columns_of(features, ["signal"])


def test_a_probe_is_given_the_columns_of_its_layer_and_the_rows_weights_groups_and_seed_of_its_run():
    features, rows = planted()
    units = (Unit("first", 0), Unit("first", 1), Unit("middle", 0), Unit("last", 0))
    features = Features(ids=features.ids, units=units, values=features.values[:, :4])
    (one,) = make_runs("speaker", rows, runs=1, seed=5, one_split=False).each
    weights = np.arange(len(one.split.train)) % 3
    made = Runs((one, type(one)(6, one.split, weights)), same_test=True, varied="")
    Recorder.given.clear()
    found = layerwise(Cell(**CONDITIONS), features, rows.target, made, Recorder(), in_all=("first", "last"))
    columns = {"first": [0, 1], "middle": [2], "last": [3], ALL: [0, 1, 3]}
    numbers = {"first": [0, 0], "middle": [1], "last": [2], ALL: [0, 0, 2]}
    for (layer, run), given in zip(product(columns, made.each), Recorder.given, strict=True):
        assert np.array_equal(given.X, features.values[one.split.train][:, columns[layer]])
        assert np.array_equal(given.groups, one.split.groups[one.split.train])
        assert given.column_groups.tolist() == numbers[layer]
        assert given.weights is run.weights
        assert given.seed == run.seed
    assert {row.n for row in found.rows if row.metric == "steps"} == {len(one.split.train)}


def test_fits_that_were_kept_are_not_done_again():
    features, rows = planted()
    made, kept = make_runs("speaker", rows, runs=2, seed=0, one_split=False), Kept()
    given = (Cell(**CONDITIONS), features, rows.target, made, Recorder())
    first = layerwise(*given, in_all=("noise", "signal"), finished=kept)
    assert list(kept) == list(product(("noise", "signal", ALL), (0, 1)))
    Recorder.given.clear()
    assert layerwise(*given, in_all=("noise", "signal"), finished=kept).rows == first.rows
    assert Recorder.given == []


def test_of_classes_that_are_as_frequent_the_majority_is_the_first():
    _, rows = planted()
    (run,) = make_runs("speaker", rows, runs=1, seed=0, one_split=False).each
    values = np.zeros(len(rows.utterances), dtype=np.int64)
    values[run.split.test] = np.arange(len(run.split.test)) % 2 + 1
    assert set(majority(run, Target(values, ("a", "b", "c"))).predicted.tolist()) == {1}


def test_the_majority_is_that_of_the_test_part_and_a_count():
    features, rows = planted()
    utterances = tuple(
        Utterance(id=u.id, path=None, speaker=u.speaker, tags={"split": "train" if n < 100 else "test"})
        for n, u in enumerate(rows.utterances)
    )
    values = np.array([0] * 60 + [1] * 40 + [0] * 10 + [1] * 50)
    made = make_runs(
        "column:split", LabelledUtterances(utterances, Target(values, ("no", "yes"))), runs=1, seed=0, one_split=False
    )
    cell = Cell(**CONDITIONS)
    found = layerwise(
        cell, features, Target(values, ("no", "yes")), made, LogisticRegression(), in_all=("noise", "signal")
    )
    (row,) = [row for row in found.rows if (row.condition, row.metric, row.seed) == ("majority", "accuracy", None)]
    assert (row.value, row.low, row.high) == (pytest.approx(50 / 60), None, None)
    assert not [row for row in found.rows if (row.condition, row.metric) == ("majority", "accuracy_sd")]


def test_the_same_twice():
    first, second = analyse()[0], analyse()[0]
    assert first.rows == second.rows


def test_columns_without_news_are_warned_of():
    features, rows = planted()
    values = features.values.copy()
    values[:, 0] = 3.0
    test_rows = make_runs("speaker", rows, runs=1, seed=0, one_split=False).each[0].split.test
    values[test_rows[0], 1] = 1e4
    changed = Features(ids=features.ids, units=features.units, values=values)
    made = make_runs("speaker", rows, runs=1, seed=0, one_split=False)
    found = layerwise(Cell(**CONDITIONS), changed, rows.target, made, LogisticRegression(), in_all=("noise", "signal"))
    kinds = {(each.kind, each.layer): each.detail for each in found.warnings}
    assert kinds["columns are constant in training", "noise"] == "1 of 6"
    assert kinds["columns reach beyond 10 standard deviations in test", "noise"] == "1 of 6"
    assert not any("columns" in kind and layer != "noise" for kind, layer in kinds)  # ALL repeats none
