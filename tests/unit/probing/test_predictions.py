"""Rows of every run and over runs, from predictions that can be counted."""

from dataclasses import replace

import numpy as np
import pytest

from neuroscope.contracts.target import Target
from neuroscope.contracts.task import Split
from neuroscope.probing.predictions import Prediction, outcomes, score, scored_by_run
from neuroscope.probing.runs import Run, Runs
from neuroscope.probing.statistics.estimate import estimate


def run_of(seed, test, weights=None):
    split = Split(
        name="speaker",
        train=np.setdiff1d(np.arange(5), test),
        test=np.array(test),
        groups=np.array([9, 1, 2, 3, 4]),
        group_names=tuple("0123456789"),
        grouped_by="speaker",
        fixed=False,
    )
    return Run(seed, split, weights)


FIRST, SECOND = run_of(0, [1, 2, 3, 4]), run_of(1, [3, 4])
DRAWN = Runs((FIRST, SECOND), same_test=False, varied="")
TARGET = Target(np.array([1, 0, 1, 0, 1]), ("no", "yes"))


def said(run, predicted, percent=None, condition="top-set", **more):
    return Prediction("lstm", condition, run, np.array(predicted), percent, **more)


def rows_of(cell, predictions, runs=DRAWN):
    return {(row.percent, row.metric, row.seed): row for row in score(cell, predictions, TARGET, runs)}


@pytest.fixture
def rows(cell):
    predictions = [said(FIRST, [0, 1, 0, 0], 5), said(SECOND, [0, 1], 5)]
    predictions += [said(FIRST, [1, 0, 1, 0], 10), said(SECOND, [0, 0], 10)]
    return rows_of(cell, predictions)


def test_predictions_of_one_percentage_are_scored_together_and_rows_are_counted_once(rows):
    found = {key: (row.value, row.n) for key, row in rows.items() if key[1] == "accuracy"}
    assert found == {
        (5, "accuracy", 0): (0.75, 4),
        (5, "accuracy", 1): (1.0, 2),
        (5, "accuracy", None): (0.875, 4),
        (10, "accuracy", 0): (0.0, 4),
        (10, "accuracy", 1): (0.5, 2),
        (10, "accuracy", None): (0.25, 4),
    }


def test_each_run_has_its_own_interval_and_all_of_them_one_with_its_sd(rows):
    one, other = (outcomes(each, TARGET) for each in (said(FIRST, [0, 1, 0, 0]), said(SECOND, [0, 1])))
    for seed, runs, drawn in ((0, [one], False), (1, [other], False), (None, [one, other], True)):
        found = estimate(runs, "accuracy", drawn=drawn)
        row = rows[5, "accuracy", seed]
        assert (row.value, row.low, row.high) == (found.value, found.low, found.high)
    assert rows[5, "accuracy_sd", None].value == found.sd


def test_with_bootstraps_of_the_training_part_the_number_is_that_of_the_whole_training_part(cell):
    first, later = FIRST, replace(FIRST, seed=1, weights=np.array([2]))
    made = rows_of(cell, [said(first, [0, 1, 0, 1]), said(later, [1, 0, 1, 0])], Runs((first, later), True, ""))
    assert [made[None, "accuracy", seed].value for seed in (0, 1, None)] == [1.0, 0.0, 1.0]
    assert made[None, "accuracy", None].low == made[None, "accuracy", 0].low


def test_a_majority_is_a_count_without_an_interval(cell):
    majority = [Prediction("", "majority", run, np.ones(len(run.split.test), dtype=int)) for run in DRAWN.each]
    made = rows_of(cell, majority)
    assert {(row.low, row.high) for row in made.values()} == {(None, None)}
    assert made[None, "accuracy", None].value == 0.5
    assert (None, "accuracy_sd", None) not in made


def test_draws_of_one_run_are_averaged_each_against_its_own_labels(cell):
    drawn = [
        said(FIRST, [0, 1, 0, 1], truth=np.array([0, 1, 0, 1])),
        said(FIRST, [0, 1, 0, 1], truth=np.array([1, 0, 1, 1]), draw=1),
    ]
    made = rows_of(cell, drawn, Runs((FIRST,), True, ""))
    assert made[None, "accuracy", None].value == np.mean([1, 0.25])
    assert made[None, "balanced_accuracy", None].value == pytest.approx(np.mean([1, 1 / 6]))
    assert scored_by_run(drawn, TARGET, "accuracy").variance_of_draws == pytest.approx(np.var([1, 0.25], ddof=1) / 2)
    true = [said(FIRST, [0, 1, 0, 1]), said(SECOND, [0, 0])]
    assert scored_by_run(true, TARGET, "accuracy").variance_of_draws == 0
