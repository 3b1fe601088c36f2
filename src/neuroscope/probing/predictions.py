"""Predictions of test rows, and the rows of the tidy table that score them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.contracts import metric_names
from neuroscope.probing.metrics import METRICS, Tally, interval, summarise, tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neuroscope.contracts.rows import Row
    from neuroscope.contracts.target import Target
    from neuroscope.probing.cell import Cell
    from neuroscope.probing.runs import Run, Runs


@dataclass(frozen=True, slots=True)
class Prediction:
    """The classes that a probe predicts for one run's test rows.

    Attributes:
        layer: empty for the majority baseline.
        condition: ``probe``, ``majority``, ``random``, ``masked-top``, ...
        run: the repetition.
        predicted: class number of each row of ``run.split.test``.
        percent: share of the neurons that were kept; None where all were.
    """

    layer: str
    condition: str
    run: Run
    predicted: NDArray[np.int64]
    percent: float | None = None


def score(cell: Cell, predictions: Sequence[Prediction], target: Target, runs: Runs) -> list[Row]:
    """Score predictions: accuracy and balanced accuracy of every run, then their mean with its interval and its ±.

    Predictions of equal layer, condition and percent belong together, in the order in which they first come.
    """
    grouped: dict[tuple[str, str, float | None], list[Prediction]] = {}
    for prediction in predictions:
        grouped.setdefault((prediction.layer, prediction.condition, prediction.percent), []).append(prediction)
    rows = []
    for (layer, condition, percent), group in grouped.items():
        tallies, of_runs = [tallied(each, target) for each in group], [each.run for each in group]
        for metric in METRICS:
            common = {"layer": layer, "condition": condition, "metric": metric}
            percents = [percent] * len(group)
            rows += rows_over_runs(cell, tallies, of_runs, percents, same_test=runs.same_test, of=metric, **common)
    return rows


def rows_over_runs(
    cell: Cell,
    tallies: Sequence[Tally],
    runs: Sequence[Run],
    percents: Sequence[float | None],
    *,
    same_test: bool,
    of: str,
    metric: str,
    **common: str,
) -> list[Row]:
    """Make rows of a score: every run with its interval, then the mean with its interval, and its ± where it has one.

    Args:
        cell: the conditions of the rows.
        tallies: counts of test rows and of those that were right, one per run.
        runs: the repetitions.
        percents: the share of the neurons that were kept, one per run.
        same_test: whether all runs test on the same rows.
        of: the score, ``accuracy`` or ``balanced_accuracy``.
        metric: what the rows call it.
        common: layer, condition and what else the rows have in common.
    """
    rows = []
    for one, run, percent in zip(tallies, runs, percents, strict=True):
        low, high = interval(one, of, run.seed)
        each: dict[str, Any] = {**common, "metric": metric, "percent": percent, "seed": run.seed}
        rows.append(cell.row(**each, value=one.score(of), n=one.rows, low=low, high=high))
    tested = len(set(np.concatenate([run.split.test for run in runs]).tolist()))
    over: dict[str, Any] = {**common, "percent": mean_percent(percents), "n": tested}
    total = summarise(list(tallies), of, [run.seed for run in runs], same_test=same_test)
    rows.append(cell.row(**over, metric=metric, value=total.mean, low=total.low, high=total.high))
    if total.sd is not None:
        rows.append(cell.row(**over, metric=metric_names.sd_of(metric), value=total.sd))
    return rows


def mean_percent(percents: Sequence[float | None]) -> float | None:
    """Average a share of the neurons over runs; None where all neurons are meant."""
    known = [each for each in percents if each is not None]
    if len(set(known)) == 1:
        return known[0]
    return float(np.mean(known)) if known else None


def tallied(prediction: Prediction, target: Target) -> Tally:
    """Count the test rows of each group and class, and those that were predicted right."""
    split = prediction.run.split
    return tally(target.values[split.test], prediction.predicted, split.groups[split.test], target.classes)
