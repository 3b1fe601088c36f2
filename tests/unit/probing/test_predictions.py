"""Rows of every run and over runs, from predictions that can be counted."""

import numpy as np
import pytest

from neuroscope.contracts.target import Target
from neuroscope.contracts.task import Split
from neuroscope.probing.metrics import Tally
from neuroscope.probing.predictions import Prediction, score
from neuroscope.probing.runs import Run, Runs


def run_of(seed, test):
    split = Split(
        name="speaker",
        train=np.setdiff1d(np.arange(5), test),
        test=np.array(test),
        groups=np.array([9, 1, 2, 3, 4]),
        group_names=tuple("0123456789"),
        grouped_by="speaker",
        fixed=False,
    )
    return Run(seed, split)


FIRST, SECOND = run_of(0, [1, 2, 3, 4]), run_of(1, [3, 4])
TARGET = Target(np.array([1, 0, 1, 0, 1]), ("no", "yes"))


def said(run, predicted, percent):
    return Prediction("lstm", "top-set", run, np.array(predicted), percent)


@pytest.fixture
def rows(cell, monkeypatch):
    """Accuracies by percentage and run; run 0 draws 0, 1, ... 1000 in its bootstrap, run 1 goes on to 2001."""
    monkeypatch.setattr(Tally, "bootstrap", lambda self, metric, seed: np.arange(1001.0) + 1001 * seed)
    predictions = [said(FIRST, [0, 1, 0, 0], 5), said(SECOND, [0, 1], 5)]
    predictions += [said(FIRST, [1, 0, 1, 0], 10), said(SECOND, [0, 0], 10)]
    made = score(cell, predictions, TARGET, Runs((FIRST, SECOND), same_test=False, varied=""))
    return {(row.percent, row.metric, row.seed): row for row in made}


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
    assert rows[5, "accuracy_sd", None].value == pytest.approx(np.sqrt(2) / 8)


def test_every_run_has_the_interval_of_its_own_draws(rows):
    bounds = [(rows[5, "accuracy", seed].low, rows[5, "accuracy", seed].high) for seed in (0, 1, None)]
    assert bounds[0] == pytest.approx((25, 975))
    assert bounds[1] == pytest.approx((1026, 1976))
    assert bounds[2] == pytest.approx((0.025 * 2001, 0.975 * 2001))
