"""What a command says of a planted world: the code path of ``probe`` from features to rows, with a fast probe."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from neuroscope.contracts import conditions, metric_names
from neuroscope.defaults import LEVEL
from neuroscope.probing.cell import Cell
from neuroscope.probing.comparisons import Whole, between_backbones, p_of_chance
from neuroscope.probing.layerwise import layerwise
from neuroscope.probing.predictions import scored_by_run
from neuroscope.probing.runs import make_runs
from neuroscope.report.layer_curve import BestLayer, best_layer, curves
from planted.worlds import SPLIT_COLUMN, World, draw

if TYPE_CHECKING:
    from neuroscope.probing.predictions import Prediction

_TEXTS = ("representation", "backbone", "task", "dataset", "manifest", "split", "layers", "pooling", "probe", "preset")


@dataclass(frozen=True)
class Said:
    """What one command says of its first layer, and of all layers.

    Attributes:
        value: printed accuracy.
        sd: printed ±; None where there is none.
        low: lower end of its 95 % interval.
        high: upper end.
        single: accuracy of the first run, whose probe is trained on the whole training part.
        best: the sentence below the table.
        accuracies: of each layer, in each run.
    """

    value: float
    sd: float | None
    low: float
    high: float
    single: float
    best: BestLayer
    accuracies: tuple[tuple[float, ...], ...]


def cell(world: World, seed: int) -> Cell:
    return Cell(**dict.fromkeys(_TEXTS, ""), runs=world.runs, seed=seed)


def split_of(world: World) -> str:
    if world.mixed:
        return "utterance"
    return f"column:{SPLIT_COLUMN}" if world.fixed else f"speaker,test={world.share}"


def command(world: World, seed: int) -> Said:
    """Draw a corpus, and probe it."""
    features, rows = draw(world, seed)
    runs = make_runs(split_of(world), rows, runs=world.runs, seed=seed, one_split=False)
    probe = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1)
    found = layerwise(cell(world, seed), features, rows.target, runs, probe, in_all=())
    first = features.units[0].layer
    of = {
        (row.condition, row.metric, row.seed): row
        for row in found.rows
        if row.layer == first and row.condition == conditions.PROBE
    }
    whole = of[conditions.PROBE, metric_names.ACCURACY, None]
    sd = of.get((conditions.PROBE, metric_names.sd_of(metric_names.ACCURACY), None))
    (curve,) = curves(found.rows)
    return Said(
        value=whole.value,
        sd=None if sd is None else sd.value,
        low=whole.low,
        high=whole.high,
        single=of[conditions.PROBE, metric_names.ACCURACY, seed].value,
        best=best_layer(curve),
        accuracies=tuple(
            tuple(
                row.value
                for row in found.rows
                if (row.layer, row.condition, row.metric) == (layer, conditions.PROBE, metric_names.ACCURACY)
                and row.seed is not None
            )
            for layer in dict.fromkeys(unit.layer for unit in features.units)
        ),
    )


@dataclass(frozen=True)
class Gap:
    """What a command says of one pair of backbones.

    Attributes:
        value: printed difference of the accuracies of ALL.
        low: lower end of its interval, which is of all pairs at once.
        high: upper end.
        single: the difference in the first run, whose probes are trained on the whole training part.
        known: whether one of the two is shown to know it; else nobody is said to be ahead.
    """

    value: float
    low: float
    high: float
    single: float
    known: bool

    @property
    def is_told_apart(self) -> bool:
        """Whether one of the two is said to be ahead."""
        return self.known and (self.low > 0 or self.high < 0)


def compare(world: World, seed: int) -> tuple[Gap, ...]:
    """Draw a corpus, probe it, and compare all pairs; each layer stands for all that one backbone has."""
    features, rows = draw(world, seed)
    runs = make_runs(split_of(world), rows, runs=world.runs, seed=seed, one_split=False)
    probe = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1)
    of_layer: dict[str, list[Prediction]] = {}
    for each in layerwise(cell(world, seed), features, rows.target, runs, probe, in_all=()).of(conditions.PROBE):
        of_layer.setdefault(each.layer, []).append(each)
    wholes = [Whole(replace(cell(world, seed), backbone=name), found) for name, found in of_layer.items()]
    single = {
        whole.cell.digest: float(np.mean(first.predicted == rows.target.values[first.run.split.test]))
        for whole in wholes
        for first in whole.predictions[:1]
    }
    known = {
        whole.cell.digest: p_of_chance(scored_by_run(whole.predictions, rows.target, metric_names.ACCURACY), runs)
        < LEVEL
        for whole in wholes
    }
    return tuple(
        Gap(
            row.value,
            row.low,
            row.high,
            single[row.run] - single[row.against],
            known[row.run] or known[row.against],
        )
        for row in between_backbones(wholes, rows.target, runs, compared=len(wholes))
    )
