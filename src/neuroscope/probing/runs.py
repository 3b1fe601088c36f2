"""The runs of a cell: its repetitions, and what differs between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.contracts.records import Caution, CautionedRows
from neuroscope.data.resampling import group_draws
from neuroscope.data.splitting import splits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neuroscope.contracts.task import Split
    from neuroscope.data.labelling import LabelledUtterances


@dataclass(frozen=True, slots=True)
class Run:
    """One repetition of a cell.

    Attributes:
        seed: of the split's draw (it draws on where that is an earlier run's), of the bootstrap, and of the probe.
        split: its train and test rows.
        weights: int64, beside ``split.train``: how often each row is in the bootstrap; None = each once.
    """

    seed: int
    split: Split
    weights: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True)
class Runs:
    """All repetitions of a cell.

    Attributes:
        each: in order of their seeds.
        same_test: whether all runs test on the same rows.
        varied: what differs between runs, for people.
        distinct: number of splits that differ, where each run draws its own; None = it does not.
    """

    each: tuple[Run, ...]
    same_test: bool
    varied: str
    distinct: int | None = None

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """What a reader has to know of all runs together."""
        runs = len(self.each)
        if self.distinct is None or self.distinct == runs:
            return ()
        kind, detail = "splits of runs coincide", f"{self.distinct} distinct splits in {runs} runs"
        line = f"{detail}: there are too few groups for more, and equal splits tell no more than one"
        return (Caution(kind=kind, line=line, runs=runs, about=(CautionedRows(layer="", detail=detail),)),)

    @property
    def shown(self) -> tuple[Run, ...]:
        """The runs that a number over runs is of: all of them; the first, where the others train on its bootstraps."""
        return self.each[:1] if any(run.weights is not None for run in self.each) else self.each


def make_runs(text: str, rows: LabelledUtterances, *, runs: int, seed: int, one_split: bool) -> Runs:
    """Make the repetitions of a cell.

    Where the split is drawn, each run draws its own, unlike those before it as long as there are others. Where the test
    part is fixed, runs after the first train on bootstraps of the training groups that hold every class. With
    ``one_split`` the first run's split serves all and only the probe's seed differs, as in the paper.

    Args:
        text: of the split.
        rows: what is split.
        runs: number of repetitions.
        seed: of the first; the others follow by one.
        one_split: see above.

    Raises:
        BadSplit: the split cannot be made.
    """
    splitter = splits.Splitter(text, rows)
    first = splitter.draw(seed)
    seeds = range(seed, seed + runs)
    if one_split:
        return Runs(tuple(Run(each, first) for each in seeds), True, "seeds of the probe, on one split")
    if first.fixed:
        later = (Run(each, first, _bootstrap(first, rows.target.values, each)) for each in seeds[1:])
        of_what = f"training groups ({first.grouped_by})" if first.grouped_by else "training utterances"
        return Runs((Run(seed, first), *later), True, f"the first on all, the others on bootstraps of the {of_what}")
    drawn, distinct = _draw_unlike(splitter, first, seeds[1:])
    varied = f"each its own split ({first.name})"
    if distinct < runs:
        varied = f"{distinct} distinct splits ({first.name}), since no others were found"
    return Runs(tuple(map(Run, seeds, drawn)), False, varied, distinct)


def _draw_unlike(splitter: splits.Splitter, first: Split, seeds: Sequence[int]) -> tuple[list[Split], int]:
    """Draw a split for each seed that is none of the earlier ones; once no other is found, that of the seed.

    Returns:
        The splits, and how many of them differ.
    """
    drawn, known, others = [first], {splits.parts_of(first)}, True
    for seed in seeds:
        another = splitter.draw_unlike(known, seed) if others else None
        others = another is not None
        drawn.append(another or splitter.draw(seed))
        known.add(splits.parts_of(drawn[-1]))
    return drawn, len(known)


def _bootstrap(split: Split, values: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Draw the training groups with replacement, and count how often each training row comes; every class stays.

    A class that the draw misses brings one of its groups. A class that is one group has none to draw among: its rows
    are drawn instead.
    """
    labels, groups = values[split.train], split.groups[split.train]
    rng = np.random.default_rng([seed, 0xB007])
    counts = next(group_draws(groups, labels, rng))
    for number in np.unique(labels):
        rows = np.flatnonzero(labels == number)
        if len(np.unique(groups[rows])) == 1:
            counts[rows] = np.bincount(rng.integers(len(rows), size=len(rows)), minlength=len(rows))
    return counts
