"""A number that every run has once, as a count of neurons, and its mean over runs, in the rows of the tidy table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.probing.differences import mean_percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroscope.contracts.rows import Row
    from neuroscope.probing.cell import Cell
    from neuroscope.probing.runs import Run


@dataclass(frozen=True, slots=True)
class Where:
    """What the rows have in common.

    Attributes:
        layer: of the rows.
        condition: the same.
        metric: what the number is.
    """

    layer: str
    condition: str
    metric: str


def counted(
    cell: Cell,
    where: Where,
    runs: Sequence[Run],
    numbers: Sequence[float],
    percents: Sequence[float | None],
    *,
    over_runs: float | None = None,
) -> list[Row]:
    """A row a run, then their mean, and the sd between runs where there are several.

    ``n`` is the number of training rows that the number comes from: it is none of the test part's.

    Args:
        cell: the conditions of the rows.
        where: what the rows have in common.
        runs: the repetitions.
        numbers: one a run.
        percents: the share of the neurons that were kept, one a run.
        over_runs: what stands for all runs together where that is not the mean; then there is no sd.
    """
    common: dict[str, Any] = {"layer": where.layer, "condition": where.condition}
    rows = [
        cell.row(**common, metric=where.metric, value=number, percent=percent, seed=run.seed, n=len(run.split.train))
        for run, number, percent in zip(runs, numbers, percents, strict=True)
    ]
    common["percent"] = mean_percent(percents)
    common["n"] = len(set(np.concatenate([run.split.train for run in runs]).tolist()))
    total = float(np.mean(numbers)) if over_runs is None else over_runs
    rows.append(cell.row(**common, metric=where.metric, value=total))
    if over_runs is None and len(numbers) > 1:
        rows.append(cell.row(**common, metric=f"{where.metric}_sd", value=float(np.std(numbers, ddof=1))))
    return rows
