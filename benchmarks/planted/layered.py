"""Vectors of layers of which it is known how much each says; what is said of their preference and of stability."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from neuroscope import Features, Target, Unit, Utterance
from neuroscope.contracts import conditions, metric_names
from neuroscope.neuron_analysis.by_layer import distribution
from neuroscope.neuron_analysis.minimal import MinimalSet
from neuroscope.neuron_analysis.null_rankings import null_rankings, rank_training_part, ranked_subsets
from neuroscope.neuron_analysis.stability import halves, stability
from neuroscope.neuron_analysis.subsets import RankedSubsets
from neuroscope.probing.predictions import Prediction
from neuroscope.probing.problem_data import ProbeData
from neuroscope.probing.runs import make_runs
from neuroscope.splits import LabelledUtterances
from neuroscope_elasticnet.rankings.t_statistic import TStatistic
from planted.commands import cell
from planted.worlds import World

LAYERS, WIDTH = 4, 25
CORRELATION = 0.8  # of the columns of a block
PERCENT = 10.0  # of the columns are the set


@dataclass(frozen=True, kw_only=True)
class LayeredWorld:
    """What is planted.

    Attributes:
        shifts: of the first ``informative`` columns of each layer, how far the class means lie apart, in sds.
        informative: columns of a layer.
        block: so many neighbouring columns have most of their noise in common.
        scales: whether columns differ in scale.
        runs: repetitions.
        speakers: how many; each has one of two classes.
        each: utterances of a speaker.
    """

    shifts: tuple[float, ...] = (0.0,) * LAYERS
    informative: int = 10
    block: int = 1
    scales: bool = False
    runs: int = 5
    speakers: int = 60
    each: int = 4

    def named(self, **changed) -> LayeredWorld:
        return replace(self, **changed)


@dataclass(frozen=True)
class Judged:
    """What is said of a ranking: p-values of layers, and of its overlap between runs and between halves."""

    layers: tuple[float, ...]
    overlap: float | None
    halves: float


def judge(world: LayeredWorld, seed: int) -> Judged:
    """Draw a corpus, rank its columns, and test whether a layer is preferred and whether the ranking is stable."""
    data = _draw(world, seed)
    of_cell = cell(World(runs=world.runs), seed)
    ranker = TStatistic()
    pairs = [halves(run, data.target.values)[0] for run in data.runs.each]
    null = null_rankings(data, ranker, pairs)
    rankings = [rank_training_part(data, run, ranker) for run in data.runs.each]
    of_halves = [tuple(ranked_subsets(data, half, ranker) for half in pair) for pair in pairs]
    sets = [_set(data, run, ranking) for run, ranking in zip(data.runs.each, rankings, strict=True)]
    rows = [
        *distribution(of_cell, data, sets, null, of_halves),
        *stability(of_cell, data, rankings, of_halves, null).rows,
    ]
    found = {(row.layer, row.metric): row.value for row in rows if row.seed is None}
    return Judged(
        layers=tuple(found[f"l{layer}", metric_names.P_VALUE] for layer in range(LAYERS)),
        overlap=found.get((data.layer, metric_names.p_of(metric_names.OVERLAP))),
        halves=found[data.layer, metric_names.p_of(metric_names.OVERLAP_HALVES)],
    )


def _set(data: ProbeData, run, ranking) -> MinimalSet:
    """The first columns as a set; what it predicts is not asked."""
    part = RankedSubsets(ranking, data.features.units, run.seed).top(PERCENT)
    said = Prediction(data.layer, conditions.MINIMAL, run, np.zeros(len(run.split.test), dtype=np.int64), PERCENT)
    return MinimalSet(conditions.MINIMAL, part, said, said)


def _draw(world: LayeredWorld, seed: int) -> ProbeData:
    rng = np.random.default_rng([seed, 0x1A7E])
    class_of = rng.permutation(np.arange(world.speakers) % 2)
    values, speaker = np.repeat(class_of, world.each), np.repeat(np.arange(world.speakers), world.each)
    layers = []
    for shift in world.shifts:
        own = _noise(rng, speaker, world.block)
        own[:, : world.informative] += shift * (values[:, None] - 0.5)
        layers.append(own)
    columns = np.hstack(layers)
    if world.scales:
        columns *= np.exp(rng.standard_normal(columns.shape[1]))
    units = tuple(Unit(f"l{column // WIDTH}", column % WIDTH) for column in range(columns.shape[1]))
    ids = tuple(f"u{row:05d}" for row in range(len(values)))
    utterances = tuple(
        Utterance(id=name, path=None, speaker=f"s{of:04d}") for name, of in zip(ids, speaker.tolist(), strict=True)
    )
    target = Target(values.astype(np.int64), ("a", "b"))
    runs = make_runs("speaker", LabelledUtterances(utterances, target), runs=world.runs, seed=seed, one_split=False)
    features = Features(ids=ids, units=units, values=columns.astype(np.float32))
    return ProbeData("ALL", features, target, runs, None, speaker)


def _noise(rng: np.random.Generator, speaker: np.ndarray, block: int) -> np.ndarray:
    """Noise of utterances and of speakers, half of the variance each; that of a block is largely one."""

    def of(columns: int) -> np.ndarray:
        shift = rng.standard_normal((speaker.max() + 1, columns))[speaker]
        return (shift + rng.standard_normal(shift.shape)) / np.sqrt(2)

    if block == 1:
        return of(WIDTH)
    common = np.repeat(of(-(-WIDTH // block)), block, axis=1)[:, :WIDTH]
    return np.sqrt(CORRELATION) * common + np.sqrt(1 - CORRELATION) * of(WIDTH)
