"""Rows of numbers that every run has once, and of their mean: differences between two probes, and counts of neurons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.contracts import metric_names
from neuroscope.probing.metrics import Tally
from neuroscope.probing.predictions import mean_percent, rows_over_runs, tallied

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroscope.contracts.rows import Row
    from neuroscope.probing.cell import Cell
    from neuroscope.probing.predictions import Prediction
    from neuroscope.probing.problem_data import ProbeData
    from neuroscope.probing.runs import Run


@dataclass(frozen=True, slots=True)
class RowNames:
    """The layer, condition and metric that rows have in common."""

    layer: str
    condition: str
    metric: str


def minus(one: Tally, other: Tally) -> Tally:
    """Subtract a tally: every score, and every draw of the bootstrap, is that of ``one`` less that of ``other``.

    Both are over the same rows, so the difference of the scores is the score of the difference: each draw takes the
    same groups on both sides.
    """
    return Tally(one.right - other.right, one.total)


def differences(
    cell: Cell,
    data: ProbeData,
    pairs: Sequence[tuple[Prediction, Prediction]],
    *,
    against: str,
    metric: str,
    condition: str = "",
    of: str = metric_names.ACCURACY,
) -> list[Row]:
    """Make rows of a score of one side less that of the other: every run, then the mean over runs, with intervals.

    Args:
        cell: the conditions of the rows.
        data: target and runs.
        pairs: one per run, all of one layer and condition: what each side predicts on the same test rows. The rows
            carry the layer, condition and percentage of the first; over runs of several percentages, their mean.
        against: what the other side is.
        metric: what the rows call the difference.
        condition: of the rows, where it is not the first side's.
        of: the score, ``accuracy`` or ``balanced_accuracy``.
    """
    first = pairs[0][0]
    gaps = [minus(tallied(one, data.target), tallied(other, data.target)) for one, other in pairs]
    return rows_over_runs(
        cell,
        gaps,
        [one.run for one, _ in pairs],
        [one.percent for one, _ in pairs],
        same_test=data.runs.same_test,
        of=of,
        layer=first.layer,
        condition=condition or first.condition,
        metric=metric,
        against=against,
    )


def counted(
    cell: Cell,
    runs: Sequence[Run],
    numbers: Sequence[float],
    percents: Sequence[float | None],
    names: RowNames,
    *,
    over_runs: float | None = None,
) -> list[Row]:
    """Make one row per run, then one of their mean, and one of the sd between runs where there are several.

    ``n`` is the number of training rows that the number comes from: it is none of the test part's.

    Args:
        cell: the conditions of the rows.
        runs: the repetitions.
        numbers: one per run.
        percents: the share of the neurons that were kept, one per run.
        names: layer, condition and metric of the rows.
        over_runs: what stands for all runs together where that is not the mean; then there is no sd.
    """
    common: dict[str, Any] = {"layer": names.layer, "condition": names.condition}
    metric = names.metric
    rows = [
        cell.row(**common, metric=metric, value=number, percent=percent, seed=run.seed, n=len(run.split.train))
        for run, number, percent in zip(runs, numbers, percents, strict=True)
    ]
    common["percent"] = mean_percent(percents)
    common["n"] = len(set(np.concatenate([run.split.train for run in runs]).tolist()))
    total = float(np.mean(numbers)) if over_runs is None else over_runs
    rows.append(cell.row(**common, metric=metric, value=total))
    if over_runs is None and len(numbers) > 1:
        rows.append(cell.row(**common, metric=metric_names.sd_of(metric), value=float(np.std(numbers, ddof=1))))
    return rows
