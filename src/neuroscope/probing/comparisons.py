"""Comparisons of the layers of one cell: each with the best of them, and each with chance."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.contracts import conditions, metric_names
from neuroscope.contracts.rows import ALL
from neuroscope.probing.predictions import over_runs, scored_by_run
from neuroscope.probing.statistics.several import holm, range_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroscope.contracts.rows import Row
    from neuroscope.contracts.target import Target
    from neuroscope.probing.cell import Cell
    from neuroscope.probing.predictions import Prediction, Scored
    from neuroscope.probing.runs import Runs


def comparisons(cell: Cell, predictions: Sequence[Prediction], target: Target, runs: Runs) -> list[Row]:
    """Compare the layers with each other and with chance, over the runs.

    Metrics:

    - ``accuracy_difference``: of each layer, ALL too, less the best one's, which ``against`` names; ALL is never the
      best. Intervals are of all pairs of layers at once, because the best one was chosen by looking.
    - ``p_value`` against ``chance``: that a probe which knows nothing has this balanced accuracy or more, adjusted for
      the number of layers (Holm). Knowing nothing it is 1 / classes, whatever the classes' shares are in either part.

    Args:
        cell: the conditions of the rows.
        predictions: of the probe, in every run, of every layer.
        target: of all rows.
        runs: the repetitions.
    """
    groups: dict[str, list[Prediction]] = {}
    for each in predictions:
        groups.setdefault(each.layer, []).append(each)
    scored = {layer: scored_by_run(group, target, metric_names.ACCURACY) for layer, group in groups.items()}
    return [*_with_the_best(cell, scored, runs), *_with_chance(cell, scored, runs)]


def _with_the_best(cell: Cell, scored: dict[str, Scored], runs: Runs) -> list[Row]:
    values = {layer: over_runs(each, runs, metric_names.ACCURACY).value for layer, each in scored.items()}
    best = max((layer for layer in scored if layer != ALL), key=values.__getitem__)
    rows = []
    for layer, each in scored.items():
        if layer == best:
            continue
        gap = replace(each, outcomes=[x.minus(y) for x, y in zip(each.outcomes, scored[best].outcomes, strict=True)])
        found = over_runs(gap, runs, metric_names.ACCURACY, difference=True)
        low, high = range_interval(found, len(scored))
        names: dict[str, Any] = {
            "condition": conditions.PROBE,
            "metric": metric_names.difference_of(metric_names.ACCURACY),
        }
        number: dict[str, Any] = {"value": found.value, "low": low, "high": high, "n": gap.of(runs.shown).tested}
        rows.append(cell.row(layer=layer, against=best, **names, **number))
    return rows


def _with_chance(cell: Cell, scored: dict[str, Scored], runs: Runs) -> list[Row]:
    exact = np.array([p_of_chance(each, runs) for each in scored.values()])
    names: dict[str, Any] = {
        "condition": conditions.PROBE,
        "metric": metric_names.P_VALUE,
        "against": conditions.CHANCE,
    }
    return [
        cell.row(layer=layer, value=p_value, n=each.of(runs.shown).tested, **names)
        for (layer, each), p_value in zip(scored.items(), holm(exact).tolist(), strict=True)
    ]


def p_of_chance(scored: Scored, runs: Runs) -> float:
    """Compute how likely a probe that knows nothing has this balanced accuracy or more; 1 where there is one group."""
    gap = replace(scored, outcomes=[one.beyond_chance() for one in scored.outcomes])
    return over_runs(gap, runs, metric_names.BALANCED_ACCURACY, difference=True).p_above_zero
