"""Random features, permuted labels and an untrained network, on features whose answer is known."""

import tracemalloc
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from neuroscope.contracts.features import Features, Unit
from neuroscope.contracts.probing import Problem
from neuroscope.contracts.target import Target
from neuroscope.contracts.task import Split
from neuroscope.errors import BadOption
from neuroscope.neuron_analysis import controls
from neuroscope.probing import problem_data
from neuroscope.probing.cell import Cell
from neuroscope.probing.predictions import outcomes, score
from neuroscope.probing.problem_data import ProbeData
from neuroscope.probing.runs import Run, Runs
from neuroscope.probing.statistics.estimate import estimate
from neuroscope.testing.inputs.planted import plant

CELL = Cell(
    representation="r",
    backbone="b",
    task="t",
    dataset="d",
    manifest="m",
    split="s",
    layers="",
    pooling="mean",
    probe="p",
    preset="",
    runs=3,
    seed=0,
)
ROWS, CLASSES = 480, 3


class Spy(LogisticRegression):
    """Keeps what it was trained on."""

    seen: ClassVar[list] = []

    def fit(self, X, y):
        self.seen.append((X.copy(), y.copy()))
        return super().fit(X, y)


@pytest.fixture
def data():
    return plant(rows=ROWS, columns=20, classes=CLASSES, seed=0, strength=2.0)


def material_of(data, *, runs=3, bootstrap=False, template=None):
    """Groups of four rows are split anew each run, or the first split stays and later runs weigh its groups."""
    made = []
    for seed in range(runs):
        groups = np.random.default_rng(0 if bootstrap else seed).permutation(ROWS // 4)
        train = np.flatnonzero(np.isin(data.labels.groups, groups[:80]))
        test = np.setdiff1d(np.arange(ROWS), train)
        names = tuple(f"g{number}" for number in range(ROWS // 4))
        split = Split(
            name="s",
            train=train,
            test=test,
            groups=data.labels.groups,
            group_names=names,
            grouped_by="g",
            fixed=bootstrap,
        )
        counts = np.bincount(np.random.default_rng(seed).integers(80, size=80), minlength=80)
        made.append(Run(seed, split, np.repeat(counts, 4) if bootstrap and seed else None))
    runs = Runs(tuple(made), bootstrap, "")
    return ProbeData("ALL", data.features, Target(data.labels.values, data.labels.classes), runs, template or Spy())


def accuracy(said, material):
    return np.mean([outcomes(each, material.target).score("accuracy") for each in said])


def of_all(material):
    fits = [material.fits(run, [Problem()])[0] for run in material.runs.each]
    return [material.predict(run, fit.probe, "probe") for run, fit in zip(material.runs.each, fits, strict=True)]


@pytest.fixture(autouse=True)
def _forget():
    Spy.seen.clear()


@pytest.mark.parametrize("distribution", controls.DISTRIBUTIONS)
def test_random_features_are_seeded_float32_of_the_shape(data, distribution):
    one, same, other = (controls.random_features(data.features, seed, distribution) for seed in (1, 1, 2))
    assert one.shape == data.features.values.shape
    assert one.dtype == np.float32
    assert np.array_equal(one, same)
    assert not np.isclose(one, other).any(axis=1).all()


def wide(rows=20_000):
    """A column near zero, one that is far off and wide, and one that is constant."""
    values = np.random.default_rng(5).standard_normal((rows, 3)) * [0.1, 50, 0] + [0, 1e4, 7]
    units = tuple(Unit("low", number) for number in range(3))
    return Features(ids=tuple(map(str, range(rows))), units=units, values=values.astype(np.float32))


@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_random_features_have_mean_0_and_sd_1(distribution):
    drawn = controls.random_features(wide(), 0, distribution)
    assert drawn.mean(axis=0) == pytest.approx(0, abs=0.04)
    assert drawn.std(axis=0) == pytest.approx(1, abs=0.02)
    assert (np.abs(drawn).max() < 1.74) == (distribution == "uniform")
    assert np.abs(np.corrcoef(drawn.T) - np.eye(3)).max() < 0.04


def test_matched_features_have_the_mean_and_sd_of_every_column(monkeypatch):
    monkeypatch.setattr(controls, "_BLOCK", 3 * 777)  # the last block is a shorter one
    features = wide()
    drawn = controls.random_features(features, 0, "matched").astype(float)
    mean, deviation = features.values.astype(float).mean(axis=0), features.values.astype(float).std(axis=0)
    assert np.all(np.abs(drawn.mean(axis=0) - mean) <= 0.04 * deviation)
    assert drawn.std(axis=0) == pytest.approx(deviation, rel=0.02)
    found = controls._moments(features.values)
    assert found[0] == pytest.approx(mean, rel=1e-12)
    assert found[1] == pytest.approx(deviation, rel=1e-6)


def test_an_unknown_distribution_is_told_with_the_known_ones(data):
    with pytest.raises(BadOption, match=r"'gauss'. Known: normal, uniform, matched"):
        controls.random(material_of(data), "gauss")


@pytest.mark.parametrize("distribution", controls.DISTRIBUTIONS)
def test_random_features_make_no_second_matrix(distribution, monkeypatch):
    rows, columns = 20_000, 300
    features = Features(ids=(), units=(), values=np.zeros((rows, columns), dtype=np.float32))
    monkeypatch.setattr(controls, "_BLOCK", 2**15)
    tracemalloc.start()
    controls.random_features(features, 0, distribution)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    blocks = 3 * 8 * controls._BLOCK if distribution == "matched" else 0
    assert peak < 4 * rows * columns + blocks + 1e6


def test_the_probe_knows_nothing_of_random_features(data):
    material = material_of(data)
    said = controls.random(material)
    assert [(each.layer, each.condition, each.run.seed) for each in said] == [("ALL", "random", n) for n in range(3)]
    assert accuracy(said, material) == pytest.approx(1 / CLASSES, abs=0.1)
    assert accuracy(of_all(material), material) > 0.95
    first, second = (seen[0] for seen in Spy.seen[:2])
    assert not np.array_equal(first, second)


def test_an_untrained_twin_may_have_other_columns_and_is_its_own_network_each_run(data):
    material = material_of(data)
    asked = []

    def twin(run):
        asked.append(run.seed)
        more = plant(rows=ROWS, columns=12, classes=CLASSES, seed=run.seed, strength=0.5).features
        return replace(more, ids=material.features.ids)

    said = controls.untrained(material, twin)
    assert asked == [0, 1, 2]
    assert {each.condition for each in said} == {"untrained"}
    assert 0.4 < accuracy(said, material) < accuracy(of_all(material), material)


def test_an_untrained_twin_of_other_rows_is_refused(data):
    material = material_of(data)
    with pytest.raises(ValueError, match="untrained"):
        controls.untrained(material, lambda run: replace(data.features, ids=data.features.ids[::-1]))


@pytest.mark.parametrize(("runs", "draws"), [(3, 4), (10, 1), (1, 10)])
def test_the_control_task_is_drawn_ten_times_or_more_over_the_runs(data, runs, draws):
    said = controls.permuted(CELL, material_of(data, runs=runs)).predictions
    assert [(each.run.seed, each.draw) for each in said] == [(n, d) for n in range(runs) for d in range(draws)]
    assert len({tuple(y.tolist()) for _, y in Spy.seen}) == runs * draws


def test_the_control_task_keeps_the_counts_in_both_parts_and_teaches_nothing(data):
    material = material_of(data)
    said = controls.permuted(CELL, material).predictions
    assert accuracy(said, material) == pytest.approx(1 / CLASSES, abs=0.12)
    for (_, y), each in zip(Spy.seen, said, strict=True):
        true = material.target.values
        for drawn, rows in ((y, each.run.split.train), (each.truth, each.run.split.test)):
            assert np.bincount(drawn).tolist() == np.bincount(true[rows]).tolist()
            assert 0.2 < (drawn == true[rows]).mean() < 0.5


def test_labels_of_a_type_are_permuted_together(data):
    """Speakers of eight rows, in both parts."""
    speakers = np.arange(ROWS) // 8
    values = np.random.default_rng(0).permutation(np.arange(ROWS // 8) % CLASSES)[speakers]
    material = replace(material_of(data, runs=1), target=Target(values, ("a", "b", "c")), types=speakers)
    (run,) = material.runs.each
    kept = []
    for (_, y), each in zip(Spy.seen, controls.permuted(CELL, material).predictions, strict=False):
        of_speaker = {}
        for rows, labels in ((run.split.train, y), (run.split.test, each.truth)):
            for row, label in zip(rows.tolist(), labels.tolist(), strict=True):
                of_speaker.setdefault(speakers[row], set()).add(label)
        assert {len(labels) for labels in of_speaker.values()} == {1}
        heard = np.isin(speakers[run.split.train], speakers[run.split.test])
        kept.append((y[heard] == values[run.split.train][heard]).mean())
    assert np.mean(kept) < 0.6  # the labels of speakers in both parts are permuted as well


def test_with_bootstraps_the_control_is_of_the_run_that_is_shown(data):
    material = material_of(data, bootstrap=True)
    said = controls.permuted(CELL, material).predictions
    assert {each.run.seed for each in said} == {0}
    assert len(said) == controls.CONTROL_DRAWS


def test_what_a_control_learns_by_heart_is_its_training_accuracy(data):
    """A probe that looks its rows up has all of them right, and knows nothing of others."""
    material = material_of(data, template=KNeighborsClassifier(1))
    found = controls.permuted(CELL, material)
    assert {row.value for row in found.rows if row.metric == "training_accuracy"} == {1.0}
    assert [row.seed for row in found.rows] == [0, 1, 2, None, None]
    assert accuracy(found.predictions, material) == pytest.approx(1 / CLASSES, abs=0.12)


def test_what_is_learned_by_heart_is_the_mean_over_draws(data, monkeypatch):
    rates = iter(np.arange(10) ** 2 / 100)
    monkeypatch.setattr(problem_data, "training_accuracy", lambda *_: float(next(rates)))
    found = controls.permuted(CELL, material_of(data, runs=1))
    assert [row.value for row in found.rows] == pytest.approx([0.285, 0.285])


def test_runs_on_one_split_draw_labels_of_their_own(data):
    (first,) = material_of(data, runs=1).runs.each
    same = replace(material_of(data), runs=Runs((first, replace(first, seed=1)), True, ""))
    controls.permuted(CELL, same)
    assert len({tuple(y.tolist()) for _, y in Spy.seen}) == 10


def test_labels_belong_to_the_first_grouping_that_has_one_a_group():
    values = np.array([0, 0, 1, 1, 0, 0])
    speakers, texts = np.array([5, 5, 3, 3, 9, 9]), np.array([0, 1, 0, 1, 0, 1])
    assert controls.types_of(values, texts, speakers).tolist() == [1, 1, 0, 0, 2, 2]
    assert controls.types_of(values, texts).tolist() == [0, 1, 2, 3, 4, 5]
    mixed = np.array([0, 1, 2, 0, 1, 2])
    assert controls.types_of(values, mixed, speakers).tolist() == [1, 1, 0, 0, 2, 2]
    assert controls.types_of(values, values).tolist() == [0, 1, 2, 3, 4, 5]  # each class is one group


def test_controls_repeat_exactly(data):
    for control in (controls.random, lambda material: controls.permuted(CELL, material).predictions):
        first, again = control(material_of(data)), control(material_of(data))
        assert all(np.array_equal(a.predicted, b.predicted) for a, b in zip(first, again, strict=True))


def test_selectivity_is_the_difference_of_the_accuracies_with_a_paired_interval(data):
    material = material_of(data)
    said, blind = of_all(material), controls.permuted(CELL, material).predictions
    rows = controls.selectivity(CELL, material, said, blind)
    scores = score(CELL, [*said, *blind], material.target, material.runs)
    value = {(row.condition, row.seed): row.value for row in scores if row.metric == "accuracy"}
    assert [(row.metric, row.seed) for row in rows] == [
        *(("selectivity", n) for n in range(3)),
        ("selectivity", None),
        ("selectivity_sd", None),
    ]
    assert {(row.layer, row.condition, row.against) for row in rows} == {("ALL", "permuted", "probe")}
    for row in rows[:4]:
        assert row.value == pytest.approx(value["probe", row.seed] - value["permuted", row.seed])
        assert row.low < row.value < row.high
    assert rows[0].n == 160
    assert rows[3].n == len(set(np.concatenate([run.split.test for run in material.runs.each])))
    assert rows[3].value > 0.5


def test_the_luck_of_the_drawn_labels_is_in_the_interval(data):
    material = material_of(data, runs=1)
    said, blind = of_all(material), controls.permuted(CELL, material).predictions
    few, many = (controls.selectivity(CELL, material, said, blind[:count])[-1].value for count in (2, 10))
    luck = [outcomes(each, material.target).score("accuracy") for each in blind]
    assert many**2 > np.var(luck, ddof=1) / 10
    assert few != many


def test_intervals_of_selectivity_hold_the_probes_groups_and_the_luck_of_the_draws_once(data):
    """Over the runs and in each of them; a run has a third of the draws, and three times the variance of their mean."""
    material = material_of(data)
    said, blind = of_all(material), controls.permuted(CELL, material).predictions
    rows = controls.selectivity(CELL, material, said, blind)
    rates = np.array([outcomes(each, material.target).score("accuracy") for each in blind])
    luck = rates.var(ddof=1) / 12
    gaps = [outcomes(each, material.target).less(rates[4 * run : 4 * run + 4].mean()) for run, each in enumerate(said)]
    whole = estimate(gaps, "accuracy", drawn=True, difference=True, more_variance=luck)
    each = [estimate([gap], "accuracy", drawn=False, difference=True, more_variance=3 * luck) for gap in gaps]
    for row, expected in zip(rows, [*each, whole], strict=False):
        assert (row.low, row.high) == pytest.approx((expected.low, expected.high))
    assert rows[4].value == pytest.approx(whole.sd)


def test_with_bootstraps_selectivity_is_of_the_run_that_is_shown(data):
    material = material_of(data, bootstrap=True)
    said, blind = of_all(material), controls.permuted(CELL, material).predictions
    rows = controls.selectivity(CELL, material, said, blind)
    assert [(row.metric, row.seed) for row in rows] == [
        ("selectivity", 0),
        ("selectivity", None),
        ("selectivity_sd", None),
    ]
    rate = np.mean([outcomes(each, material.target).score("accuracy") for each in blind])
    assert rows[1].value == pytest.approx(outcomes(said[0], material.target).score("accuracy") - rate)
