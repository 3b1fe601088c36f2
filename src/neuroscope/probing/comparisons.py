"""Comparisons of the layers of one cell, each with the best and with chance, and of backbones, each with each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
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


@dataclass(frozen=True, slots=True)
class Whole:
    """The probe on all that one backbone has: on ALL, or on its layer where it has one alone; nothing was chosen.

    Attributes:
        cell: the conditions of its rows.
        predictions: in every run.
    """

    cell: Cell
    predictions: Sequence[Prediction]


def between_backbones(wholes: Sequence[Whole], target: Target, runs: Runs, *, compared: int) -> list[Row]:
    """Compare backbones that were asked the same: of each pair one row ``accuracy_difference``, in pairs of test rows.

    ``layer`` is that of the first of the two, ``against`` the run of the second. Intervals are of all pairs at once, so
    that those which are told apart may be picked out by looking. Best layers are not compared: each is the largest of
    its cell, and where there are more layers to choose from, the largest is larger by chance.

    Args:
        wholes: the backbones, over the same rows.
        target: of these rows.
        runs: the repetitions, the same for all.
        compared: how many backbones the reader sees beside each other, those over other rows too.
    """
    found = []
    for first, second in combinations(wholes, 2):
        one, other = (scored_by_run(each.predictions, target, metric_names.ACCURACY) for each in (first, second))
        layer, against = first.predictions[0].layer, second.cell.digest
        found.append(_gap(first.cell, one, other, runs, compared, layer=layer, against=against))
    return found


def _gap(cell: Cell, one: Scored, other: Scored, runs: Runs, count: int, **names: str) -> Row:
    """Make the row of a paired difference of accuracies, with an interval of all pairs of ``count`` of them at once."""
    outcomes = [x.minus(y) for x, y in zip(one.outcomes, other.outcomes, strict=True)]
    gap = over_runs(replace(one, outcomes=outcomes), runs, metric_names.ACCURACY, difference=True)
    low, high = range_interval(gap, count)
    numbers: dict[str, Any] = {**names, "value": gap.value, "low": low, "high": high, "n": one.of(runs.shown).tested}
    metric = metric_names.difference_of(metric_names.ACCURACY)
    return cell.row(condition=conditions.PROBE, metric=metric, **numbers)


def _with_the_best(cell: Cell, scored: dict[str, Scored], runs: Runs) -> list[Row]:
    values = {layer: over_runs(each, runs, metric_names.ACCURACY).value for layer, each in scored.items()}
    best = max((layer for layer in scored if layer != ALL), key=values.__getitem__)
    return [
        _gap(cell, each, scored[best], runs, len(scored), layer=layer, against=best)
        for layer, each in scored.items()
        if layer != best
    ]


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
