"""Layers are compared with the best of them and with chance, and all that is said holds at once."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from neuroscope.contracts.rows import ALL
from neuroscope.contracts.target import Target
from neuroscope.contracts.task import Split
from neuroscope.probing.comparisons import Whole, between_backbones, comparisons, p_of_chance
from neuroscope.probing.predictions import Prediction, Scored, outcomes
from neuroscope.probing.runs import Run, Runs
from neuroscope.probing.statistics.estimate import estimate
from neuroscope.probing.statistics.several import holm, range_interval

ROWS, TRAIN = 240, 40
GROUPS = np.arange(ROWS) // 5


@pytest.fixture
def target():
    """Four of five rows are of the second class, in every group."""
    return Target((np.arange(ROWS) % 5 > 0).astype(np.int64), ("rare", "frequent"))


def runs_of(count, *, drawn=False, weigh=False):
    made = []
    for seed in range(count):
        first = 40 * seed if drawn else 0
        split = Split(
            name="s",
            train=np.arange(TRAIN) + (ROWS - TRAIN),
            test=np.arange(first, first + 100),
            groups=GROUPS,
            group_names=tuple(map(str, range(ROWS // 5))),
            grouped_by="speaker",
            fixed=not drawn,
        )
        made.append(Run(seed, split, np.ones(TRAIN, dtype=np.int64) if weigh and seed else None))
    return Runs(tuple(made), not drawn, "")


def said(layer, run, target, wrong):
    """A prediction that errs at these places of the test part."""
    truth = target.values[run.split.test]
    return Prediction(layer, "probe", run, np.where(np.isin(np.arange(len(truth)), wrong), 1 - truth, truth))


ERRORS = {"low": np.arange(0, 100, 3), ALL: np.arange(2), "high": np.arange(7, 17), "middle": np.arange(30, 50)}


def predicted(runs, target):
    return [said(layer, run, target, wrong + run.seed) for layer, wrong in ERRORS.items() for run in runs.each]


def differences(rows):
    return {row.layer: row for row in rows if row.metric == "accuracy_difference"}


def p_values(rows):
    return {row.layer: row.value for row in rows if row.metric == "p_value"}


@pytest.fixture
def compared(cell, target):
    def compared(runs, predictions=None):
        return comparisons(cell, predictions or predicted(runs, target), target, runs)

    return compared


def test_the_best_is_no_concatenation_and_every_other_layer_is_compared_with_it(compared):
    found = differences(compared(runs_of(1)))
    assert {layer: row.value for layer, row in found.items()} == pytest.approx(
        {"low": -0.24, ALL: 0.08, "middle": -0.1}
    )
    assert {row.against for row in found.values()} == {"high"}
    assert {(row.condition, row.n) for row in found.values()} == {("probe", 100)}


@pytest.mark.parametrize("drawn", [False, True])
def test_intervals_are_paired_and_of_all_pairs_of_layers_at_once(compared, target, drawn):
    runs = runs_of(3, drawn=drawn)
    found = differences(compared(runs))
    for layer in ("low", ALL, "middle"):
        gaps = [
            outcomes(said(layer, run, target, ERRORS[layer] + run.seed), target).minus(
                outcomes(said("high", run, target, ERRORS["high"] + run.seed), target)
            )
            for run in runs.each
        ]
        gap = estimate(gaps, "accuracy", drawn=drawn, difference=True)
        assert (found[layer].low, found[layer].high) == pytest.approx(range_interval(gap, 4))
        assert found[layer].low < gap.low < gap.high < found[layer].high
        assert found[layer].n == (180 if drawn else 100)


def test_with_bootstraps_layers_are_compared_in_the_run_on_all_training_rows(compared):
    whole, first = (differences(compared(runs)) for runs in (runs_of(3, weigh=True), runs_of(1)))
    assert {layer: row.value for layer, row in whole.items()} == {layer: row.value for layer, row in first.items()}


def test_differences_are_of_accuracy_whatever_the_classes(compared, target):
    """Errors of the rare class would weigh four times as much in the mean over classes."""
    runs = runs_of(1)
    (run,) = runs.each
    told = [said("one", run, target, np.arange(0, 100, 5)), said("other", run, target, np.arange(2, 100, 4))]
    found = differences(compared(runs, told))
    assert found["other"].value == pytest.approx(-0.05)
    assert found["other"].against == "one"


def test_a_constant_answer_knows_nothing_where_classes_are_unequal(compared, target):
    """It has 80 per cent, and so has a probe that has every other frequent row wrong and every rare one right."""
    runs = runs_of(1)
    (run,) = runs.each
    rare = np.flatnonzero(target.values[run.split.test] == 0)
    frequent = np.flatnonzero(target.values[run.split.test] == 1)
    told = [said("constant", run, target, rare), said("half", run, target, frequent[::2])]
    found = p_values(compared(runs, told))
    assert found["constant"] == pytest.approx(0.5)
    assert found["half"] < 1e-3


def test_what_is_said_of_chance_is_corrected_for_the_number_of_layers(compared, target):
    runs = runs_of(1)
    (run,) = runs.each
    told = [said(name, run, target, np.arange(100)[:count]) for name, count in (("a", 42), ("b", 45), ("c", 48))]
    found = p_values(compared(runs, told))
    exact = [p_of_chance(Scored([run], [outcomes(each, target)], [None]), runs) for each in told]
    assert list(found.values()) == pytest.approx(holm(np.array(exact)))
    assert found["a"] == pytest.approx(3 * exact[0])
    assert all(one < other for one, other in pairwise(exact))


def test_one_group_cannot_be_above_chance(target):
    run = runs_of(1).each[0]
    alone = Run(0, Split(**{**fields(run.split), "groups": np.zeros(ROWS, dtype=np.int64)}))
    right = outcomes(said("a", alone, target, []), target)
    assert p_of_chance(Scored([alone], [right], [None]), Runs((alone,), True, "")) == 1


def fields(split):
    names = ("name", "train", "test", "groups", "group_names", "grouped_by", "fixed")
    return {name: getattr(split, name) for name in names}


def wholes(cell, runs, target):
    """Three backbones: the first errs twice, the second on ten other rows, the third twice as often."""
    errors = {"one": np.arange(2), "two": np.arange(7, 17), "three": np.arange(30, 50)}
    return [
        Whole(replace(cell, backbone=name), [said(ALL, run, target, wrong + run.seed) for run in runs.each])
        for name, wrong in errors.items()
    ]


def test_each_backbone_is_compared_with_each_on_the_same_rows(cell, target):
    runs = runs_of(1)
    each = wholes(cell, runs, target)
    found = between_backbones(each, target, runs, compared=3)
    assert [(row.backbone, row.against, row.value) for row in found] == [
        ("one", each[1].cell.digest, pytest.approx(0.08)),
        ("one", each[2].cell.digest, pytest.approx(0.18)),
        ("two", each[2].cell.digest, pytest.approx(0.10)),
    ]
    assert {(row.run, row.backbone) for row in found} == {(one.cell.digest, one.cell.backbone) for one in each[:2]}
    assert {(row.layer, row.condition, row.metric, row.seed, row.n) for row in found} == {
        (ALL, "probe", "accuracy_difference", None, 100)
    }


def test_intervals_between_backbones_hold_for_all_pairs_that_a_reader_sees(cell, target):
    runs = runs_of(3, drawn=True)
    first, second, _ = wholes(cell, runs, target)
    alone, beside = (between_backbones([first, second], target, runs, compared=count)[0] for count in (2, 5))
    gaps = [
        outcomes(x, target).minus(outcomes(y, target))
        for x, y in zip(first.predictions, second.predictions, strict=True)
    ]
    expected = range_interval(estimate(gaps, "accuracy", drawn=True, difference=True), 2)
    assert (alone.low, alone.high) == pytest.approx(expected)
    assert beside.low < alone.low < alone.value < alone.high < beside.high


def test_backbones_that_were_tested_on_one_group_have_a_difference_without_an_interval(cell, target):
    runs = runs_of(1)
    split = replace(runs.each[0].split, groups=np.zeros(ROWS, dtype=np.int64))
    one_group = replace(runs, each=(replace(runs.each[0], split=split),))
    row = between_backbones(wholes(cell, one_group, target)[:2], target, one_group, compared=2)[0]
    assert (row.value, row.low, row.high) == (pytest.approx(0.08), None, None)
