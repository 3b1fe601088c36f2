"""Differences between two probes on the same test rows, in the rows of the tidy table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.probing.metrics import Tally, interval, summarise
from neuroscope.probing.predictions import tallied

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroscope.contracts.rows import Row
    from neuroscope.probing.cell import Cell
    from neuroscope.probing.predictions import Prediction
    from neuroscope.probing.problem_data import ProbeData


def minus(one: Tally, other: Tally) -> Tally:
    """The tally whose every score, and every draw of the bootstrap, is that of ``one`` less that of ``other``.

    Both are over the same rows, so the difference of the scores is the score of the difference: each draw takes the
    same groups on both sides.
    """
    return Tally(one.right - other.right, one.total)


def differences(
    cell: Cell,
    material: ProbeData,
    pairs: Sequence[tuple[Prediction, Prediction]],
    *,
    against: str,
    metric: str,
    condition: str = "",
    of: str = "accuracy",
) -> list[Row]:
    """A score of one side less that of the other: every run, then the mean over runs, with their intervals.

    Args:
        cell: the conditions of the rows.
        material: answers and runs.
        pairs: one a run, all of one layer and condition: what each side said of the same test rows. The rows carry
            the layer, condition and percentage of the first; over runs of several percentages, their mean.
        against: what the other side is.
        metric: what the rows call the difference.
        condition: of the rows, where it is not the first side's.
        of: the score, ``accuracy`` or ``balanced_accuracy``.
    """
    first = pairs[0][0]
    condition = condition or first.condition
    common: dict[str, Any] = {"layer": first.layer, "condition": condition, "metric": metric, "against": against}
    values, classes = material.values, len(material.classes)
    gaps = [minus(tallied(one, values, classes), tallied(other, values, classes)) for one, other in pairs]
    seeds = [one.run.seed for one, _ in pairs]
    percents = [one.percent for one, _ in pairs]
    rows = []
    for gap, seed, percent in zip(gaps, seeds, percents, strict=True):
        low, high = interval(gap, of, seed)
        each = {**common, "percent": percent, "seed": seed}
        rows.append(cell.row(**each, value=gap.score(of), n=gap.rows, low=low, high=high))
    common["percent"] = mean_percent(percents)
    scored = len(set(np.concatenate([one.run.split.test for one, _ in pairs]).tolist()))
    total = summarise(gaps, of, seeds, same_test=material.runs.same_test)
    rows.append(cell.row(**common, value=total.mean, n=scored, low=total.low, high=total.high))
    if total.sd is not None:
        rows.append(cell.row(**{**common, "metric": f"{metric}_sd"}, value=total.sd, n=scored))
    return rows


def mean_percent(percents: Sequence[float | None]) -> float | None:
    """Over runs; None where all neurons are meant."""
    known = [each for each in percents if each is not None]
    if len(set(known)) == 1:
        return known[0]
    return float(np.mean(known)) if known else None
