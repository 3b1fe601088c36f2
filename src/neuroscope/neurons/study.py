"""The analysis of neurons (paper, sections 3.2 to 3.4): ranking, controls, ablation, minimal sets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from neuroscope.contracts.probing import Problem
from neuroscope.errors import BadOption
from neuroscope.neurons import ablation, controls, minimal, redundancy
from neuroscope.neurons.by_layer import distribution
from neuroscope.neurons.stability import stability, top_minus_random
from neuroscope.neurons.subsets import RankedSubsets
from neuroscope.probing import diagnostics as caution
from neuroscope.probing.layerwise import majority
from neuroscope.probing.predictions import score

if TYPE_CHECKING:
    from collections.abc import Callable

    from neuroscope.contracts.features import Features
    from neuroscope.contracts.probing import Ranker, Ranking
    from neuroscope.contracts.progress import Progress
    from neuroscope.contracts.rows import Row
    from neuroscope.probing.cell import Cell
    from neuroscope.probing.fitting import Fit
    from neuroscope.probing.predictions import Prediction
    from neuroscope.probing.problem_data import ProbeData
    from neuroscope.probing.runs import Run

CONTROLS = (*controls.CONDITIONS.values(), "permuted", "untrained")
USUAL = ("random", "permuted")


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronSettings:
    """What is asked of the neurons.

    Attributes:
        ranker: orders them.
        controls: conditions among ``CONTROLS``.
        fill: what stands in a masked column, ``mean`` or ``zero``.
        paper: the minimal set by the paper's rule alone, chosen on the test part.
        untrained: features of the untrained twin in a run; None = without that control.
    """

    ranker: Ranker
    controls: tuple[str, ...] = USUAL
    fill: str = "mean"
    paper: bool = False
    untrained: Callable[[Run], Features] | None = None

    def __post_init__(self) -> None:
        for name in self.controls:
            if name not in CONTROLS:
                raise BadOption(f"--control {name}: expected one of {'; '.join(CONTROLS)}")


@dataclass
class Neurons:
    """The analysis of one cell."""

    rows: list[Row] = field(default_factory=list)
    predictions: list[Prediction] = field(default_factory=list)
    rankings: list[tuple[Run, Ranking]] = field(default_factory=list)
    sets: list[minimal.MinimalSet] = field(default_factory=list)
    cautions: list[caution.Diagnostic] = field(default_factory=list)

    @property
    def chosen(self) -> list[minimal.MinimalSet]:
        """The minimal set of every run: the one chosen on training folds, where there is one, else the paper's."""
        return [each for each in self.sets if each.condition == self.sets[0].condition]


def study(cell: Cell, material: ProbeData, asked: NeuronSettings, progress: Progress) -> Neurons:
    """Rank the neurons in every run, and test the ranking.

    Args:
        cell: the conditions of the rows.
        material: columns, answers, runs, probe.
        asked: ranking, controls, rules.
        progress: told of every step of the analysis.
    """
    found = Neurons()
    runs, values, classes = material.runs, material.values, len(material.classes)
    for run in runs.each:
        found.cautions += caution.about_split(run)
    found.predictions += [majority(run, values, classes) for run in runs.each]
    steps = (_rank, _controls, _ablate, _score, _minimal, _trust)
    with progress("Studying neurons", len(steps)) as advance:
        fits: list[Fit] = []
        for step in steps:
            step(found, cell, material, asked, fits)
            advance(1)
    return found


def _rank(found: Neurons, cell: Cell, material: ProbeData, asked: NeuronSettings, fits: list[Fit]) -> None:
    """The probe of all columns in every run, and the order of the columns that comes of it."""
    for run in material.runs.each:
        (fitted,) = material.fits(run, [Problem()])
        fits.append(fitted)
        found.predictions.append(material.predict(run, fitted.probe, "probe"))
        found.cautions += caution.about_fit(fitted, material.layer, run.seed)
        found.rankings.append((run, asked.ranker.rank(*material.training(run), fitted.probe, seed=run.seed)))
        for metric, number in fitted.metrics.items():
            common = {"layer": material.layer, "condition": "probe", "metric": metric}
            found.rows.append(cell.row(**common, value=number, n=len(run.split.train), seed=run.seed))


def _controls(found: Neurons, cell: Cell, material: ProbeData, asked: NeuronSettings, fits: list[Fit]) -> None:
    """What the probe reaches without what it is meant to find."""
    del fits
    whole = _said(found, "probe")
    for drawn, condition in controls.CONDITIONS.items():
        if condition in asked.controls:
            found.predictions += controls.random(material, drawn)
    if "permuted" in asked.controls:
        permuted = controls.permuted(material)
        found.predictions += permuted
        found.rows += controls.selectivity(cell, material, whole, permuted)
    if asked.untrained is not None:
        found.predictions += controls.untrained(material, asked.untrained)


def _ablate(found: Neurons, cell: Cell, material: ProbeData, asked: NeuronSettings, fits: list[Fit]) -> None:
    """The probe on a part of the columns: masked, and trained anew."""
    del cell
    rankings = [ranking for _, ranking in found.rankings]
    for each in (ablation.masked(material, fits, rankings, fill=asked.fill), ablation.retrained(material, rankings)):
        found.predictions += each.predictions
        found.cautions += each.cautions


def _score(found: Neurons, cell: Cell, material: ProbeData, asked: NeuronSettings, fits: list[Fit]) -> None:
    del asked, fits
    found.rows += score(cell, found.predictions, material.values, len(material.classes), material.runs)


def _minimal(found: Neurons, cell: Cell, material: ProbeData, asked: NeuronSettings, fits: list[Fit]) -> None:
    """The smallest sets: by our rules, chosen on folds of the training part, and by the paper's, chosen on the test."""
    del fits
    whole, top, random = (_said(found, condition) for condition in ("probe", "top-set", "random-set"))
    cuts = [RankedSubsets(ranking, material.features.units, run.seed) for run, ranking in found.rankings]
    choices = [] if asked.paper else [minimal.choose(material, run, asked.ranker) for run in material.runs.each]
    for choice, cut in zip(choices, cuts, strict=False):
        sets, cautions = minimal.retrain(material, choice.run, cut, choice.sizes)
        found.sets += sets
        found.cautions += [*choice.cautions, *cautions]
    for condition, relative in ((minimal.PAPER, None), *(((minimal.RELATIVE, minimal.KEPT),) if asked.paper else ())):
        percent, _ = minimal.paper_percents(top, whole, material.values, len(material.classes), relative=relative)
        found.sets += minimal.paper_sets(material, cuts, top, random, whole, percent, condition=condition)
    found.rows += redundancy.on_folds(cell, material, choices)
    found.rows += redundancy.about_sets(cell, material, found.sets, whole)
    found.rows += redundancy.redundancy(cell, material, found.sets)
    found.rows += distribution(cell, material, found.chosen)
    found.predictions += [said for each in found.sets for said in (each.top, each.random)]


def _trust(found: Neurons, cell: Cell, material: ProbeData, asked: NeuronSettings, fits: list[Fit]) -> None:
    """Would other speakers give the same neurons, and are they of use?"""
    del fits
    stable = stability(cell, material, [ranking for _, ranking in found.rankings], asked.ranker)
    found.rows += stable.rows
    found.cautions += stable.cautions
    found.rows += top_minus_random(cell, material, _said(found, "top-set"), _said(found, "random-set"))


def _said(found: Neurons, condition: str) -> list[Prediction]:
    return [each for each in found.predictions if each.condition == condition]
