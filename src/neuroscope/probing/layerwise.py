"""The layer-wise analysis (paper, section 3.1): one probe a layer, one on ALL, and the majority baseline."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.contracts.progress import Progress, silent
from neuroscope.probing import diagnostics as caution
from neuroscope.probing.fitting import fit
from neuroscope.probing.predictions import Prediction, score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neuroscope.contracts.features import Features
    from neuroscope.contracts.probing import Probe
    from neuroscope.contracts.rows import Row
    from neuroscope.probing.cell import Cell
    from neuroscope.probing.runs import Run, Runs

ALL = "ALL"


@dataclass
class Layerwise:
    """The analysis of one cell: rows, predictions, and what to be careful about."""

    rows: list[Row] = field(default_factory=list)
    predictions: list[Prediction] = field(default_factory=list)
    cautions: list[caution.Diagnostic] = field(default_factory=list)


def layerwise(
    cell: Cell,
    features: Features,
    values: NDArray[np.int64],
    classes: int,
    runs: Runs,
    template: Probe,
    *,
    in_all: Sequence[str],
    progress: Progress = silent,
) -> Layerwise:
    """Probe every layer of ``features``, then ALL.

    Args:
        cell: the conditions of the rows.
        features: the chosen layers side by side.
        values: int64 ``[rows]``, class number of each row.
        classes: how many there are.
        runs: the repetitions.
        template: an unfitted probe.
        in_all: the layers that ALL joins; under two there is no ALL.
        progress: told of every fit.
    """
    found = Layerwise()
    columns = columns_of(features, in_all)
    for run in runs.each:
        found.cautions += caution.about_split(run)
    found.predictions += [majority(run, values, classes) for run in runs.each]
    with progress("Probing", len(columns) * len(runs.each)) as advance:
        for layer, chosen in columns.items():
            for run in runs.each:
                found.predictions.append(_probe(found, cell, features, values, chosen, layer, run, template))
                advance(1)
    found.rows += score(cell, found.predictions, values, classes, runs)
    return found


def columns_of(features: Features, in_all: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """The columns of each layer in their order, then those of ALL."""
    layer_of = np.array([unit.layer for unit in features.units])
    layers = dict.fromkeys(layer_of.tolist())
    columns = {layer: np.flatnonzero(layer_of == layer) for layer in layers}
    if len(in_all) > 1:
        columns[ALL] = np.flatnonzero(np.isin(layer_of, in_all))
    return columns


def majority(run: Run, values: NDArray[np.int64], classes: int) -> Prediction:
    """The most frequent class of the training part, the first in order among equals."""
    most = int(np.bincount(values[run.split.train], minlength=classes).argmax())
    return Prediction("", "majority", run, np.full(len(run.split.test), most, dtype=np.int64))


def _probe(
    found: Layerwise,
    cell: Cell,
    features: Features,
    values: NDArray[np.int64],
    columns: NDArray[np.int64],
    layer: str,
    run: Run,
    template: Probe,
) -> Prediction:
    """One fit, scored on its test rows; its own numbers and cautions go to ``found``."""
    split = run.split
    chosen = _slice_or_gather(columns)
    train, test = features.values[split.train][:, chosen], features.values[split.test][:, chosen]
    fitted = fit(
        template,
        train,
        values[split.train],
        seed=run.seed,
        groups=split.groups[split.train],
        column_groups=features.column_groups[columns],
        weights=run.weights,
    )
    predicted = np.asarray(fitted.probe.predict(test), dtype=np.int64)
    for metric, number in fitted.metrics.items():
        found.rows.append(
            cell.row(layer=layer, condition="probe", metric=metric, value=number, n=len(split.train), seed=run.seed)
        )
    found.cautions += caution.about_fit(fitted, layer, run.seed)
    if layer != ALL:  # its columns were looked at layer by layer
        found.cautions += caution.about_columns(train, test, layer, run.seed)
    found.cautions += caution.about_errors(run, predicted != values[split.test], layer)
    return Prediction(layer, "probe", run, predicted)


def _slice_or_gather(columns: NDArray[np.int64]) -> slice | NDArray[np.int64]:
    """Neighbouring columns as a slice, which copies nothing."""
    if len(columns) == columns[-1] - columns[0] + 1:
        return slice(int(columns[0]), int(columns[-1]) + 1)
    return columns
