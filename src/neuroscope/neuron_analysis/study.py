"""The analysis of neurons (paper, sections 3.2 to 3.4): ranking, controls, ablation, minimal sets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from neuroscope import defaults
from neuroscope.contracts import conditions, metric_names
from neuroscope.contracts.probing import Problem
from neuroscope.contracts.progress import Progress, silent
from neuroscope.errors import BadOption
from neuroscope.neuron_analysis import ablation, controls, minimal, redundancy
from neuroscope.neuron_analysis.by_layer import distribution
from neuroscope.neuron_analysis.minimal_table import minimal_table
from neuroscope.neuron_analysis.null_rankings import null_rankings, ranked_subsets
from neuroscope.neuron_analysis.stability import UnlikeRanking, agreement, halves, stability, top_minus_random
from neuroscope.neuron_analysis.step_count import StepCount, planned
from neuroscope.neuron_analysis.subsets import RankedSubsets, ranked
from neuroscope.probing import diagnostics
from neuroscope.probing.cell_result import CellResult, joined
from neuroscope.probing.layerwise import fit_metrics, majority
from neuroscope.probing.predictions import outcomes, score

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from neuroscope.contracts.features import Features
    from neuroscope.contracts.probing import Ranker
    from neuroscope.neuron_analysis.null_rankings import NullRankings
    from neuroscope.probing.cell import Cell
    from neuroscope.probing.fitting import Fit
    from neuroscope.probing.predictions import Prediction
    from neuroscope.probing.problem_data import ProbeData
    from neuroscope.probing.runs import Run

CONTROLS = (*controls.CONDITIONS.values(), conditions.PERMUTED, conditions.UNTRAINED)


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronSettings:
    """Settings of the analysis of neurons.

    Attributes:
        ranker: orders them.
        controls: conditions among ``CONTROLS``.
        fill: what stands in a masked column, ``mean`` or ``zero``.
        paper: the minimal set by the paper's rule alone, chosen on the test part.
        unlike: the ranking that its most important neurons are compared with; None = none.
    """

    ranker: Ranker
    controls: tuple[str, ...] = defaults.CONTROLS
    fill: str = "mean"
    paper: bool = False
    unlike: UnlikeRanking | None = None

    def __post_init__(self) -> None:
        for name in self.controls:
            if name not in CONTROLS:
                raise BadOption(f"--control {name}: expected one of {'; '.join(CONTROLS)}")


def study(
    cell: Cell,
    data: ProbeData,
    settings: NeuronSettings,
    *,
    untrained: Callable[[Run], Features] | None = None,
    progress: Progress = silent,
) -> CellResult:
    """Rank the neurons in every run, and test the ranking.

    Args:
        cell: the conditions of the rows.
        data: columns, target, runs, probe.
        settings: ranking, controls, rules.
        untrained: features of the untrained twin in a run; None = without that control.
        progress: told of every fit and ranking.
    """
    plan = planned(
        data, settings.ranker, settings.controls, paper=settings.paper, unlike=settings.unlike is not None
    ).values()
    with progress("Studying neurons", sum(plan)) as advance:
        count = StepCount(advance, tuple(plan))
        data = replace(data, told=count.add)
        ranked, fits = _rank(cell, data, settings)
        count.end_phase()
        divided = [halves(run, data.target.values) for run in data.runs.each]
        pairs = [pair for pair, _ in divided]
        null = null_rankings(data, settings.ranker, pairs)
        of_halves = [tuple(ranked_subsets(data, half, settings.ranker) for half in pair) for pair in pairs]
        ranked = joined([ranked, CellResult(warnings=tuple(each for _, about in divided for each in about))])
        count.end_phase()
        found = joined([ranked, _run_controls(cell, data, settings, untrained, ranked)])
        count.end_phase()
        found = joined([found, _ablate(data, settings, fits, ranked)])
        found = joined([found, CellResult(rows=tuple(score(cell, found.predictions, data.target, data.runs)))])
        count.end_phase()
        with_sets = joined([found, _minimal(cell, data, settings, found, null, of_halves)])
        count.end_phase()
        ranking_tests = _test_ranking(cell, data, settings, fits, found, of_halves, null)
        count.end_phase()
    return joined([with_sets, ranking_tests])


def _rank(cell: Cell, data: ProbeData, settings: NeuronSettings) -> tuple[CellResult, list[Fit]]:
    """Fit the probe of all columns in every run, and rank the columns by it."""
    predictions, rankings, fits = [], [], []
    warnings = [*diagnostics.about_runs(data.features.values, data.runs)]
    for run in data.runs.each:
        fitted = data.with_training_accuracy(data.fits(run, [Problem()])[0], run)
        fits.append(fitted)
        predictions.append(data.predict(run, fitted.probe, conditions.PROBE))
        about_all = diagnostics.about_fit(fitted, data.layer, run.seed)
        warnings += (replace(each, conditions=(conditions.PROBE,)) for each in about_all)
        rankings.append((run, ranked(settings.ranker, *data.training(run), fitted.probe, seed=run.seed)))
        data.told(1)
    about_fits = fit_metrics(cell, predictions, [each.metrics for each in fits], data.target, data.runs)
    warnings += (replace(each, conditions=(conditions.PROBE,)) for each in about_fits.warnings)
    baseline = [majority(run, data.target) for run in data.runs.each]
    return CellResult(about_fits.rows, (*baseline, *predictions), tuple(rankings), tuple(warnings)), fits


def _run_controls(
    cell: Cell,
    data: ProbeData,
    settings: NeuronSettings,
    untrained: Callable[[Run], Features] | None,
    ranked: CellResult,
) -> CellResult:
    """Run the controls: the probe without what it is meant to find."""
    rows, predictions = [], []
    for drawn, condition in controls.CONDITIONS.items():
        if condition in settings.controls:
            predictions += controls.random(data, drawn)
    if conditions.PERMUTED in settings.controls:
        control = controls.permuted(cell, data)
        predictions += control.predictions
        rows += [*control.rows, *controls.selectivity(cell, data, ranked.of(conditions.PROBE), control.predictions)]
    if untrained is not None:
        predictions += controls.untrained(data, untrained)
    return CellResult(tuple(rows), tuple(predictions))


def _ablate(data: ProbeData, settings: NeuronSettings, fits: list[Fit], ranked: CellResult) -> CellResult:
    """Run the probe on a part of the columns: masked, and trained anew."""
    rankings = [ranking for _, ranking in ranked.rankings]
    masked = ablation.masked(data, fits, rankings, fill=settings.fill)
    return joined([masked, ablation.retrained(data, rankings)])


def _minimal(
    cell: Cell,
    data: ProbeData,
    settings: NeuronSettings,
    found: CellResult,
    null: NullRankings,
    of_halves: Sequence[tuple[RankedSubsets, ...]],
) -> CellResult:
    """Find the smallest sets by our rules, on folds of the training part, and by the paper's, on the test part."""
    whole, top, random = (found.of(each) for each in (conditions.PROBE, conditions.TOP_SET, conditions.RANDOM_SET))
    subsets = [RankedSubsets(ranking, data.features.units, run.seed) for run, ranking in found.rankings]
    choices = [] if settings.paper else [minimal.choose(data, run, settings.ranker) for run in data.runs.each]
    sets: list[minimal.MinimalSet] = []
    warnings: list[diagnostics.Diagnostic] = []
    for choice, each in zip(choices, subsets, strict=False):
        retrained, about_sets = minimal.retrain(data, choice.run, each, choice.sizes)
        sets += retrained
        warnings += [*choice.warnings, *about_sets]
    warnings += _about_choices(data, choices, whole)
    rules: dict[str, float | None] = {conditions.MINIMAL_PAPER: None}
    if settings.paper:
        rules[conditions.MINIMAL_RELATIVE] = minimal.KEPT
    for condition, relative in rules.items():
        percent, _ = minimal.paper_percents(top, whole, data.target, relative=relative)
        sets += minimal.paper_sets(data, subsets, top, random, whole, percent, condition=condition)
    chosen = [each for each in sets if each.condition == sets[0].condition]
    rows = (
        *redundancy.on_folds(cell, data, choices),
        *redundancy.about_sets(cell, data, sets, whole),
        *redundancy.redundancy(cell, data, sets),
        *distribution(cell, data, chosen, null, of_halves),
    )
    return CellResult(
        rows=rows,
        predictions=tuple(said for each in sets for said in (each.top, each.random)),
        warnings=tuple(warnings),
        tables={"minimal_neurons": minimal_table(chosen, found.rankings, data.features.units)},
    )


def _about_choices(
    data: ProbeData, choices: Sequence[minimal.SizeChoice], whole: Sequence[Prediction]
) -> Iterable[diagnostics.Diagnostic]:
    """Warn where all neurons know much more of the folds that sizes were chosen on than of the test rows."""
    test = {each.run.seed: outcomes(each, data.target).score(metric_names.ACCURACY) for each in whole}
    made = {each.run.seed: each.on_folds for each in choices if each.on_folds is not None}
    if not made:
        return []
    return diagnostics.about_choice(list(made.values()), [test[seed] for seed in made], data.layer, list(made))


def _test_ranking(
    cell: Cell,
    data: ProbeData,
    settings: NeuronSettings,
    fits: list[Fit],
    found: CellResult,
    of_halves: Sequence[tuple[RankedSubsets, ...]],
    null: NullRankings,
) -> CellResult:
    """Test the ranking: whether other speakers and an unlike ranking give the same neurons, and whether they serve."""
    rankings = [ranking for _, ranking in found.rankings]
    stable = stability(cell, data, rankings, of_halves, null)
    if settings.unlike is not None:
        shared = agreement(cell, data, rankings, [fit.probe for fit in fits], settings.unlike)
        stable = joined([stable, CellResult(rows=tuple(shared))])
    gaps = top_minus_random(cell, data, found.of(conditions.TOP_SET), found.of(conditions.RANDOM_SET))
    return joined([stable, CellResult(rows=tuple(gaps))])
