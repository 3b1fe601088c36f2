"""Probes that see a part of the columns, on features whose good columns are known."""

import tracemalloc
import warnings
from typing import ClassVar

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from neuroscope.contracts.features import Features
from neuroscope.contracts.probing import Problem, Ranking
from neuroscope.contracts.target import Target
from neuroscope.contracts.task import Split
from neuroscope.errors import BadOption
from neuroscope.neuron_analysis import ablation
from neuroscope.neuron_analysis.subsets import RankedSubsets
from neuroscope.probing.diagnostics import summed_up
from neuroscope.probing.predictions import outcomes
from neuroscope.probing.problem_data import ProbeData
from neuroscope.probing.runs import Run, Runs
from neuroscope.testing.inputs.planted import plant

ROWS, COLUMNS, CLASSES = 600, 60, 3
MASKED = ["masked-top", "masked-bottom", "masked-random"]


class Fixed(ClassifierMixin, BaseEstimator):
    """Looks at the first columns, of as many as there are classes; keeps what it was shown."""

    seen: ClassVar[list] = []

    def fit(self, X, y):
        self.coef_ = np.zeros((CLASSES, X.shape[1]))
        self.coef_[:, :CLASSES] = np.eye(CLASSES)
        return self

    def predict(self, X):
        self.seen.append(X.copy())
        return np.argmax(X @ self.coef_.T, axis=1)


class Opaque(ClassifierMixin, BaseEstimator):
    """Looks at the first column, and has no weights."""

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        return np.where(X[:, 0] > 0, 1, 0)


class Fallback(Opaque):
    """Looks at the first column, and at the last where the first is masked."""

    def predict(self, X):
        return np.where(X[:, -1 if np.ptp(X[:, 0]) == 0 else 0] > 0, 1, 0)


class Hasty(Opaque):
    """Never converges."""

    def fit(self, X, y):
        warnings.warn("no", ConvergenceWarning, stacklevel=1)
        return super().fit(X, y)


class Silent(Fixed):
    """Knows nothing."""

    def fit(self, X, y):
        self.coef_ = np.zeros((CLASSES, X.shape[1]))
        return self


@pytest.fixture(autouse=True)
def _forget():
    Fixed.seen.clear()


def material_of(template, *, runs=3, rows=ROWS, columns=COLUMNS, offset=0.0, each=4):
    """The last runs weigh the training groups of one split, as bootstraps do."""
    data = plant(rows=rows, columns=columns, classes=CLASSES, seed=0, strength=1.2, each=each)
    values = data.features.values + np.float32(offset)
    features = Features(ids=data.features.ids, units=data.features.units, values=values)
    half = rows // 2
    names = tuple(map(str, range(rows // 4)))
    split = Split(
        name="s",
        train=np.arange(half),
        test=np.arange(half, rows),
        groups=data.labels.groups,
        group_names=names,
        grouped_by="g",
        fixed=True,
    )
    weights = [None, *(np.random.default_rng(seed).integers(0, 3, half) for seed in range(1, runs))]
    made = Runs(tuple(Run(seed, split, weight) for seed, weight in enumerate(weights)), True, "")
    return ProbeData("ALL", features, Target(data.labels.values, data.labels.classes), made, template)


def fitted(material):
    return [material.fits(run, [Problem()])[0] for run in material.runs.each]


def by_weight(material, fits):
    rankings = []
    for fit in fits:
        scores = np.abs(fit.probe.coef_).sum(axis=0)
        order = np.argsort(-scores, kind="stable")
        units = tuple(material.features.units[column] for column in order)
        rankings.append(Ranking(units=units, scores=scores[order].astype(float)))
    return rankings


def accuracies(material, found):
    scores = {}
    for each in found.predictions:
        value = outcomes(each, material.target).score("accuracy")
        scores.setdefault((each.condition, each.percent), []).append(value)
    return {key: np.mean(values) for key, values in scores.items()}


@pytest.fixture(scope="module")
def learned():
    material = material_of(LogisticRegression(C=0.1))
    fits = fitted(material)
    return material, fits, by_weight(material, fits)


@pytest.mark.parametrize("fill", ablation.FILLS)
def test_the_top_says_more_than_random_and_random_more_than_the_bottom(learned, fill):
    found = ablation.masked(*learned, fill=fill)
    assert [(each.condition, each.run.seed) for each in found.predictions] == [
        (condition, seed) for seed in range(3) for condition in MASKED
    ]
    score = accuracies(learned[0], found)
    assert set(score) == {(condition, 20.0) for condition in MASKED}
    top, bottom, random = (score[condition, 20.0] for condition in MASKED)
    assert top > random + 0.15 > random > bottom
    assert top > 0.8
    assert found.warnings == ()


def test_what_is_not_kept_is_the_weighted_training_mean_or_zero():
    material = material_of(Fixed(), offset=5.0)
    fits = fitted(material)
    rankings = by_weight(material, [Like(np.arange(COLUMNS) + 1.0)] * 3)
    for fill in ablation.FILLS:
        Fixed.seen.clear()
        ablation.masked(material, fits, rankings, fill=fill)
        shown = iter(Fixed.seen)
        for run, ranking in zip(material.runs.each, rankings, strict=True):
            cuts = RankedSubsets(ranking, material.features.units, run.seed)
            train = material.features.values[run.split.train].astype(float)
            mean = np.average(train, axis=0, weights=run.weights) if fill == "mean" else np.zeros(COLUMNS)
            for part in (cuts.top(20), cuts.bottom(20), cuts.random(20)):
                rows, others = next(shown), np.setdiff1d(np.arange(COLUMNS), part.columns)
                test = material.features.values[run.split.test]
                assert np.array_equal(rows[:, part.columns], test[:, part.columns])
                assert np.allclose(rows[:, others], mean[others], rtol=1e-6, atol=0)
            assert np.array_equal(next(shown), test)
            assert np.allclose(next(shown), mean, rtol=1e-6, atol=0)


class Like:
    """A fit whose ranking by weight is known."""

    def __init__(self, scores):
        self.probe = self
        self.coef_ = np.asarray(scores)[None]


def test_an_unknown_fill_is_told(learned):
    with pytest.raises(BadOption, match=r"'median'. Known: mean, zero"):
        ablation.masked(*learned, fill="median")


def test_a_sparse_probe_is_told_to_test_nothing():
    material = material_of(Fixed())
    fits = fitted(material)
    found = ablation.masked(material, fits, by_weight(material, fits))
    assert [each.line for each in summed_up(found.warnings)] == [
        "the ranking scores neurons 0, and some of them were drawn at random: "
        "ALL masked-top 20 % (9 of 12 at 20 %), ALL masked-bottom 20 % (12 of 12 at 20 %); in 3 runs",
        "masked-top tests nothing: it holds all columns that the probe uses: "
        "ALL masked-top (12 of 60 columns are kept, 3 have a weight); in 3 runs",
        "masked-bottom tests nothing: it holds no column that the probe uses, and the bias decides alone: "
        "ALL masked-bottom (12 of 60 columns are kept, 3 have a weight); in 3 runs",
    ]


@pytest.mark.parametrize("percent", [1.7, 3.4])  # one and two of the three columns with a weight
def test_a_probe_that_uses_more_than_the_top_tests_the_top_alone(percent):
    material = material_of(Fixed(), runs=1)
    fits = fitted(material)
    found = ablation.masked(material, fits, by_weight(material, fits), percent=percent)
    assert [each.kind[:28] for each in found.warnings if "tests nothing" in each.kind] == [
        "masked-bottom tests nothing:"
    ]


@pytest.mark.parametrize("column", [0, COLUMNS - 1])
def test_a_probe_without_weights_is_judged_by_what_it_says(column):
    """It looks at one column, and the ranking puts that first or last."""
    material = material_of(Opaque(), runs=1)
    ranking = by_weight(material, [Like(np.abs(np.arange(COLUMNS) - (COLUMNS - 1 - column)) + 1.0)])
    found = ablation.masked(material, fitted(material), ranking)
    tested = [each for each in found.warnings if "tests nothing" in each.kind]
    assert len(tested) == (2 if column == 0 else 0)


def test_a_probe_without_weights_that_still_uses_the_bottom_is_tested():
    material = material_of(Fallback(), runs=1)
    ranking = by_weight(material, [Like(np.arange(COLUMNS, 0, -1.0))])
    found = ablation.masked(material, fitted(material), ranking)
    assert not [each for each in found.warnings if "tests nothing" in each.kind]


def test_random_sets_are_drawn_anew_each_run(learned):
    material, _, rankings = learned
    shown = [
        RankedSubsets(ranking, material.features.units, n).random(20).columns for n, ranking in enumerate(rankings)
    ]
    assert len({tuple(columns) for columns in shown}) == 3
    same_ranking = ablation.retrained(material, [rankings[0]] * 3, [20])
    random = [each.predicted for each in same_ranking.predictions if each.condition == "random-set"]
    assert not np.array_equal(random[0], random[1])


def test_retrained_sets_are_ordered_and_all_of_a_run_are_fitted_in_one_call(learned, monkeypatch):
    material, _, rankings = learned
    calls, fits = [], ProbeData.fits

    def counted(self, run, problems, *more):
        calls.append(problems)
        return fits(self, run, problems, *more)

    monkeypatch.setattr(ProbeData, "fits", counted)
    found = ablation.retrained(material, rankings)
    assert [len(problems) for problems in calls] == [21, 21, 21]  # 1 % of 60 columns is none
    assert all(np.all(np.diff(each.columns) > 0) for problems in calls for each in problems)
    score = accuracies(material, found)
    assert {percent for _, percent in score} == {5.0, 10.0, 15.0, 20.0, 25.0, 50.0, 75.0}
    for percent in (10.0, 20.0, 25.0):
        assert score["top-set", percent] > score["random-set", percent] > score["bottom-set", percent]
    assert score["top-set", 50.0] > 0.85
    (left_out,) = summed_up(found.warnings)
    assert left_out.line == "shares of less than one neuron are left out: ALL (1 % of 60); in 3 runs"
    assert left_out.about[0].conditions == ()  # there is no row that it is about


def test_a_retrained_set_is_the_probe_of_its_columns_alone(learned):
    material, _, rankings = learned
    found = ablation.retrained(material, rankings, [25])
    run = material.runs.each[2]
    (said,) = [each.predicted for each in found.predictions if (each.condition, each.run) == ("top-set", run)]
    columns = RankedSubsets(rankings[2], material.features.units, run.seed).top(25).columns
    train, test = run.split.train, run.split.test
    values = material.features.values[:, columns]
    alone = LogisticRegression(C=0.1, random_state=run.seed)
    alone.fit(values[train], material.target.values[train], sample_weight=run.weights)
    assert np.array_equal(said, alone.predict(values[test]))


def test_figures_are_of_the_first_share_that_is_drawn_of_each_set():
    material = material_of(Fixed(), runs=1)
    rankings = by_weight(material, [Like(np.r_[np.arange(20.0, 0, -1), np.zeros(40)])])
    (found,) = summed_up(ablation.retrained(material, rankings, [75, 50, 25]).warnings)
    said = "ALL top-set 50, 75 % (10 of 30 at 50 %), ALL bottom-set 25, 50 % (15 of 15 at 25 %); in 1 run"
    assert said in found.line


def test_where_every_share_is_less_than_a_neuron_that_is_all_that_is_said(learned):
    material, fits, rankings = learned
    for found in (ablation.masked(material, fits, rankings, percent=1), ablation.retrained(material, rankings, [1])):
        assert found.predictions == ()
        assert len(found.warnings) == 3


def test_fits_that_know_nothing_are_named_with_their_set():
    material = material_of(Silent(), runs=1)
    rankings = by_weight(material, [Like(np.arange(COLUMNS) + 1.0)])
    (found,) = summed_up(ablation.retrained(material, rankings, [20]).warnings)
    assert found.kind.startswith("all weights are zero")
    assert [(each.conditions, each.percents) for each in found.about] == [(("top-set",), (20.0,))]


def test_every_set_whose_fit_did_not_converge_is_named():
    material = material_of(Hasty(), runs=1)
    rankings = by_weight(material, [Like(np.arange(COLUMNS) + 1.0)])
    warnings = ablation.retrained(material, rankings, [20]).warnings
    found = [(each.layer, *each.conditions, *each.percents) for each in warnings]
    assert found == [("ALL", name, 20.0) for name in ("top-set", "bottom-set", "random-set")]


def test_everything_repeats_exactly(learned):
    material, fits, rankings = learned
    for again in (
        lambda: ablation.masked(material, fits, rankings),
        lambda: ablation.retrained(material, rankings, [10, 50]),
    ):
        pairs = zip(again().predictions, again().predictions, strict=True)
        assert all(np.array_equal(one.predicted, two.predicted) for one, two in pairs)


def test_blocks_change_nothing(learned, monkeypatch):
    material, fits, rankings = learned
    whole = ablation.masked(material, fits, rankings).predictions
    monkeypatch.setattr(ablation, "_BLOCK", 7 * COLUMNS)
    parts = ablation.masked(material, fits, rankings).predictions
    assert all(np.array_equal(one.predicted, two.predicted) for one, two in zip(whole, parts, strict=True))


def test_masking_holds_a_few_blocks_and_never_the_matrix(monkeypatch):
    material = material_of(Fixed(), runs=2, rows=12_000, columns=300)
    fits = fitted(material)
    rankings = by_weight(material, fits)
    monkeypatch.setattr(ablation, "_BLOCK", 100 * 300)
    monkeypatch.setattr(Fixed, "predict", lambda self, X: np.argmax(X[:, :CLASSES], axis=1))
    tracemalloc.start()
    ablation.masked(material, fits, rankings)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < material.features.values.nbytes / 10
