"""The distribution of the chosen neurons over layers, against no layer being preferred (paper, Tables 5 to 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neuroscope.contracts import metric_names
from neuroscope.probing.differences import RowNames, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neuroscope.contracts.rows import Row
    from neuroscope.neuron_analysis.minimal import MinimalSet
    from neuroscope.neuron_analysis.null_rankings import NullRankings
    from neuroscope.neuron_analysis.subsets import RankedSubsets
    from neuroscope.probing.cell import Cell
    from neuroscope.probing.problem_data import ProbeData

_ROUNDING = 1e-9


def distribution(
    cell: Cell,
    data: ProbeData,
    sets: Sequence[MinimalSet],
    null: NullRankings,
    of_halves: Sequence[tuple[RankedSubsets, ...]] = (),
) -> list[Row]:
    """Count the neurons of the sets in each layer, against no layer being preferred.

    Metrics, of each layer, one row per run and one over runs:

    - ``neurons``: the count.
    - ``neurons_percent``: of all neurons of all layers, so that the layers add up to the size of the set.
    - ``neurons_expected``: the mean of as many first neurons under permuted labels; without any, the layer's share.
    - ``p_value``: that permuted labels give any layer a share as far from what it has by chance as this one's, or
      farther (Westfall and Young 1993): it holds for all layers together, and where columns go together in blocks,
      which an exact test of independent draws does not see. Over runs it is of the mean share, and 1 where the
      halves of the runs' groups do not all lean the same way: equal layers of which these speakers happen to favour
      one would pass otherwise.

    Args:
        cell: the conditions of the rows.
        data: what the sets are of.
        sets: one per run, all of one condition, in the order of the runs.
        null: rankings of the same runs under permuted labels.
        of_halves: of both halves of each run's groups; empty = halves are not asked.
    """
    layers = list(dict.fromkeys(unit.layer for unit in data.features.units))
    number_of = data.features.column_groups
    counts = np.array([_counts(each.part.columns, number_of, len(layers)) for each in sets])
    sizes = counts.sum(axis=1)
    drawn = np.array(
        [
            [_counts(order.first(size).columns, number_of, len(layers)) for order in of_run]
            for size, of_run in zip(sizes.tolist(), null.of_run, strict=True)
        ]
    ).reshape(len(sets), len(null.of_run[0]), len(layers))
    by_run = np.array([preference(one, others) for one, others in zip(counts, drawn, strict=True)])
    share, of_drawn = counts / sizes[:, None], drawn / sizes[:, None, None]
    together = preference(share.mean(axis=0), of_drawn.mean(axis=0))
    if any(of_halves) and of_drawn.size:
        halves = [
            _counts(order.first(size).columns, number_of, len(layers)) / size
            for size, pair in zip(sizes.tolist(), of_halves, strict=True)
            for order in pair
        ]
        together = np.where(_lean_alike([*halves, share.mean(axis=0)], of_drawn.mean(axis=(0, 1))), together, 1.0)
    expected = drawn.mean(axis=1) if drawn.size else np.outer(sizes, np.bincount(number_of)) / len(number_of)
    return _rows(cell, data, sets, layers, counts, expected, by_run, together)


def _lean_alike(shares: Sequence[NDArray[np.float64]], center: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether all of these shares, ``[layers]`` each, lie on the same side of what a layer has by chance."""
    sides = np.sign([share - center for share in shares])
    return np.asarray((sides == sides[0]).all(axis=0))


def _counts(columns: NDArray[np.int64], number_of: NDArray[np.int64], layers: int) -> NDArray[np.int64]:
    return np.bincount(number_of[columns], minlength=layers)


def preference(found: NDArray[np.float64], drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute how likely any layer is as far from its mean by chance as this one: ``[layers]``; 1 without draws.

    Args:
        found: ``[layers]``, what is there.
        drawn: ``[draws, layers]``, the same by chance.
    """
    every = np.vstack([found[None], drawn])  # what is there is one of them, if it is by chance
    spread = every.std(axis=0)
    apart = np.divide(np.abs(every - every.mean(axis=0)), spread, out=np.zeros(every.shape), where=spread > 0)
    farthest = apart.max(axis=1)
    return np.asarray((farthest[:, None] >= apart[0] - _ROUNDING).mean(axis=0))


def _rows(
    cell: Cell,
    data: ProbeData,
    sets: Sequence[MinimalSet],
    layers: Sequence[str],
    counts: NDArray[np.int64],
    expected: NDArray[np.float64],
    by_run: NDArray[np.float64],
    together: NDArray[np.float64],
) -> list[Row]:
    runs, percents = [each.top.run for each in sets], [each.top.percent for each in sets]
    condition, columns = sets[0].condition, len(data.features.units)
    rows: list[Row] = []
    for number, layer in enumerate(layers):
        numbers = {
            metric_names.NEURONS: counts[:, number].astype(float),
            metric_names.NEURONS_PERCENT: 100 * counts[:, number] / columns,
            metric_names.NEURONS_EXPECTED: expected[:, number],
        }
        for metric, each_run in numbers.items():
            names = RowNames(layer, condition, metric)
            rows += counted(cell, runs, each_run.tolist(), percents, names, shown=data.runs.shown)
        names = RowNames(layer, condition, metric_names.P_VALUE)
        over_runs = float(together[number])
        rows += counted(cell, runs, by_run[:, number].tolist(), percents, names, over_runs=over_runs)
    return rows
