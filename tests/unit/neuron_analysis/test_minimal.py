"""Minimal sets: chosen on folds, planted neurons are found; the paper's, of what was said on the test part."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier

from neuroscope.contracts.conditions import MINIMAL, MINIMAL_PAPER, MINIMAL_RELATIVE, MINIMAL_SURE
from neuroscope.contracts.probing import Problem, Ranking
from neuroscope.contracts.target import Target
from neuroscope.contracts.task import Split
from neuroscope.neuron_analysis.minimal import (
    DELTA,
    KEPT,
    _about_folds,
    _reaches,
    _surely_within,
    _within,
    choose,
    paper_percents,
    paper_sets,
    retrain,
)
from neuroscope.neuron_analysis.redundancy import about_sets, on_folds, redundancy
from neuroscope.neuron_analysis.size_search import FoldCurve
from neuroscope.neuron_analysis.subsets import RankedSubsets
from neuroscope.probing.folds import folds
from neuroscope.probing.predictions import Prediction
from neuroscope.probing.problem_data import ProbeData
from neuroscope.probing.runs import Run, Runs
from neuroscope.probing.statistics.estimate import estimate
from neuroscope.probing.statistics.outcomes import Outcomes
from neuroscope.testing.inputs.planted import plant


class ByMeans:
    """Ranks by how far the class means lie apart."""

    def __init__(self):
        self.asked = []

    def rank(self, features, labels, probe, *, seed):
        self.asked.append((len(features.values), seed))
        means = [features.values[labels.values == value].mean(axis=0) for value in set(labels.values.tolist())]
        apart = np.ptp(means, axis=0).astype(float)
        order = np.argsort(-apart, kind="stable")
        return Ranking(units=tuple(features.units[column] for column in order), scores=apart[order])


def material(*, runs=2, rows=240, columns=200, classes=2, strength=1.5, groups=None, weights=None):
    data = plant(rows=rows, columns=columns, classes=classes, seed=0, strength=strength)
    groups = data.labels.groups if groups is None else groups
    names = tuple(f"g{number}" for number in range(int(groups.max()) + 1))
    each = []
    for seed in range(runs):
        held = np.random.default_rng(seed).permutation(len(names))[: max(1, len(names) // 3)]
        test = np.isin(groups, held) if len(names) > 1 else np.arange(rows) >= rows // 2
        split = Split(
            name="speaker",
            train=np.flatnonzero(~test),
            test=np.flatnonzero(test),
            groups=groups,
            group_names=names,
            grouped_by="speaker",
            fixed=False,
        )
        each.append(Run(seed, split, None if weights is None else weights(split)))
    values, names = data.labels.values, data.labels.classes
    made = Runs(tuple(each), same_test=False, varied="")
    return ProbeData("ALL", data.features, Target(values, names), made, RidgeClassifier()), data


def whole(given):
    said = []
    for run in given.runs.each:
        (fitted,) = given.fits(run, [Problem()])
        said.append(given.predict(run, fitted.probe, "probe"))
    return said


def sets_of(given, ranker, choices):
    made = []
    for choice in choices:
        (fitted,) = given.fits(choice.run, [Problem()])
        ranking = ranker.rank(*given.training(choice.run), fitted.probe, seed=choice.run.seed)
        cuts = RankedSubsets(ranking, given.features.units, choice.run.seed)
        made += retrain(given, choice.run, cuts, choice.sizes)[0]
    return made


def test_folds_are_ranked_anew_and_hold_out_every_training_row_once():
    given, _ = material(runs=1)
    (run,), ranker = given.runs.each, ByMeans()
    made = folds(run, given.target.values).each
    curve = FoldCurve(given, made, ranker)
    assert [rows for rows, _ in ranker.asked] == [len(each.split.train) for each in made]
    assert len(curve.whole) == len(run.split.train)
    assert curve.gap(len(given.features.units)).score("accuracy") == 0
    direct = 0
    for fold in made:
        (fitted,) = given.fits(fold, [Problem()])
        said = given.predict(fold, fitted.probe, "probe").predicted
        direct += (said == given.target.values[fold.split.test]).sum()
    assert curve.whole.right.sum() == direct


class Silent:
    """Knows no order: the neurons are drawn."""

    def __init__(self):
        self.seeds = []

    def rank(self, features, labels, probe, *, seed):
        self.seeds.append(seed)
        return Ranking(units=features.units, scores=np.zeros(len(features.units)))


def test_folds_rank_and_draw_under_the_runs_seed_and_no_size_is_fitted_twice(monkeypatch):
    given, _ = material()
    run, ranker, asked, fits = given.runs.each[1], Silent(), [], ProbeData.fits

    def spied(self, fold, problems):
        asked.extend(each.columns.tolist() for each in problems if each.columns is not None)
        return fits(self, fold, problems)

    monkeypatch.setattr(ProbeData, "fits", spied)
    curve = FoldCurve(given, folds(run, given.target.values).each, ranker)
    curve.fit([20, 200])
    curve.at(20)
    curve.gap(200)
    silent = Ranking(units=given.features.units, scores=np.zeros(200))
    assert ranker.seeds == [1, 1, 1]
    assert asked == [RankedSubsets(silent, given.features.units, 1).top(10).columns.tolist()] * 3


def test_the_planted_neurons_are_the_minimal_set():
    given, data = material()
    ranker = ByMeans()
    planted = {column for columns in data.signal.values() for column in columns}
    choices = [choose(given, run, ranker) for run in given.runs.each]
    made = sets_of(given, ranker, choices)
    for each in made:
        chosen = set(each.part.columns.tolist())
        if each.condition == MINIMAL_SURE:  # of 160 rows held out, none of which differ, a point is not excluded
            assert len(chosen) == 200
            continue
        assert len(chosen) <= 20
        assert len(chosen & planted) == min(len(chosen), len(planted))
        assert each.top.percent == pytest.approx(100 * len(chosen) / 200)
        assert each.top.percent == each.random.percent
        assert each.random.condition == f"{each.condition}-random"
    for choice in choices:
        assert choice.gaps[MINIMAL].score("accuracy") >= -0.01
        assert choice.sizes[MINIMAL] <= choice.sizes[MINIMAL_SURE]


def test_with_rows_enough_a_set_is_surely_within_a_point():
    given, data = material(runs=1, rows=1500)
    planted = {column for columns in data.signal.values() for column in columns}
    choice = choose(given, given.runs.each[0], ByMeans())
    assert len(planted) <= choice.sizes[MINIMAL_SURE] < 50
    assert estimate([choice.gaps[MINIMAL_SURE]], "accuracy", drawn=False, difference=True).low > -0.01


def test_the_choice_never_sees_the_test_part():
    given, _ = material(runs=1)
    (run,) = given.runs.each
    before = choose(given, run, ByMeans())
    given.features.values[run.split.test] = 0
    assert choose(given, run, ByMeans()).sizes == before.sizes


def test_rows_say_how_good_and_how_large_the_sets_are(cell):
    given, _ = material()
    ranker = ByMeans()
    choices = [choose(given, run, ranker) for run in given.runs.each]
    made = sets_of(given, ranker, choices)
    rows = about_sets(cell, given, made, whole(given)) + on_folds(cell, given, choices)
    found = {(row.condition, row.metric, row.seed): row for row in rows}
    assert len(found) == len(rows)
    for run, choice in zip(given.runs.each, choices, strict=True):
        assert found[MINIMAL, "neurons", run.seed].value == choice.sizes[MINIMAL]
        assert found[MINIMAL, "delta_rows", run.seed].value == pytest.approx(len(run.split.test) / 100)
        gap = found[MINIMAL, "accuracy_difference", run.seed]
        assert gap.against == "probe"
        assert gap.low <= gap.value <= gap.high
        assert gap.percent == choice.sizes[MINIMAL] / 2
    sizes = [choice.sizes[MINIMAL] for choice in choices]
    assert found[MINIMAL, "neurons", None].value == np.mean(sizes)
    assert found[MINIMAL, "accuracy", None].percent == pytest.approx(np.mean(sizes) / 2)
    accuracies = [found[MINIMAL, "accuracy", run.seed].value for run in given.runs.each]
    assert found[MINIMAL, "accuracy", None].value == pytest.approx(np.mean(accuracies))
    assert found[f"{MINIMAL}-random", "accuracy", None].value < found[MINIMAL, "accuracy", None].value


def test_planted_neurons_are_few_and_not_redundant_in_information(cell):
    given, _ = material()
    ranker = ByMeans()
    made = sets_of(given, ranker, [choose(given, run, ranker) for run in given.runs.each])
    found = {(row.condition, row.metric): row for row in redundancy(cell, given, made) if row.seed is None}
    assert found[MINIMAL_RELATIVE, "redundant_percent"].value > 85
    assert found[MINIMAL, "redundant_information"].value == 0
    gap = found[MINIMAL, "top_minus_random"]
    assert gap.against == "minimal-random"
    assert gap.value > 0.05
    assert gap.low > 0


def test_a_threshold_of_few_utterances_is_told():
    given, _ = material(runs=1)
    (run,) = given.runs.each
    (told,) = choose(given, run, ByMeans()).warnings
    assert "worth few utterances" in told.kind
    assert told.detail.startswith("1.6 of 160")


def test_noise_is_told_whose_every_set_is_minimal():
    given, _ = material(runs=1, strength=0.0)
    told = choose(given, given.runs.each[0], ByMeans()).warnings
    assert any("any set is minimal" in each.kind for each in told)


def test_few_groups_on_the_folds_are_told():
    given, _ = material(runs=1, groups=np.arange(240) // 24)
    told = choose(given, given.runs.each[0], ByMeans()).warnings
    (one,) = [each for each in told if "fewer than 10 groups" in each.kind]
    assert one.detail == "7 that were held out"


@pytest.mark.parametrize(
    ("groups", "rows", "right", "told"),
    [
        (16, 64, 41, []),
        (16, 64, 40, ["any set is minimal"]),  # an eighth beyond the most frequent class, which has half of the rows
        (16, 64, 31, ["any set is minimal"]),
        (10, 40, 40, []),  # an eighth of 40 rows is five
        (10, 38, 38, ["worth few utterances"]),
        (9, 64, 64, ["fewer than 10 groups"]),
    ],
)
def test_what_may_be_lost_is_an_eighth_and_its_thresholds_are_met_exactly(groups, rows, right, told):
    """Two classes of as many rows."""
    hit, classes = np.arange(rows) < right, np.arange(rows) % 2
    whole = Outcomes(hit.astype(float), np.arange(rows), classes, np.arange(rows) % groups)
    found = list(_about_folds(whole, "ALL", 0, 1 / 8))
    assert len(found) == len(told)
    assert all(text in each.kind for text, each in zip(told, found, strict=True))


def curve_of(right, whole=100, groups=3):
    """Of 100 rows in every group, so many are right with the set, and with all neurons."""
    rows = np.arange(100 * groups)

    def of(count):
        return Outcomes((rows % 100 < count).astype(float), rows, np.zeros_like(rows), rows // 100)

    made = [of(min(right, 100)), of(whole), of(min(right, 100)).minus(of(whole))]
    return SimpleNamespace(at=lambda size: made[0], whole=made[1], gap=lambda size: made[2])


def test_a_set_may_lose_one_point_and_keeps_97_per_cent():
    assert [_within(curve_of(right), DELTA, 5) for right in (100, 99, 98)] == [True, True, False]
    assert [_reaches(curve_of(right), KEPT, 5) for right in (97, 96)] == [True, False]
    assert [_reaches(curve_of(right, whole=50), 0.5, 5) for right in (25, 24)] == [True, False]


def test_a_set_is_surely_within_one_point_where_the_whole_interval_is():
    """Thirty groups lose as much each."""
    assert [_surely_within(curve_of(right, groups=30), DELTA, 5) for right in (100, 99, 98)] == [True, False, False]
    assert not _surely_within(curve_of(100, groups=1), DELTA, 5)
    assert not _surely_within(curve_of(100, groups=3), DELTA, 5)


def test_one_group_is_chosen_on_utterances_with_a_caution():
    given, _ = material(runs=1, groups=np.zeros(240, dtype=np.int64))
    choice = choose(given, given.runs.each[0], ByMeans())
    assert "share groups" in choice.warnings[0].kind
    assert choice.sizes[MINIMAL] < 20


def test_without_folds_the_minimal_set_is_all():
    given, _ = material(runs=1, rows=8, groups=np.arange(8, dtype=np.int64))
    (run,) = given.runs.each
    few = Run(0, Split(**{**fields(run.split), "train": np.array([0, 1])}))
    choice = choose(given, few, ByMeans())
    assert choice.sizes == dict.fromkeys((MINIMAL, MINIMAL_SURE, MINIMAL_RELATIVE), 200)
    assert choice.gaps == {}
    assert "too small" in choice.warnings[-1].kind
    (one,) = [each for each in sets_of(given, ByMeans(), [choice]) if each.condition == MINIMAL]
    assert one.top.percent == 100


def fields(split):
    return {name: getattr(split, name) for name in split.__slots__}


def test_a_bootstrap_run_is_chosen_on_its_drawn_groups():
    weights = lambda split: np.where(split.groups[split.train] % 3 == 0, 0, 1)
    given, _ = material(runs=1, weights=weights)
    (run,) = given.runs.each
    choice = choose(given, run, ByMeans())
    assert len(choice.gaps[MINIMAL]) == run.weights.sum()


def test_neurons_that_were_drawn_are_told():
    given, _ = material(runs=1)
    (run,) = given.runs.each
    silent = Ranking(units=given.features.units, scores=np.zeros(200))
    _, cautions = retrain(given, run, RankedSubsets(silent, given.features.units, 0), {MINIMAL: 200})
    assert cautions == []
    half = Ranking(units=given.features.units, scores=np.r_[np.ones(10), np.zeros(190)])
    _, cautions = retrain(given, run, RankedSubsets(half, given.features.units, 0), {MINIMAL: 20})
    assert [(each.kind[:30], each.detail) for each in cautions] == [("the ranking scores neurons 0, ", "10 of 20")]


def test_only_of_the_set_itself_it_is_told_that_it_knows_nothing():
    given, _ = material(runs=1)
    given.features.values[:, 5:] = 0
    for order, told in ((1, []), (-1, [("ALL", (MINIMAL, "other"))])):
        ranking = Ranking(units=given.features.units[::order], scores=np.arange(200, 0, -1.0))
        cuts = RankedSubsets(ranking, given.features.units, 0)
        assert cuts.random(2.5).columns.min() >= 5
        _, cautions = retrain(given, given.runs.each[0], cuts, {MINIMAL: 5, "other": 5, "all": 200})
        assert [(each.layer, each.conditions) for each in cautions if "weights" in each.kind] == told


def said(given, right, condition, percent=None):
    """One prediction a run, of which so many of the 10 test rows are right."""
    made = []
    for run, count in zip(given.runs.each, right, strict=True):
        truth = given.target.values[run.split.test]
        predicted = np.where(np.arange(len(truth)) < count, truth, 1 - truth)
        made.append(Prediction("ALL", condition, run, predicted, percent))
    return made


def test_the_papers_percentage_of_the_mean_and_of_each_run():
    given, _ = material()
    everything = said(given, [70, 60], "probe")
    tops = (
        said(given, [60, 60], "top-set", 1) + said(given, [70, 56], "top-set", 5) + said(given, [72, 58], "top-set", 10)
    )
    mean, each = paper_percents(tops, everything, given.target)
    assert (mean, each) == (10, {0: 5, 1: 1})
    assert paper_percents([], everything, given.target) == (100, {0: 100, 1: 100})


@pytest.mark.parametrize("percent", [5, 100])
def test_the_papers_sets_are_made_of_what_was_said_already(percent):
    given, _ = material()
    ranking = Ranking(units=given.features.units, scores=np.arange(200, 0, -1.0))
    cuts = [RankedSubsets(ranking, given.features.units, run.seed) for run in given.runs.each]
    everything = said(given, [70, 60], "probe")
    top, random = said(given, [65, 60], "top-set", 5), said(given, [50, 50], "random-set", 5)
    made = paper_sets(given, cuts, top, random, everything, percent)
    expected = top if percent == 5 else everything
    for each, other in zip(made, expected, strict=True):
        assert each.condition == each.top.condition == MINIMAL_PAPER
        assert each.random.condition == f"{MINIMAL_PAPER}-random"
        assert (each.top.predicted == other.predicted).all()
        assert each.top.percent == percent
        assert each.part.columns.tolist() == list(range(percent * 2))
