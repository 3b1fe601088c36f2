"""Rows of numbers that every run has once, and of their mean: differences between two probes, and counts of neurons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.contracts import metric_names
from neuroscope.probing.predictions import Scored, mean_percent, outcomes, rows_over_runs

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


def differences(
    cell: Cell,
    data: ProbeData,
    pairs: Sequence[tuple[Prediction, Prediction]],
    *,
    against: str,
    metric: str,
    condition: str = "",
    of: str = metric_names.ACCURACY,
    family: int = 1,
) -> list[Row]:
    """Make rows of a score of one side less that of the other: every run, then all of them, with paired intervals.

    Args:
        cell: the conditions of the rows.
        data: target and runs.
        pairs: one per run, all of one layer and condition: what each side predicts on the same test rows. The rows
            carry the layer, condition and percentage of the first; over runs of several percentages, their mean.
        against: what the other side is.
        metric: what the rows call the difference.
        condition: of the rows, where it is not the first side's.
        of: the score, ``accuracy`` or ``balanced_accuracy``.
        family: how many such differences over runs are read together.
    """
    first = pairs[0][0]
    scored = Scored(
        [one.run for one, _ in pairs],
        [outcomes(one, data.target).minus(outcomes(other, data.target)) for one, other in pairs],
        [one.percent for one, _ in pairs],
    )
    names: dict[str, Any] = {
        "layer": first.layer,
        "condition": condition or first.condition,
        "metric": metric,
        "against": against,
    }
    return rows_over_runs(cell, scored, data.runs, of=of, difference=True, family=family, **names)


def counted(
    cell: Cell,
    runs: Sequence[Run],
    numbers: Sequence[float],
    percents: Sequence[float | None],
    names: RowNames,
    *,
    over_runs: float | None = None,
    shown: Sequence[Run] | None = None,
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
        shown: the runs that the mean is of; None = all.
    """
    common: dict[str, Any] = {"layer": names.layer, "condition": names.condition}
    metric = names.metric
    rows = [
        cell.row(**common, metric=metric, value=number, percent=percent, seed=run.seed, n=len(run.split.train))
        for run, number, percent in zip(runs, numbers, percents, strict=True)
    ]
    meant = {run.seed for run in (runs if shown is None else shown)}
    kept = [place for place, run in enumerate(runs) if run.seed in meant]
    common["percent"] = mean_percent([percents[place] for place in kept])
    common["n"] = len(set(np.concatenate([run.split.train for run in runs]).tolist()))
    total = float(np.mean([numbers[place] for place in kept])) if over_runs is None else over_runs
    rows.append(cell.row(**common, metric=metric, value=total))
    if over_runs is None and len(numbers) > 1:
        rows.append(cell.row(**common, metric=metric_names.sd_of(metric), value=float(np.std(numbers, ddof=1))))
    return rows
