"""The distribution of the chosen neurons over layers, against no layer being preferred (paper, Tables 5 to 7)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.contracts import metric_names
from neuroscope.probing.differences import RowNames, counted
from neuroscope.probing.statistics.several import holm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroscope.contracts.rows import Row
    from neuroscope.neuron_analysis.minimal import MinimalSet
    from neuroscope.probing.cell import Cell
    from neuroscope.probing.problem_data import ProbeData


def distribution(cell: Cell, data: ProbeData, sets: Sequence[MinimalSet]) -> list[Row]:
    """Count the neurons of the sets in each layer, against no layer being preferred.

    Metrics, of each layer, one row per run and one over runs:

    - ``neurons``: the count.
    - ``neurons_percent``: of all neurons of all layers, so that the layers add up to the size of the set.
    - ``neurons_expected``: the count if every set of that size were as likely: the layer's share of the columns.
    - ``p_value``: that a set drawn so has a count as unlikely as this or more; exact, two-sided, and adjusted for the
      number of layers (Holm). Over runs it is twice the median of the runs' (at most 1), adjusted likewise: this holds
      however much the runs depend on each other (Meinshausen, Meier, Bühlmann 2009), and they share training rows.

    Args:
        cell: the conditions of the rows.
        data: what the sets are of.
        sets: one per run, all of one condition.
    """
    layer_of = [unit.layer for unit in data.features.units]
    total = Counter(layer_of)
    counts = {layer: np.zeros(len(sets), dtype=np.int64) for layer in total}
    for number, each in enumerate(sets):
        for layer, count in Counter(layer_of[column] for column in each.part.columns.tolist()).items():
            counts[layer][number] = count
    sizes = [len(each.part.columns) for each in sets]
    columns = len(layer_of)
    exact = np.array(
        [
            [chance(int(counts[layer][n]), size, total[layer], columns) for n, size in enumerate(sizes)]
            for layer in total
        ]
    )
    by_run = np.array([holm(run) for run in exact.T]).T
    together = holm(np.minimum(1, 2 * np.median(exact, axis=1)) if len(sets) > 1 else exact[:, 0])
    runs, percents = [each.top.run for each in sets], [each.top.percent for each in sets]
    rows: list[Row] = []
    for number, layer in enumerate(total):
        condition = sets[0].condition
        numbers = {
            metric_names.NEURONS: counts[layer].astype(float),
            metric_names.NEURONS_PERCENT: 100 * counts[layer] / columns,
            metric_names.NEURONS_EXPECTED: np.array(sizes) * total[layer] / columns,
        }
        for metric, each_run in numbers.items():
            names = RowNames(layer, condition, metric)
            rows += counted(cell, runs, each_run.tolist(), percents, names, shown=data.runs.shown)
        adjusted, over_runs = by_run[number].tolist(), float(together[number])
        rows += counted(
            cell, runs, adjusted, percents, RowNames(layer, condition, metric_names.P_VALUE), over_runs=over_runs
        )
    return rows


def chance(count: int, size: int, layer: int, columns: int) -> float:
    """Compute how likely a random set has a count in a layer that is as unlikely as this one or more.

    Args:
        count: neurons of the set in the layer.
        size: neurons of the set.
        layer: columns of the layer.
        columns: of all layers.
    """
    from scipy.stats import hypergeom

    possible = np.arange(max(0, size + layer - columns), min(size, layer) + 1)
    likely = hypergeom.pmf(possible, columns, layer, size)
    limit = likely[count - possible[0]] * (1 + 1e-7)  # equally likely counts differ in their last bits
    return float(min(1.0, likely[likely <= limit].sum()))
