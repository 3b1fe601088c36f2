"""What the ranked neurons are good for: the probe that sees some of them alone, masked or re-trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.contracts.probing import Problem
from neuroscope.errors import BadOption
from neuroscope.neurons.subsets import STEPS, RankedSubsets, steps
from neuroscope.probing.diagnostics import Diagnostic, about_fit
from neuroscope.probing.predictions import Prediction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from neuroscope.contracts.probing import Probe, Ranking
    from neuroscope.neurons.subsets import Subset
    from neuroscope.probing.fitting import Fit
    from neuroscope.probing.problem_data import ProbeData
    from neuroscope.probing.runs import Run

MASKED_PERCENT = 20.0
"""Per cent of the neurons that a masked probe keeps (paper, Table 2)."""

FILLS = ("mean", "zero")
"""What stands in a masked column. Zeros (as in the paper) move raw columns off their mean, and cost by that alone."""

_BLOCK = 2**24  # values of the rows that are held at a time


@dataclass
class Ablation:
    """What probes said that see a part of the neurons, and what to be careful about."""

    predictions: list[Prediction] = field(default_factory=list)
    cautions: list[Diagnostic] = field(default_factory=list)


def masked(
    material: ProbeData,
    fits: Sequence[Fit],
    rankings: Sequence[Ranking],
    *,
    percent: float = MASKED_PERCENT,
    fill: str = "mean",
) -> Ablation:
    """The probe of all columns, not re-trained, where all but a part of the test rows' columns is masked.

    Conditions: ``masked-top``, ``masked-bottom`` and ``masked-random``, the last drawn anew each run.

    Args:
        material: what the probes were trained on.
        fits: the probe of all columns, one a run, in the order of the runs.
        rankings: beside them.
        percent: of the neurons that are kept.
        fill: ``mean`` = of the training rows, as the run weights them; ``zero``.

    Raises:
        BadOption: there is no such fill.
    """
    if fill not in FILLS:
        raise BadOption(f"unknown fill of masked columns '{fill}'. Known: {', '.join(FILLS)}.")
    found = Ablation()
    for run, fitted, ranking in zip(material.runs.each, fits, rankings, strict=True):
        if not _sizes(found, material, run, [percent]):
            continue
        cuts = RankedSubsets(ranking, material.features.units, run.seed)
        parts = {
            "masked-top": cuts.top(percent),
            "masked-bottom": cuts.bottom(percent),
            "masked-random": cuts.random(percent),
        }
        for condition, part in parts.items():
            _tell_draws(found, material, run, condition, {percent: part})
        _mask(found, material, run, fitted.probe, parts, percent, fill)
    return found


def _mask(
    found: Ablation,
    material: ProbeData,
    run: Run,
    probe: Probe,
    parts: dict[str, Subset],
    percent: float,
    fill: str,
) -> None:
    """The predictions of one run, and whether they test anything."""
    width = len(material.features.units)
    filling = np.zeros(width, dtype=np.float32) if fill == "zero" else training_mean(material, run)
    kept = [*(part.columns for part in parts.values()), np.arange(width), np.arange(0)]
    *said, everything, nothing = _ask(material, run, [partial(_say_masked, probe, each, filling) for each in kept])
    for condition, predicted in zip(parts, said, strict=True):
        found.predictions.append(Prediction(material.layer, condition, run, predicted, percent))
    top, bottom = parts["masked-top"].columns, parts["masked-bottom"].columns
    weights = getattr(probe, "coef_", None)
    detail = f"{len(top)} of {width} columns are kept"
    if weights is not None:
        used = np.any(weights, axis=0)
        detail += f", {used.sum()} have a weight"
        top_is_all, bottom_is_none = used[top].sum() == used.sum(), not used[bottom].any()
    else:  # what it uses shows in its predictions alone, and one of the two may agree by chance, or on an easy task
        agree = np.array_equal(said[0], everything) and np.array_equal(said[1], nothing)
        top_is_all = bottom_is_none = agree
    if top_is_all:
        kind = "masked-top tests nothing: it holds all columns that the probe uses"
        found.cautions.append(Diagnostic(kind, material.layer, run.seed, detail))
    if bottom_is_none:
        kind = "masked-bottom tests nothing: it holds no column that the probe uses, and the bias decides alone"
        found.cautions.append(Diagnostic(kind, material.layer, run.seed, detail))


def _say_masked(
    probe: Probe, kept: NDArray[np.int64], filling: NDArray[np.float32], rows: NDArray[np.float32]
) -> NDArray[np.int64]:
    shown = np.tile(filling, (len(rows), 1))
    shown[:, kept] = rows[:, kept]
    return np.asarray(probe.predict(shown), dtype=np.int64)


def training_mean(material: ProbeData, run: Run) -> NDArray[np.float32]:
    """The mean of each column over a run's training rows, each as often as its bootstrap holds it; ``[columns]``."""
    train = run.split.train
    weights = np.ones(len(train), dtype=np.int64) if run.weights is None else run.weights
    total = np.zeros(len(material.features.units))
    for part in _blocks(len(train), len(total)):
        total += weights[part] @ material.features.values[train[part]].astype(np.float64)
    return np.asarray(total / weights.sum(), dtype=np.float32)


def retrained(material: ProbeData, rankings: Sequence[Ranking], percents: Sequence[float] = STEPS) -> Ablation:
    """A new probe on a part of the columns, at every percentage.

    Conditions: ``top-set``, ``bottom-set`` and ``random-set``, the last drawn anew each run. Percentages that are less
    than one column are left out, and said so.

    Args:
        material: all columns.
        rankings: one a run, in the order of the runs.
        percents: of the columns that are kept.
    """
    found = Ablation()
    for run, ranking in zip(material.runs.each, rankings, strict=True):
        kept = _sizes(found, material, run, percents)
        if not kept:
            continue
        cuts = RankedSubsets(ranking, material.features.units, run.seed)
        sets = {"top-set": cuts.top, "bottom-set": cuts.bottom, "random-set": cuts.random}
        parts = {condition: {percent: cut(percent) for percent in kept} for condition, cut in sets.items()}
        for condition, by_percent in parts.items():
            _tell_draws(found, material, run, condition, by_percent)
        chosen = [(condition, percent, parts[condition][percent].columns) for condition in parts for percent in kept]
        fits = material.fits(run, [Problem(columns=columns) for _, _, columns in chosen])
        asked = [
            partial(_say_of_part, fitted.probe, columns) for fitted, (_, _, columns) in zip(fits, chosen, strict=True)
        ]
        said = _ask(material, run, asked)
        for (condition, percent, _), fitted, predicted in zip(chosen, fits, said, strict=True):
            found.predictions.append(Prediction(material.layer, condition, run, predicted, percent))
            if condition == "top-set" or not fitted.converged:  # that the others know nothing is their result
                found.cautions += about_fit(fitted, f"{material.layer} {condition} {percent:g} %", run.seed)
    return found


def _say_of_part(probe: Probe, kept: NDArray[np.int64], rows: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.asarray(probe.predict(rows[:, kept]), dtype=np.int64)


def _ask(
    material: ProbeData, run: Run, asked: Sequence[Callable[[NDArray[np.float32]], NDArray[np.int64]]]
) -> list[NDArray[np.int64]]:
    """What each says of the run's test rows; these are read once, a block at a time."""
    test = run.split.test
    said: list[list[NDArray[np.int64]]] = [[] for _ in asked]
    for part in _blocks(len(test), len(material.features.units)):
        rows = material.features.values[test[part]]
        for each, say in zip(said, asked, strict=True):
            each.append(say(rows))
    return [np.concatenate(each) for each in said]


def _blocks(rows: int, width: int) -> Iterator[slice]:
    step = max(1, _BLOCK // width)
    return (slice(begin, begin + step) for begin in range(0, rows, step))


def _sizes(found: Ablation, material: ProbeData, run: Run, percents: Sequence[float]) -> list[float]:
    """The percentages that are at least one column; the others are told."""
    width = len(material.features.units)
    chosen = steps(width, percents)
    if chosen.empty:
        listed = ", ".join(f"{percent:g}" for percent in chosen.empty)
        kind = "shares of less than one neuron are left out"
        found.cautions.append(Diagnostic(kind, material.layer, run.seed, f"{listed} % of {width}"))
    return [float(percent) for percent in chosen.sizes]


def _tell_draws(found: Ablation, material: ProbeData, run: Run, condition: str, parts: dict[float, Subset]) -> None:
    """The first of these parts that the ranking's order did not suffice for."""
    for percent in sorted(parts):
        if parts[percent].drawn:
            kind = "the ranking scores neurons 0, and some of them were drawn at random"
            detail = f"at {percent:g} %, {parts[percent].drawn} of {len(parts[percent].columns)}"
            found.cautions.append(Diagnostic(kind, f"{material.layer} {condition}", run.seed, detail))
            return
