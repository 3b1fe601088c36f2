"""Agreement of two unlike rankings: neurons that both put first are better evidence than those of either alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from neuroscope.contracts import conditions, metric_names
from neuroscope.neuron_analysis.stability import PERCENT, jaccard
from neuroscope.neuron_analysis.subsets import RankedSubsets, size
from neuroscope.probing.differences import RowNames, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroscope.contracts.probing import Probe, Ranker, Ranking
    from neuroscope.contracts.rows import Row
    from neuroscope.probing.cell import Cell
    from neuroscope.probing.problem_data import ProbeData


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
    run and their mean, ``against`` the unlike ranking; what two random sets have in common is ``overlap_chance``.

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
        other = unlike.ranker.rank(*data.training(run), probe, seed=run.seed)
        tops = [RankedSubsets(each, units, run.seed).top(percent).columns for each in (ranking, other)]
        overlaps.append(jaccard(*tops))
    names = RowNames(data.layer, conditions.RANKING, metric_names.OVERLAP_RANKERS)
    rows = counted(cell, data.runs.each, overlaps, [percent] * len(overlaps), names)
    return [replace(row, against=unlike.name) for row in rows]
