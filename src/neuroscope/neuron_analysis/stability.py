"""Stability of a ranking: whether it comes again with other training rows, and whether it is of use."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.contracts import conditions, metric_names
from neuroscope.contracts.probing import Problem
from neuroscope.neuron_analysis.subsets import RankedSubsets, size
from neuroscope.probing.cell_result import CellResult, joined
from neuroscope.probing.diagnostics import Diagnostic
from neuroscope.probing.differences import RowNames, counted, differences
from neuroscope.probing.folds import folds
from neuroscope.probing.runs import Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neuroscope.contracts.probing import Ranker, Ranking
    from neuroscope.contracts.rows import Row
    from neuroscope.probing.cell import Cell
    from neuroscope.probing.predictions import Prediction
    from neuroscope.probing.problem_data import ProbeData

PERCENT = 10.0
"""Per cent of the neurons whose overlap is measured."""

USEFUL = (1.0, 5.0)
"""Per cent at which the top is compared with as many random neurons: at more, most sets answer as well."""


def stability(
    cell: Cell, data: ProbeData, rankings: Sequence[Ranking], ranker: Ranker, *, percent: float = PERCENT
) -> CellResult:
    """Measure the overlap of the most important neurons: Jaccard, the share of those in either set that are in both.

    Metrics: ``overlap`` between the runs (the mean of all pairs; none where there is one run), ``overlap_halves``
    between two fits on halves of the training groups that share no group, one row per run, and ``overlap_chance``, what
    two random sets of that size have in common. Runs share training rows, halves share none: only the halves say what
    a ranking from other speakers would be like, though of half as many.

    Args:
        cell: the conditions of the rows.
        data: what was ranked.
        rankings: one per run, in the order of the runs.
        ranker: that made them.
        percent: of the neurons.
    """
    runs, rows, warnings = data.runs.each, [], []
    common: dict[str, Any] = {"layer": data.layer, "condition": conditions.RANKING, "percent": percent}
    common["n"] = len(set(np.concatenate([run.split.train for run in runs]).tolist()))
    kept = size(len(data.features.units), percent)
    if not kept:
        detail = f"{percent:g} % of {len(data.features.units)}"
        kind = "overlap: the share is less than one neuron"
        return CellResult(warnings=(Diagnostic(kind, data.layer, 0, detail, (conditions.RANKING,)),))
    tops = [
        RankedSubsets(ranking, data.features.units, run.seed).top(percent).columns
        for ranking, run in zip(rankings, runs, strict=True)
    ]
    if len(tops) > 1:
        pairs = [jaccard(one, other) for one, other in combinations(tops, 2)]
        rows.append(cell.row(**common, metric=metric_names.OVERLAP, value=float(np.mean(pairs))))
        if all(_trains_alike(run, runs[0]) for run in runs):
            kind = "all runs train on the same rows: the overlap between them shows the seed of the probe alone"
            detail = f"{common['n']} rows"
            warnings.append(Diagnostic(kind, data.layer, runs[0].seed, detail, (conditions.RANKING,)))
    expected = chance(kept, len(data.features.units))
    chance_row = cell.row(**common, metric=metric_names.OVERLAP_CHANCE, value=expected)
    before = CellResult(rows=tuple(rows), warnings=tuple(warnings))
    return joined([before, _halves(cell, data, ranker, percent), CellResult(rows=(chance_row,))])


def _halves(cell: Cell, data: ProbeData, ranker: Ranker, percent: float) -> CellResult:
    """Rank both halves of every run that has them, and count what their tops have in common."""
    runs, overlaps, warnings = [], [], []
    for run in data.runs.each:
        pair, about_halves = halves(run, data.target.values)
        warnings += about_halves
        tops = []
        for half in pair:
            (fitted,) = data.fits(half, [Problem()])
            ranking = ranker.rank(*data.training(half), fitted.probe, seed=half.seed)
            tops.append(RankedSubsets(ranking, data.features.units, half.seed).top(percent).columns)
        if tops:
            runs.append(run)
            overlaps.append(jaccard(*tops))
    names = RowNames(data.layer, conditions.RANKING, metric_names.OVERLAP_HALVES)
    rows = counted(cell, runs, overlaps, [percent] * len(runs), names) if runs else []
    return CellResult(rows=tuple(rows), warnings=tuple(warnings))


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


def chance(kept: int, columns: int) -> float:
    """Compute the Jaccard of two random sets that have as much in common as is expected.

    This is ``p / (2 - p)``, with ``p`` their share of the columns.
    """
    share = kept / columns
    return share / (2 - share)


def top_minus_random(
    cell: Cell,
    data: ProbeData,
    top: Sequence[Prediction],
    random: Sequence[Prediction],
    *,
    percents: Sequence[float] = USEFUL,
) -> list[Row]:
    """Test whether the ranking is of use: accuracy of the re-trained top set, less that of as many random neurons.

    A ranking can come again in every run and be of no use. Metric ``top_minus_random``, with paired intervals.

    Args:
        cell: the conditions of the rows.
        data: target and runs.
        top: of the re-trained top sets, of one condition.
        random: of the re-trained random sets.
        percents: those of them that are compared, where they are there.
    """
    other_of = {(each.percent, each.run.seed): each for each in random}
    rows: list[Row] = []
    for percent in percents:
        pairs = [(each, other_of[percent, each.run.seed]) for each in top if each.percent == percent]
        if pairs:
            against = pairs[0][1].condition
            rows += differences(cell, data, pairs, against=against, metric=metric_names.TOP_MINUS_RANDOM)
    return rows
