"""Stability of a ranking: whether it comes again with other rows or another ranking, and whether it is of use."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.contracts import conditions, metric_names
from neuroscope.neuron_analysis.subsets import RankedSubsets, ranked, size
from neuroscope.probing.cell_result import CellResult
from neuroscope.probing.diagnostics import Diagnostic
from neuroscope.probing.differences import RowNames, counted, differences
from neuroscope.probing.folds import folds
from neuroscope.probing.runs import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from neuroscope.contracts.probing import Probe, Ranker, Ranking
    from neuroscope.contracts.rows import Row
    from neuroscope.neuron_analysis.null_rankings import NullRankings
    from neuroscope.probing.cell import Cell
    from neuroscope.probing.predictions import Prediction
    from neuroscope.probing.problem_data import ProbeData

PERCENT = 10.0
"""Per cent of the neurons whose overlap is measured."""

_ROUNDING = 1e-9

USEFUL = (1.0, 5.0)
"""Per cent at which the top is compared with as many random neurons: at more, most sets answer as well."""


def stability(
    cell: Cell,
    data: ProbeData,
    rankings: Sequence[Ranking],
    of_halves: Sequence[tuple[RankedSubsets, ...]],
    null: NullRankings,
    *,
    percent: float = PERCENT,
) -> CellResult:
    """Measure the overlap of the most important neurons: Jaccard, the share of those in either set that are in both.

    Metrics: ``overlap`` between the runs (the mean of all pairs; none where there is one run), and ``overlap_halves``
    between two fits on halves of the training groups that share no group, one row per run. Runs share training rows,
    halves share none: only the halves say what a ranking from other speakers would be like, though of half as many.
    Beside each its mean under permuted labels (``..._chance``), and how often these reach it (``..._p_value``): two
    rankings of noise have more in common than two random sets, where rows are shared or columns differ in scale.

    Args:
        cell: the conditions of the rows.
        data: what was ranked.
        rankings: one per run, in the order of the runs.
        of_halves: of both halves of each run; empty where it has none.
        null: the same rankings under permuted labels.
        percent: of the neurons.
    """
    if not size(len(data.features.units), percent):
        detail = f"{percent:g} % of {len(data.features.units)}"
        kind = "overlap: the share is less than one neuron"
        return CellResult(warnings=(Diagnostic(kind, data.layer, 0, detail, (conditions.RANKING,)),))
    trained = len(set(np.concatenate([run.split.train for run in data.runs.each]).tolist()))
    row = partial(cell.row, layer=data.layer, condition=conditions.RANKING, percent=percent, n=trained)
    rows: list[Row] = []
    warnings: list[Diagnostic] = []
    if len(rankings) > 1:
        rows += _between_runs(data, rankings, null, percent, row)
        warnings += _about_same_rows(data, trained)
    if any(of_halves):
        rows += _between_halves(cell, data, of_halves, null, percent, row)
    return CellResult(rows=tuple(rows), warnings=tuple(warnings))


def _between_runs(
    data: ProbeData, rankings: Sequence[Ranking], null: NullRankings, percent: float, row: Callable[..., Row]
) -> Iterator[Row]:
    """Measure the mean overlap of all pairs of runs, and the same by chance."""
    runs, units = data.runs.each, data.features.units
    orders = [RankedSubsets(each, units, run.seed) for each, run in zip(rankings, runs, strict=True)]
    found = _mean_overlap(combinations(orders, 2), percent)
    by_chance = [_mean_overlap(combinations(each, 2), percent) for each in zip(*null.of_run, strict=True)]
    yield row(metric=metric_names.OVERLAP, value=found)
    yield from _chance_rows(row, metric_names.OVERLAP, found, by_chance)


def _between_halves(
    cell: Cell,
    data: ProbeData,
    of_halves: Sequence[tuple[RankedSubsets, ...]],
    null: NullRankings,
    percent: float,
    row: Callable[..., Row],
) -> Iterator[Row]:
    """Measure the overlap of the two halves of each run that has them, and the same by chance."""
    overlaps = [_mean_overlap([pair], percent) for pair in of_halves if pair]
    names = RowNames(data.layer, conditions.RANKING, metric_names.OVERLAP_HALVES)
    halved = [run for run, pair in zip(data.runs.each, of_halves, strict=True) if pair]
    yield from counted(cell, halved, overlaps, [percent] * len(halved), names)
    by_chance = [_mean_overlap(each, percent) for each in zip(*filter(None, null.of_halves), strict=True)]
    yield from _chance_rows(row, metric_names.OVERLAP_HALVES, float(np.mean(overlaps)), by_chance)


def _about_same_rows(data: ProbeData, trained: int) -> Iterator[Diagnostic]:
    """Warn where all runs train on the same rows."""
    first = data.runs.each[0]
    if all(_trains_alike(run, first) for run in data.runs.each):
        kind = "all runs train on the same rows: the overlap between them shows the seed of the probe alone"
        yield Diagnostic(kind, data.layer, first.seed, f"{trained} rows", (conditions.RANKING,))


def _mean_overlap(pairs: Iterable[tuple[RankedSubsets, ...]], percent: float) -> float:
    return float(np.mean([jaccard(*(each.top(percent).columns for each in pair)) for pair in pairs]))


def _chance_rows(row: Callable[..., Row], metric: str, found: float, by_chance: Sequence[float]) -> Iterator[Row]:
    """Make rows of a metric's mean under permuted labels, and of how often they reach it; none without draws."""
    if not by_chance:
        return
    reached = sum(each >= found - _ROUNDING for each in by_chance)
    yield row(metric=metric_names.chance_of(metric), value=float(np.mean(by_chance)))
    yield row(metric=metric_names.p_of(metric), value=(1 + reached) / (1 + len(by_chance)))


def halves(run: Run, values: NDArray[np.int64]) -> tuple[tuple[Run, ...], list[Diagnostic]]:
    """Make two runs whose training rows are halves of a run's: no group is in both.

    Their seeds differ, or the draws among neurons of score 0 and the starts of the probes would be alike in both. A
    class of one group is in neither. Empty where a half would not have the same two classes or more.
    """
    made = folds(run, values, count=2)
    about = (conditions.RANKING,)
    warnings = [replace(each, kind=f"halves: {each.kind}", conditions=about) for each in made.warnings]
    pair = []
    for number, fold in enumerate(made.each):
        rows = fold.split.test
        weights = None
        if run.weights is not None:
            weights = run.weights[np.isin(run.split.train, rows)]
        other = np.setdiff1d(run.split.train, rows)
        pair.append(Run(2 * run.seed + number, replace(fold.split, train=rows, test=other), weights))
    known = [set(values[half.split.train].tolist()) for half in pair]
    if len(pair) == 2 and known[0] == known[1] and len(known[0]) > 1:
        return tuple(pair), warnings
    kind = "the training part cannot be halved so that both halves know the same classes"
    return (), [*warnings, Diagnostic(kind, "", run.seed, f"{len(run.split.train)} rows", about)]


def _trains_alike(one: Run, other: Run) -> bool:
    if one.weights is None or other.weights is None:
        return one.weights is other.weights and np.array_equal(one.split.train, other.split.train)
    return False


def jaccard(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """Compute the share of the columns in either set that are in both."""
    return len(np.intersect1d(one, other)) / len(np.union1d(one, other))


def top_minus_random(
    cell: Cell,
    data: ProbeData,
    top: Sequence[Prediction],
    random: Sequence[Prediction],
    *,
    percents: Sequence[float] = USEFUL,
) -> list[Row]:
    """Test whether the ranking is of use: accuracy of the re-trained top set, less that of as many random neurons.

    A ranking can come again in every run and be of no use. Metric ``top_minus_random``, with paired
    intervals that hold at once.

    Args:
        cell: the conditions of the rows.
        data: target and runs.
        top: of the re-trained top sets, of one condition.
        random: of the re-trained random sets.
        percents: those of them that are compared, where they are there.
    """
    other_of = {(each.percent, each.run.seed): each for each in random}
    compared = [percent for percent in percents if any(each.percent == percent for each in top)]
    rows: list[Row] = []
    for percent in compared:
        pairs = [(each, other_of[percent, each.run.seed]) for each in top if each.percent == percent]
        names: dict[str, Any] = {"against": pairs[0][1].condition, "metric": metric_names.TOP_MINUS_RANDOM}
        rows += differences(cell, data, pairs, family=len(compared), **names)
    return rows


@dataclass(frozen=True, slots=True)
class UnlikeRanking:
    """The ranking that the user's is compared with.

    Attributes:
        name: its text, for rows.
        ranker: makes it.
    """

    name: str
    ranker: Ranker


def agreement(
    cell: Cell,
    data: ProbeData,
    rankings: Sequence[Ranking],
    probes: Sequence[Probe],
    unlike: UnlikeRanking,
    *,
    percent: float = PERCENT,
) -> list[Row]:
    """Measure what the most important neurons of two rankings of the same training rows have in common: Jaccard.

    A ranking that looks at all neurons together and one that looks at each alone fail where the other does not: among
    neurons that say the same, and where neurons say something only together. Metric ``overlap_rankers``, one row per
    run and their mean, ``against`` the unlike ranking; what permuted labels give two runs is ``overlap_chance``.

    Args:
        cell: the conditions of the rows.
        data: what was ranked.
        rankings: one per run, in the order of the runs.
        probes: the fitted probe of all neurons, one per run.
        unlike: the other ranking.
        percent: of the neurons.
    """
    units = data.features.units
    if not size(len(units), percent):
        return []  # stability has said so
    overlaps = []
    for run, ranking, probe in zip(data.runs.each, rankings, probes, strict=True):
        other = ranked(unlike.ranker, *data.training(run), probe, seed=run.seed)
        data.told(1)
        tops = [RankedSubsets(each, units, run.seed).top(percent).columns for each in (ranking, other)]
        overlaps.append(jaccard(*tops))
    names = RowNames(data.layer, conditions.RANKING, metric_names.OVERLAP_RANKERS)
    rows = counted(cell, data.runs.each, overlaps, [percent] * len(overlaps), names)
    return [replace(row, against=unlike.name) for row in rows]
