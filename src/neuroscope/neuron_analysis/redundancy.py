"""Rows about minimal sets: how good and how large they are, and whether the other neurons are redundant."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from neuroscope.contracts import conditions, metric_names
from neuroscope.defaults import TOLERATED
from neuroscope.neuron_analysis.minimal import DELTA
from neuroscope.probing.differences import RowNames, counted, differences
from neuroscope.probing.predictions import mean_percent, score
from neuroscope.probing.statistics.estimate import estimate
from neuroscope.probing.statistics.outcomes import METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroscope.contracts.rows import Row
    from neuroscope.neuron_analysis.minimal import MinimalSet, SizeChoice
    from neuroscope.probing.cell import Cell
    from neuroscope.probing.predictions import Prediction
    from neuroscope.probing.problem_data import ProbeData


def about_sets(
    cell: Cell, data: ProbeData, sets: Sequence[MinimalSet], whole: Sequence[Prediction], *, delta: float = DELTA
) -> list[Row]:
    """Make rows of the sets: accuracy, also of the random ones beside them, difference to all neurons, and sizes.

    ``delta_rows`` is what ``delta`` comes to in test rows: on 100 of them, one point is one utterance. Percentages
    differ from run to run; the rows over runs carry their mean.

    Args:
        cell: the conditions of the rows.
        data: what the sets are of.
        sets: of all runs, of one or several conditions.
        whole: of the probe of all neurons, one per run.
        delta: see above.
    """
    made: list[Row] = []
    probe_of = {each.run.seed: each for each in whole}
    family = len({each.condition for each in sets})
    by_condition: dict[str, list[MinimalSet]] = {}
    for each in sets:
        by_condition.setdefault(each.condition, []).append(each)
    for condition, group in by_condition.items():
        tops = [each.top for each in group]
        made += _score_rows(cell, data, tops) + _score_rows(cell, data, [each.random for each in group])
        pairs = [(top, probe_of[top.run.seed]) for top in tops]
        for of in METRICS:
            metric = metric_names.difference_of(of)
            made += differences(cell, data, pairs, against=conditions.PROBE, metric=metric, of=of, family=family)
        runs, percents = [top.run for top in tops], [top.percent for top in tops]
        sizes = [len(each.part.columns) for each in group]
        numbers: dict[str, list[float]] = {
            metric_names.NEURONS: [*map(float, sizes)],
            metric_names.NEURONS_PERCENT: [100 * size / len(data.features.units) for size in sizes],
            metric_names.DELTA_ROWS: [delta * len(run.split.test) for run in runs],
        }
        for metric, each_run in numbers.items():
            made += counted(
                cell, runs, each_run, percents, RowNames(data.layer, condition, metric), shown=data.runs.shown
            )
    return made


def _score_rows(cell: Cell, data: ProbeData, predictions: Sequence[Prediction]) -> list[Row]:
    """Score sets that belong together although each run has its own percentage."""
    percents = {each.run.seed: each.percent for each in predictions}
    alike = [replace(each, percent=None) for each in predictions]
    made = score(cell, alike, data.target, data.runs)
    mean = mean_percent([percents[run.seed] for run in data.runs.shown])
    return [replace(row, percent=mean if row.seed is None else percents[row.seed]) for row in made]


def on_folds(cell: Cell, data: ProbeData, choices: Sequence[SizeChoice]) -> list[Row]:
    """Make rows of what the chosen sizes lost on their folds: ``fold_accuracy_difference``, one per run."""
    made = []
    for choice in choices:
        for condition, gap in choice.gaps.items():
            found = estimate([gap], metric_names.ACCURACY, drawn=False, difference=True)
            made.append(
                cell.row(
                    layer=data.layer,
                    condition=condition,
                    metric=metric_names.FOLD_ACCURACY_DIFFERENCE,
                    against=conditions.PROBE,
                    percent=100 * choice.sizes[condition] / len(data.features.units),
                    seed=choice.run.seed,
                    value=found.value,
                    n=len(gap),
                    low=found.low,
                    high=found.high,
                )
            )
    return made


def redundancy(cell: Cell, data: ProbeData, sets: Sequence[MinimalSet]) -> list[Row]:
    """Make rows of two kinds of redundancy.

    Neuron-wise, of the sets that keep 97 % of the accuracy: ``redundant_percent``, the share of the neurons beside
    them. Informational, of every other condition: ``top_minus_random``, what the set has beyond as many random neurons,
    and ``redundant_information``: 1 where its 95 % interval is below ``TOLERATED``, else 0: that the difference is not
    seen is not enough.

    Args:
        cell: the conditions of the rows.
        data: what the sets are of.
        sets: of all runs, of one or several conditions.
    """
    made: list[Row] = []
    for condition in dict.fromkeys(each.condition for each in sets):
        group = [each for each in sets if each.condition == condition]
        runs, percents = [each.top.run for each in group], [each.top.percent for each in group]
        if condition == conditions.MINIMAL_RELATIVE:
            count = len(data.features.units)
            beside = [100 * (1 - len(each.part.columns) / count) for each in group]
            names = RowNames(data.layer, condition, metric_names.REDUNDANT_PERCENT)
            made += counted(cell, runs, beside, percents, names, shown=data.runs.shown)
            continue
        pairs = [(each.top, each.random) for each in group]
        gap = differences(
            cell, data, pairs, against=conditions.at_random(condition), metric=metric_names.TOP_MINUS_RANDOM
        )
        made += gap
        (mean,) = [row for row in gap if row.seed is None and row.metric == metric_names.TOP_MINUS_RANDOM]
        redundant = float(mean.high is not None and mean.high < TOLERATED)
        made.append(replace(mean, metric=metric_names.REDUNDANT_INFORMATION, value=redundant, low=None, high=None))
    return made
