"""Differences on the same test rows, numbers that a run has once, and when information is redundant."""

import numpy as np
import pytest

from neuroscope.contracts.conditions import MINIMAL, MINIMAL_RELATIVE
from neuroscope.contracts.target import Target
from neuroscope.contracts.task import Split
from neuroscope.neuron_analysis.minimal import MinimalSet, SizeChoice
from neuroscope.neuron_analysis.redundancy import about_sets, on_folds, redundancy
from neuroscope.neuron_analysis.subsets import Subset
from neuroscope.probing.differences import RowNames, counted, differences
from neuroscope.probing.predictions import Prediction, mean_percent, outcomes
from neuroscope.probing.problem_data import ProbeData
from neuroscope.probing.runs import Run, Runs
from neuroscope.probing.statistics.estimate import estimate
from neuroscope.probing.statistics.outcomes import Outcomes
from neuroscope.testing.inputs.planted import plant

DATA = plant(rows=300, columns=20, classes=3, seed=0)
TEST = np.arange(100, 300)


def material(runs=2):
    split = Split(
        name="speaker",
        train=np.arange(100),
        test=TEST,
        groups=DATA.labels.groups,
        group_names=tuple(map(str, range(75))),
        grouped_by="speaker",
        fixed=True,
    )
    made = Runs(tuple(Run(seed, split) for seed in range(runs)), same_test=True, varied="")
    return ProbeData("ALL", DATA.features, Target(DATA.labels.values, DATA.labels.classes), made, None)


def said(given, run, right, condition="top-set", percent=5.0):
    """A prediction that has this many of the 200 test rows right, spread over them."""
    truth = given.target.values[run.split.test]
    wrong = np.ones(200, dtype=bool)
    wrong[np.linspace(0, 199, right).astype(int)] = False
    return Prediction("ALL", condition, run, np.where(wrong, (truth + 1) % 3, truth), percent)


def test_differences_of_every_run_and_over_runs(cell):
    given = material()
    first, second = given.runs.each
    pairs = [
        (said(given, first, 150, percent=4.0), said(given, first, 140)),
        (said(given, second, 160, percent=6.0), said(given, second, 120)),
    ]
    rows = {(row.metric, row.seed): row for row in differences(cell, given, pairs, against="x", metric="gap")}
    assert rows["gap", 0].value == pytest.approx(0.05)
    assert rows["gap", 1].value == pytest.approx(0.2)
    assert rows["gap", None].value == pytest.approx(0.125)
    assert [rows["gap", seed].percent for seed in (0, 1, None)] == [4, 6, 5]
    assert rows["gap_sd", None].value > 0
    assert {row.against for row in rows.values()} == {"x"}
    assert {row.n for row in rows.values()} == {200}


def test_a_probe_against_itself_differs_by_nothing_which_is_not_wholly_sure(cell):
    given = material(runs=1)
    (run,) = given.runs.each
    row, total, sd = differences(cell, given, [(said(given, run, 150),) * 2], against="x", metric="gap")
    assert row.value == total.value == 0
    assert -0.05 < row.low < 0 < row.high < 0.05
    assert (row.low, row.high) == (total.low, total.high)
    assert sd.value > 0


def test_percentages_over_runs():
    assert mean_percent([None, None]) is None
    assert mean_percent([5.0, 5.0]) == 5.0
    assert mean_percent([1.0, 2.0]) == 1.5


def test_a_number_a_run_its_mean_and_sd(cell):
    given = material()
    rows = counted(cell, given.runs.each, [3, 5], [1.0, 2.0], RowNames("ALL", "minimal", "neurons"))
    assert [(row.metric, row.seed, row.value, row.percent) for row in rows] == [
        ("neurons", 0, 3, 1.0),
        ("neurons", 1, 5, 2.0),
        ("neurons", None, 4, 1.5),
        ("neurons_sd", None, pytest.approx(np.sqrt(2)), 1.5),
    ]
    assert {row.n for row in rows} == {100}


def test_the_number_over_runs_may_be_that_of_some(cell):
    given = material()
    names = RowNames("ALL", "minimal", "neurons")
    rows = counted(cell, given.runs.each, [3, 5], [1.0, 2.0], names, shown=given.runs.each[:1])
    assert [(row.metric, row.seed, row.value, row.percent) for row in rows][2:] == [
        ("neurons", None, 3, 1.0),
        ("neurons_sd", None, pytest.approx(np.sqrt(2)), 1.0),
    ]


@pytest.mark.parametrize(
    ("random", "redundant"),
    [
        ([150], 1),
        ([149], 1),
        ([143], 0),  # 3.5 points, and 5 are not excluded
        ([139], 0),
        ([150, 143], 1),
        ([145, 140], 0),
    ],
)
def test_information_is_redundant_where_more_than_five_points_are_excluded(cell, random, redundant):
    given = material(runs=len(random))
    part = Subset(np.arange(4), 0)
    sets = [
        MinimalSet(MINIMAL, part, said(given, run, 150, MINIMAL), said(given, run, right, "minimal-random"))
        for run, right in zip(given.runs.each, random, strict=True)
    ]
    (found,) = [row for row in redundancy(cell, given, sets) if row.metric == "redundant_information"]
    assert (found.value, found.low, found.high, found.seed) == (redundant, None, None, None)
    (gap,) = [row for row in redundancy(cell, given, sets) if row.metric == "top_minus_random" and row.seed is None]
    assert gap.value == pytest.approx((150 - np.mean(random)) / 200)
    assert (gap.high < 0.05) == bool(redundant)


def test_what_was_lost_on_the_folds_has_a_paired_interval(cell):
    given = material()
    run = given.runs.each[1]
    gap = Outcomes(np.array([-1.0, -1, 0, 1]), np.arange(4), np.zeros(4, int), np.arange(4))
    (row,) = on_folds(cell, given, [SizeChoice(run, {MINIMAL: 5}, {MINIMAL: gap}, ())])
    found = estimate([gap], "accuracy", drawn=False, difference=True)
    assert (row.value, row.n, row.percent, row.seed) == (-0.25, 4, 25, 1)
    assert (row.low, row.high) == (found.low, found.high)


def test_what_is_beside_the_set_that_keeps_enough_is_redundant(cell):
    given = material()
    sets = [
        MinimalSet(
            MINIMAL_RELATIVE, Subset(np.arange(kept), 0), said(given, run, 150, MINIMAL_RELATIVE), said(given, run, 100)
        )
        for run, kept in zip(given.runs.each, (4, 6), strict=True)
    ]
    values = [row.value for row in redundancy(cell, given, sets) if row.metric == "redundant_percent"]
    assert values == pytest.approx([80, 70, 75])


def test_what_sets_lose_is_read_for_all_their_rules_at_once(cell):
    given = material()
    whole = [said(given, run, 160, "probe", None) for run in given.runs.each]
    sets = [
        MinimalSet(condition, Subset(np.arange(4), 0), said(given, run, right, condition), said(given, run, 100))
        for condition, right in ((MINIMAL, 150), (MINIMAL_RELATIVE, 140))
        for run in given.runs.each
    ]
    rows = {(row.condition, row.metric): row for row in about_sets(cell, given, sets, whole) if row.seed is None}
    for condition, right in (MINIMAL, 150), (MINIMAL_RELATIVE, 140):
        gaps = [
            outcomes(said(given, run, right), given.target).minus(outcomes(each, given.target))
            for run, each in zip(given.runs.each, whole, strict=True)
        ]
        expected = estimate(gaps, "accuracy", drawn=False, difference=True, family=2)
        row = rows[condition, "accuracy_difference"]
        assert (row.value, row.low, row.high) == pytest.approx((expected.value, expected.low, expected.high))
        assert rows[condition, "delta_rows"].value == pytest.approx(2)  # a point of 200 test rows
        assert rows[condition, "neurons"].value == 4
