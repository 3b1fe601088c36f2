"""Minimal sets: how few of the ranked neurons predict as well as all of them (paper, section 3.2 and Table 3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.contracts import conditions, metric_names
from neuroscope.contracts.probing import Problem
from neuroscope.neuron_analysis.size_search import FoldCurve, last_sure, percent_of, smallest
from neuroscope.neuron_analysis.subsets import steps
from neuroscope.probing.diagnostics import Diagnostic, about_fit
from neuroscope.probing.folds import folds
from neuroscope.probing.predictions import outcomes
from neuroscope.probing.statistics.estimate import RELIABLE_GROUPS, estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from neuroscope.contracts.probing import Ranker
    from neuroscope.contracts.target import Target
    from neuroscope.neuron_analysis.subsets import RankedSubsets, Subset
    from neuroscope.probing.predictions import Prediction
    from neuroscope.probing.problem_data import ProbeData
    from neuroscope.probing.runs import Run
    from neuroscope.probing.statistics.outcomes import Outcomes

DELTA = 0.01
"""The loss of accuracy that a minimal set is allowed, a fraction: one point (paper, section 3.2)."""

KEPT = 0.97
"""A set that keeps this share of the accuracy of all neurons makes the others redundant."""

RULES = (conditions.MINIMAL, conditions.MINIMAL_SURE, conditions.MINIMAL_RELATIVE)
"""Conditions of the minimal sets whose size is chosen on folds of the training part."""

_ROUNDING = 1e-9  # accuracies are fractions of whole numbers, and what is on the threshold holds
_FEW_ROWS = 5


def paper_rule(
    accuracies: Mapping[float, float],
    whole: float,
    *,
    delta: float = DELTA,
    two_sided: bool = False,
    relative: float | None = None,
) -> float:
    """Find the first percentage whose re-trained top set is as good as all neurons; 100 where none is.

    Args:
        accuracies: percentage -> accuracy, a fraction.
        whole: accuracy of all neurons.
        delta: what the set may lose, a fraction.
        two_sided: as much is the most that it may gain.
        relative: in place of ``delta``, the share of ``whole`` that it must reach, e.g. 0.97.
    """
    for percent in sorted(accuracies):
        gain = accuracies[percent] - (whole if relative is None else relative * whole)
        within = gain >= -_ROUNDING if relative is not None else gain >= -delta - _ROUNDING
        if within and not (two_sided and gain > delta + _ROUNDING):
            return percent
    return 100.0


@dataclass(frozen=True, slots=True)
class SizeChoice:
    """The sizes that were chosen for minimal sets in one run, on folds of its training part.

    Attributes:
        run: the repetition.
        sizes: condition (``minimal``, ``minimal-sure``, ``minimal-relative``) -> number of neurons.
        gaps: condition -> what that many neurons got right on the folds, less what all did; empty without folds.
        warnings: what to be careful about.
        on_folds: accuracy of all neurons on the folds; None without folds.
    """

    run: Run
    sizes: Mapping[str, int]
    gaps: Mapping[str, Outcomes]
    warnings: tuple[Diagnostic, ...]
    on_folds: float | None = None


@dataclass(frozen=True, slots=True)
class MinimalSet:
    """One minimal set of one run.

    Attributes:
        condition: the rule.
        part: its columns.
        top: what the probe re-trained on them predicts on the test part.
        random: what one re-trained on as many columns at random predicts there; condition ``conditions.at_random``.
    """

    condition: str
    part: Subset
    top: Prediction
    random: Prediction


def choose(data: ProbeData, run: Run, ranker: Ranker, *, delta: float = DELTA, kept: float = KEPT) -> SizeChoice:
    """Choose how many neurons suffice, without a look at the test part.

    On group-disjoint folds of the training part the neurons are ranked and re-trained anew; accuracies are of all
    folds' held-out rows together. ``size_search`` says how the sizes are searched, and what that means where accuracy
    does not grow with the size.

    Args:
        data: all columns.
        run: whose training part it is.
        ranker: makes the order.
        delta: what ``minimal`` may lose on the folds, and what the 95 % interval of the paired difference excludes for
            ``minimal-sure``, whose sizes are tested from the largest step down.
        kept: the share of the accuracy of all neurons that ``minimal-relative`` reaches.
    """
    count, made = len(data.features.units), folds(run, data.target.values)
    about_folds = tuple(replace(each, conditions=RULES) for each in made.warnings)
    if not made.each:
        return SizeChoice(
            run,
            dict.fromkeys(RULES, count),
            {},
            about_folds,
        )
    curve = FoldCurve(data, made.each, ranker)
    grid = sorted(set(steps(count).sizes.values()))
    curve.fit(grid)
    rules: dict[str, Callable[[int], bool]] = {
        conditions.MINIMAL: partial(_within, curve, delta),
        conditions.MINIMAL_RELATIVE: partial(_reaches, curve, kept),
    }
    sizes = {condition: smallest(holds, grid, count) for condition, holds in rules.items()}
    sizes[conditions.MINIMAL_SURE] = last_sure(partial(_surely_within, curve, delta), grid, count)
    warnings = (*about_folds, *_about_folds(curve.whole, data.layer, run.seed, delta))
    gaps = {condition: curve.gap(size) for condition, size in sizes.items()}
    return SizeChoice(run, sizes, gaps, warnings, curve.whole.score(metric_names.ACCURACY))


def _about_folds(whole: Outcomes, layer: str, seed: int, delta: float) -> Iterator[Diagnostic]:
    """Warn where a size that was chosen on these held-out rows may mean little; ``whole``: of all neurons."""
    if delta * len(whole) < _FEW_ROWS:
        kind = "what a minimal set may lose is worth few utterances: its size may be chance"
        yield Diagnostic(kind, layer, seed, f"{delta * len(whole):.1f} of {len(whole)} that were held out", RULES)
    if (groups := len(np.unique(whole.groups))) < RELIABLE_GROUPS:
        kind = f"the minimal set was chosen on fewer than {RELIABLE_GROUPS} groups: its intervals are unreliable"
        yield Diagnostic(kind, layer, seed, f"{groups} that were held out", RULES)
    most, right = np.bincount(whole.classes).max() / len(whole), whole.score(metric_names.ACCURACY)
    if right <= most + delta:
        kind = "all neurons together answer no better than the most frequent class: any set is minimal"
        yield Diagnostic(kind, layer, seed, f"{100 * right:.1f} % against {100 * most:.1f} % on the folds", RULES)


def _within(curve: FoldCurve, delta: float, size: int) -> bool:
    return curve.gap(size).score(metric_names.ACCURACY) >= -delta - _ROUNDING


def _surely_within(curve: FoldCurve, delta: float, size: int) -> bool:
    low = estimate([curve.gap(size)], metric_names.ACCURACY, drawn=False, difference=True).low
    return low is not None and low > -delta


def _reaches(curve: FoldCurve, kept: float, size: int) -> bool:
    return curve.at(size).score(metric_names.ACCURACY) >= kept * curve.whole.score(metric_names.ACCURACY) - _ROUNDING


def retrain(
    data: ProbeData, run: Run, cuts: RankedSubsets, sizes: Mapping[str, int]
) -> tuple[list[MinimalSet], list[Diagnostic]]:
    """Re-train the chosen numbers of neurons on the whole training part, and predict the test part.

    Args:
        data: all columns.
        run: the repetition.
        cuts: of the ranking of its whole training part.
        sizes: condition -> number of neurons; equal numbers are fitted once.
    """
    count, layer = len(data.features.units), data.layer
    percents = {size: percent_of(size, count) for size in sorted(set(sizes.values()))}
    parts = {size: (cuts.top(percent), cuts.random(percent)) for size, percent in percents.items()}
    fits = iter(data.fits(run, [Problem(columns=part.columns) for pair in parts.values() for part in pair]))
    predictions: dict[int, list[Prediction]] = {}
    found: list[Diagnostic] = []
    for size, pair in parts.items():
        fitted = [next(fits) for _ in pair]
        of_size = tuple(condition for condition, each in sizes.items() if each == size)
        of_top = about_fit(fitted[0], layer, run.seed)  # a random set may well know nothing
        found += (replace(each, conditions=of_size) for each in of_top)
        predictions[size] = [
            data.predict(run, one.probe, "", percent=100 * size / count, columns=part.columns)
            for one, part in zip(fitted, pair, strict=True)
        ]
    sets = []
    for condition, size in sizes.items():
        top, random = (
            replace(one, condition=name)
            for one, name in zip(predictions[size], (condition, conditions.at_random(condition)), strict=True)
        )
        sets.append(MinimalSet(condition, parts[size][0], top, random))
        if drawn := parts[size][0].drawn:
            kind = "the ranking scores neurons 0, and some of them were drawn at random"
            found.append(Diagnostic(kind, layer, run.seed, f"{drawn} of {size}", (condition,)))
    return sets, found


def paper_percents(
    top: Sequence[Prediction],
    whole: Sequence[Prediction],
    target: Target,
    *,
    delta: float = DELTA,
    two_sided: bool = False,
    relative: float | None = None,
) -> tuple[float, dict[int, float]]:
    """Choose the paper's percentage on the test part: by the mean accuracies over runs, and by those of each run.

    Args:
        top: of the re-trained top sets, at every percentage in every run.
        whole: of the probe of all neurons, one per run.
        target: of all rows.
        delta: see ``paper_rule``.
        two_sided: see ``paper_rule``.
        relative: see ``paper_rule``.
    """
    right = {each.run.seed: outcomes(each, target).score(metric_names.ACCURACY) for each in whole}
    by_run: dict[int, dict[float, float]] = {seed: {} for seed in right}
    for each in top:
        if each.percent is not None:
            by_run[each.run.seed][each.percent] = outcomes(each, target).score(metric_names.ACCURACY)
    rule = partial(paper_rule, delta=delta, two_sided=two_sided, relative=relative)
    common = set.intersection(*(set(accuracies) for accuracies in by_run.values()))
    mean = {percent: float(np.mean([each[percent] for each in by_run.values()])) for percent in common}
    return (
        rule(mean, float(np.mean(list(right.values())))),
        {seed: rule(by_run[seed], right[seed]) for seed in right},
    )


def paper_sets(
    data: ProbeData,
    cuts: Sequence[RankedSubsets],
    top: Sequence[Prediction],
    random: Sequence[Prediction],
    whole: Sequence[Prediction],
    percent: float,
    *,
    condition: str = conditions.MINIMAL_PAPER,
) -> list[MinimalSet]:
    """Make the paper's minimal set of every run, from probes that were re-trained at every percentage already.

    Args:
        data: all columns.
        cuts: of the runs' rankings, in the order of the runs.
        top: of the re-trained top sets.
        random: of the re-trained random sets.
        whole: of the probe of all neurons, one per run; it answers for both where ``percent`` is 100.
        percent: one of theirs, or 100.
        condition: of the sets.
    """
    tops, randoms = ({each.run.seed: each for each in said if each.percent == percent} for said in (top, random))
    everything = {each.run.seed: replace(each, percent=percent) for each in whole} if percent == 100 else {}
    made = []
    for run, cut in zip(data.runs.each, cuts, strict=True):
        one, other = ((everything | said)[run.seed] for said in (tops, randoms))
        names = (condition, conditions.at_random(condition))
        named = (replace(said, condition=name) for said, name in zip((one, other), names, strict=True))
        made.append(MinimalSet(condition, cut.top(percent), *named))
    return made
