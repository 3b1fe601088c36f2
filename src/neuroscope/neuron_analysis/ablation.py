"""Ablation: predictions of a probe that sees a part of the ranked neurons alone, masked or re-trained."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.contracts import conditions
from neuroscope.contracts.probing import Problem
from neuroscope.errors import BadOption
from neuroscope.neuron_analysis.subsets import STEPS, RankedSubsets, steps
from neuroscope.probing.cell_result import CellResult, joined
from neuroscope.probing.diagnostics import Diagnostic, about_fit
from neuroscope.probing.fitting import predict
from neuroscope.probing.predictions import Prediction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from neuroscope.contracts.probing import Probe, Ranking
    from neuroscope.neuron_analysis.subsets import Subset
    from neuroscope.probing.fitting import Fit
    from neuroscope.probing.problem_data import ProbeData
    from neuroscope.probing.runs import Run

MASKED_PERCENT = 20.0
"""Per cent of the neurons that a masked probe keeps (paper, Table 2)."""

FILLS = ("mean", "zero")
"""What stands in a masked column. Zeros (as in the paper) move raw columns off their mean, and cost by that alone."""

_BLOCK = 2**24  # values of the rows that are held at a time


def masked(
    data: ProbeData,
    fits: Sequence[Fit],
    rankings: Sequence[Ranking],
    *,
    percent: float = MASKED_PERCENT,
    fill: str = "mean",
) -> CellResult:
    """Predict with the probe of all columns, not re-trained, where all but a part of the test rows' columns is masked.

    Conditions: ``masked-top``, ``masked-bottom`` and ``masked-random``, the last drawn anew each run.

    Args:
        data: what the probes were trained on.
        fits: the probe of all columns, one per run, in the order of the runs.
        rankings: beside them.
        percent: of the neurons that are kept.
        fill: ``mean`` = of the training rows, as the run weights them; ``zero``.

    Raises:
        BadOption: there is no such fill.
    """
    if fill not in FILLS:
        raise BadOption(f"unknown fill of masked columns '{fill}'. Known: {', '.join(FILLS)}.")
    each_run = zip(data.runs.each, fits, rankings, strict=True)
    return joined(_mask(data, run, fitted.probe, ranking, percent, fill) for run, fitted, ranking in each_run)


def _mask(data: ProbeData, run: Run, probe: Probe, ranking: Ranking, percent: float, fill: str) -> CellResult:
    """Predict masked test rows with the probe of one run."""
    width = len(data.features.units)
    kept_percents, left_out = _at_least_one_column(data, run, [percent])
    if not kept_percents:
        return CellResult(warnings=tuple(left_out))
    subsets = RankedSubsets(ranking, data.features.units, run.seed)
    parts = {
        conditions.MASKED_TOP: subsets.top(percent),
        conditions.MASKED_BOTTOM: subsets.bottom(percent),
        conditions.MASKED_RANDOM: subsets.random(percent),
    }
    filling = np.zeros(width, dtype=np.float32) if fill == "zero" else training_mean(data, run)
    kept = [*(part.columns for part in parts.values()), np.arange(width), np.arange(0)]
    *by_part, by_all, by_none = _predict_in_blocks(
        data, run, [partial(_predict_masked, probe, each, filling) for each in kept]
    )
    agree = np.array_equal(by_part[0], by_all) and np.array_equal(by_part[1], by_none)
    draws = [each for name, part in parts.items() for each in _about_draws(data, run, name, {percent: part})]
    named = zip(parts, by_part, strict=True)
    return CellResult(
        predictions=tuple(Prediction(data.layer, name, run, predicted, percent) for name, predicted in named),
        warnings=(*left_out, *draws, *_about_masks(data, run, probe, parts, alike=agree)),
    )


def _about_masks(
    data: ProbeData, run: Run, probe: Probe, parts: Mapping[str, Subset], *, alike: bool
) -> Iterator[Diagnostic]:
    """Warn where masking tests nothing; ``alike``: the top predicts as all columns do, and the bottom as none do."""
    top, bottom = parts[conditions.MASKED_TOP].columns, parts[conditions.MASKED_BOTTOM].columns
    weights = getattr(probe, "coef_", None)
    detail = f"{len(top)} of {len(data.features.units)} columns are kept"
    if weights is not None:
        used = np.any(weights, axis=0)
        detail += f", {used.sum()} have a weight"
        top_is_all, bottom_is_none = used[top].sum() == used.sum(), not used[bottom].any()
    else:  # what it uses shows in its predictions alone, and one of the two may agree by chance, or on an easy task
        top_is_all = bottom_is_none = alike
    if top_is_all:
        kind = "masked-top tests nothing: it holds all columns that the probe uses"
        yield Diagnostic(kind, data.layer, run.seed, detail, (conditions.MASKED_TOP,))
    if bottom_is_none:
        kind = "masked-bottom tests nothing: it holds no column that the probe uses, and the bias decides alone"
        yield Diagnostic(kind, data.layer, run.seed, detail, (conditions.MASKED_BOTTOM,))


def _predict_masked(
    probe: Probe, kept: NDArray[np.int64], filling: NDArray[np.float32], rows: NDArray[np.float32]
) -> NDArray[np.int64]:
    shown = np.tile(filling, (len(rows), 1))
    shown[:, kept] = rows[:, kept]
    return predict(probe, shown)


def training_mean(data: ProbeData, run: Run) -> NDArray[np.float32]:
    """Average each column over a run's training rows, each as often as its bootstrap holds it: ``[columns]``."""
    train = run.split.train
    weights = np.ones(len(train), dtype=np.int64) if run.weights is None else run.weights
    total = np.zeros(len(data.features.units))
    for part in _blocks(len(train), len(total)):
        total += weights[part] @ data.features.values[train[part]].astype(np.float64)
    return np.asarray(total / weights.sum(), dtype=np.float32)


def retrained(data: ProbeData, rankings: Sequence[Ranking], percents: Sequence[float] = STEPS) -> CellResult:
    """Train a new probe on a part of the columns, at every percentage.

    Conditions: ``top-set``, ``bottom-set`` and ``random-set``, the last drawn anew each run. Percentages that are less
    than one column are left out, and a warning says so.

    Args:
        data: all columns.
        rankings: one per run, in the order of the runs.
        percents: of the columns that are kept.
    """
    each_run = zip(data.runs.each, rankings, strict=True)
    return joined(_retrain(data, run, ranking, percents) for run, ranking in each_run)


def _retrain(data: ProbeData, run: Run, ranking: Ranking, percents: Sequence[float]) -> CellResult:
    """Fit the probes of one run, all at once, and predict with each."""
    kept, left_out = _at_least_one_column(data, run, percents)
    if not kept:
        return CellResult(warnings=tuple(left_out))
    subsets = RankedSubsets(ranking, data.features.units, run.seed)
    cuts = {
        conditions.TOP_SET: subsets.top,
        conditions.BOTTOM_SET: subsets.bottom,
        conditions.RANDOM_SET: subsets.random,
    }
    parts = {condition: {percent: cut(percent) for percent in kept} for condition, cut in cuts.items()}
    chosen = [(condition, percent, parts[condition][percent].columns) for condition in parts for percent in kept]
    fits = data.fits(run, [Problem(columns=columns) for _, _, columns in chosen])
    predictors = [
        partial(_predict_on_part, fit.probe, columns) for fit, (_, _, columns) in zip(fits, chosen, strict=True)
    ]
    predictions: list[Prediction] = []
    about_fits: list[Diagnostic] = []
    for (condition, percent, _), fitted, predicted in zip(
        chosen, fits, _predict_in_blocks(data, run, predictors), strict=True
    ):
        predictions.append(Prediction(data.layer, condition, run, predicted, percent))
        if condition == conditions.TOP_SET or not fitted.converged:  # that the others know nothing is their result
            of_set = about_fit(fitted, data.layer, run.seed)
            about_fits += (replace(each, conditions=(condition,), percents=(percent,)) for each in of_set)
    draws = [each for condition in parts for each in _about_draws(data, run, condition, parts[condition])]
    return CellResult(predictions=tuple(predictions), warnings=(*left_out, *draws, *about_fits))


def _predict_on_part(probe: Probe, kept: NDArray[np.int64], rows: NDArray[np.float32]) -> NDArray[np.int64]:
    return predict(probe, rows[:, kept])


def _predict_in_blocks(
    data: ProbeData, run: Run, predictors: Sequence[Callable[[NDArray[np.float32]], NDArray[np.int64]]]
) -> list[NDArray[np.int64]]:
    """Predict a run's test rows with each of these functions; the rows are read once, a block at a time."""
    test = run.split.test
    predicted: list[list[NDArray[np.int64]]] = [[] for _ in predictors]
    for part in _blocks(len(test), len(data.features.units)):
        rows = data.features.values[test[part]]
        for each, predictor in zip(predicted, predictors, strict=True):
            each.append(predictor(rows))
    return [np.concatenate(each) for each in predicted]


def _blocks(rows: int, width: int) -> Iterator[slice]:
    step = max(1, _BLOCK // width)
    return (slice(begin, begin + step) for begin in range(0, rows, step))


def _at_least_one_column(data: ProbeData, run: Run, percents: Sequence[float]) -> tuple[list[float], list[Diagnostic]]:
    """Keep the percentages that are at least one column, and name the others in a warning."""
    width = len(data.features.units)
    chosen = steps(width, percents)
    left_out = []
    if chosen.empty:
        listed = ", ".join(f"{percent:g}" for percent in chosen.empty)
        kind = "shares of less than one neuron are left out"
        left_out.append(Diagnostic(kind, data.layer, run.seed, f"{listed} % of {width}"))
    return [float(percent) for percent in chosen.sizes], left_out


def _about_draws(data: ProbeData, run: Run, condition: str, parts: Mapping[float, Subset]) -> Iterator[Diagnostic]:
    """Warn of the parts that the ranking's order did not suffice for; the figures are of the smallest."""
    drawn = tuple(percent for percent in sorted(parts) if parts[percent].drawn)
    if drawn:
        least = parts[drawn[0]]
        kind = "the ranking scores neurons 0, and some of them were drawn at random"
        detail = f"{least.drawn} of {len(least.columns)} at {drawn[0]:g} %"
        yield Diagnostic(kind, data.layer, run.seed, detail, (condition,), drawn)
