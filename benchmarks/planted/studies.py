"""What a study of neurons says of a planted world: the control task, minimal sets; the code path of ``neurons``."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from neuroscope.contracts import conditions, metric_names
from neuroscope.contracts.probing import Problem
from neuroscope.data.splitting.grouping import group_by
from neuroscope.neuron_analysis import controls, minimal
from neuroscope.neuron_analysis.redundancy import redundancy
from neuroscope.neuron_analysis.subsets import RankedSubsets
from neuroscope.probing.predictions import outcomes
from neuroscope.probing.problem_data import ProbeData
from neuroscope.probing.runs import Run, Runs, make_runs
from neuroscope_elasticnet.rankings.probeless import Probeless
from planted.commands import cell, split_of
from planted.worlds import World, draw


@dataclass(frozen=True)
class Selectivity:
    """The printed selectivity, and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Minimal:
    """What is said of the sets that surely lose no more than a point, and of the others beside the minimal set.

    Attributes:
        loss: of accuracy on many new speakers, by the set that surely loses no more, a fraction.
        share: of the columns that this set has.
        redundant: whether others are said to know as much as the minimal set.
        beyond: what the minimal set has beyond as many others, on many new speakers.
    """

    loss: float
    share: float
    redundant: bool
    beyond: float


def data_of(world: World, seed: int) -> ProbeData:
    """Draw a corpus, and what a study of its neurons starts from."""
    features, rows = draw(world, seed)
    runs = make_runs(split_of(world), rows, runs=world.runs, seed=seed, one_split=False)
    types = controls.types_of(rows.target.values, group_by(rows, "speaker").groups, runs.each[0].split.groups)
    probe = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1)
    return ProbeData("ALL", features, rows.target, runs, probe, types)


def _whole(data: ProbeData) -> list:
    fits = [data.fits(run, [Problem()])[0] for run in data.runs.each]
    return [data.predict(run, each.probe, conditions.PROBE) for run, each in zip(data.runs.each, fits, strict=True)]


def control(world: World, seed: int) -> Selectivity:
    """Draw a corpus, and compare the probe with its control task."""
    data, of_cell = data_of(world, seed), cell(world, seed)
    blind = controls.permuted(of_cell, data).predictions
    rows = controls.selectivity(of_cell, data, _whole(data), blind)
    (row,) = [row for row in rows if row.seed is None and row.metric == metric_names.SELECTIVITY]
    return Selectivity(row.value, row.low, row.high)


def minimal_sets(world: World, seed: int) -> Minimal:
    """Draw a corpus whose test part is large, choose minimal sets on folds of its training part, and try them there."""
    data, of_cell = data_of(world, seed), cell(world, seed)
    (run,) = data.runs.each
    ranker = Probeless()
    choice = minimal.choose(data, run, ranker)
    ranking = ranker.rank(*data.training(run), data.template, seed=seed)
    sets, _ = minimal.retrain(data, run, RankedSubsets(ranking, data.features.units, seed), choice.sizes)
    of = {each.condition: each for each in sets}
    (whole,) = _whole(data)

    def right(said) -> float:
        return outcomes(said, data.target).score(metric_names.ACCURACY)

    small = few_tested(data, run, of[conditions.MINIMAL], seed)
    rows = redundancy(of_cell, *small)
    (said,) = [row.value for row in rows if row.metric == metric_names.REDUNDANT_INFORMATION]
    sure, least = of[conditions.MINIMAL_SURE], of[conditions.MINIMAL]
    return Minimal(
        loss=right(whole) - right(sure.top),
        share=choice.sizes[conditions.MINIMAL_SURE] / len(data.features.units),
        redundant=bool(said),
        beyond=right(least.top) - right(least.random),
    )


def few_tested(data: ProbeData, run: Run, found: minimal.MinimalSet, seed: int) -> tuple[ProbeData, list]:
    """Keep thirty speakers of the large test part, as many as a corpus has, and what the set predicts of them."""
    groups = run.split.groups[run.split.test]
    kept = np.isin(groups, np.random.default_rng(seed).choice(np.unique(groups), 30, replace=False))
    short = replace(run, split=replace(run.split, test=run.split.test[kept]))
    top, random = (replace(each, run=short, predicted=each.predicted[kept]) for each in (found.top, found.random))
    return replace(data, runs=Runs((short,), True, "")), [replace(found, top=top, random=random)]
