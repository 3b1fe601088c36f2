"""The layer-wise analysis (paper, section 3.1): one probe a layer, one on ALL, and the majority."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from neuroscope.contracts import conditions, metric_names
from neuroscope.contracts.progress import Progress, silent
from neuroscope.contracts.rows import ALL
from neuroscope.probing import diagnostics
from neuroscope.probing.cell_result import CellResult, joined
from neuroscope.probing.comparisons import comparisons
from neuroscope.probing.fitting import fit, predict, training_accuracy
from neuroscope.probing.predictions import Prediction, outcomes, score

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from neuroscope.contracts.features import Features
    from neuroscope.contracts.probing import Probe
    from neuroscope.contracts.rows import Row
    from neuroscope.contracts.target import Target
    from neuroscope.probing.cell import Cell
    from neuroscope.probing.diagnostics import Diagnostic
    from neuroscope.probing.fitting import Fit
    from neuroscope.probing.runs import Run, Runs


@dataclass(frozen=True)
class LayerFit:
    """The result of one probe, fitted on one layer in one run: its predictions, and what it tells about its fit.

    Attributes:
        layer: its name, or ALL.
        seed: of the run.
        predicted: int64, class number of each test row.
        metrics: what the probe tells about its fit, and its accuracy on the training rows.
        warnings: what a reader has to know about it.
    """

    layer: str
    seed: int
    predicted: NDArray[np.int64]
    metrics: Mapping[str, float]
    warnings: tuple[Diagnostic, ...]


class FinishedFits(Protocol):
    """A store that keeps finished fits, so that an interrupted analysis goes on behind the last."""

    def get(self, layer: str, seed: int) -> LayerFit | None:
        """Read a fit that was kept; None where there is none."""
        ...

    def put(self, fitted: LayerFit) -> None:
        """Keep a fit."""
        ...


def layerwise(
    cell: Cell,
    features: Features,
    target: Target,
    runs: Runs,
    template: Probe,
    *,
    in_all: Sequence[str],
    finished: FinishedFits | None = None,
    progress: Progress = silent,
) -> CellResult:
    """Probe every layer of ``features``, then ALL.

    Args:
        cell: the conditions of the rows.
        features: the chosen layers side by side.
        target: of the same rows.
        runs: the repetitions.
        template: an unfitted probe.
        in_all: the layers that ALL joins; under two there is no ALL.
        finished: keeps each fit when it is done, and knows those of an earlier try.
        progress: told of every fit.
    """
    columns = columns_of(features, in_all)
    fits: list[tuple[Run, LayerFit]] = []
    with progress("Probing", len(columns) * len(runs.each)) as advance:
        for layer, chosen in columns.items():
            for run in runs.each:
                done = None if finished is None else finished.get(layer, run.seed)
                if done is None:
                    done = _probe(features, target, chosen, layer, run, template)
                    if finished is not None:
                        finished.put(done)
                fits.append((run, done))
                advance(1)
    by_probe = [Prediction(each.layer, conditions.PROBE, run, each.predicted) for run, each in fits]
    predictions = [*(majority(run, target) for run in runs.each), *by_probe]
    about_runs = CellResult(warnings=(*diagnostics.about_runs(features.values, runs),))
    about_fits = fit_metrics(cell, by_probe, [each.metrics for _, each in fits], target, runs)
    scores = CellResult(
        rows=(*score(cell, predictions, target, runs), *comparisons(cell, by_probe, target, runs)),
        predictions=tuple(predictions),
        warnings=tuple(warning for _, each in fits for warning in each.warnings),
    )
    return joined([about_runs, about_fits, scores])


def columns_of(features: Features, in_all: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """Find the columns of each layer in their order, then those of ALL."""
    layer_of = np.array([unit.layer for unit in features.units])
    layers = dict.fromkeys(layer_of.tolist())
    columns = {layer: np.flatnonzero(layer_of == layer) for layer in layers}
    if len(in_all) > 1:
        columns[ALL] = np.flatnonzero(np.isin(layer_of, in_all))
    return columns


def majority(run: Run, target: Target) -> Prediction:
    """Predict the most frequent class of the test part, the first among equals: no constant answer does better.

    The most frequent class of the training part would be the rarer one of the test part where a pool is balanced: a
    baseline below what knowing nothing reaches.
    """
    most = int(np.bincount(target.values[run.split.test], minlength=target.classes).argmax())
    return Prediction("", conditions.MAJORITY, run, np.full(len(run.split.test), most, dtype=np.int64))


def _probe(
    features: Features, target: Target, columns: NDArray[np.int64], layer: str, run: Run, template: Probe
) -> LayerFit:
    """Fit one probe on the training rows, and predict the test rows."""
    split = run.split
    chosen = _slice_or_gather(columns)
    train, test = features.values[split.train][:, chosen], features.values[split.test][:, chosen]
    fitted = fit(
        template,
        train,
        target.values[split.train],
        seed=run.seed,
        groups=split.groups[split.train],
        column_groups=features.column_groups[columns],
        weights=run.weights,
    )
    rows = np.arange(len(train))
    accuracy = training_accuracy(fitted.probe, train, target.values[split.train], rows, run.weights)
    fitted = fitted.with_training_accuracy(accuracy)
    predicted = predict(fitted.probe, test)
    wrong = predicted != target.values[split.test]
    warnings = tuple(_warnings(fitted, train, test, wrong, layer, run))
    return LayerFit(layer, run.seed, predicted, fitted.metrics, warnings)


def _warnings(
    fitted: Fit,
    train: NDArray[np.float32],
    test: NDArray[np.float32],
    wrong: NDArray[np.bool_],
    layer: str,
    run: Run,
) -> Iterator[Diagnostic]:
    """Collect the warnings about one fit."""
    yield from diagnostics.about_fit(fitted, layer, run.seed)
    if layer != ALL:  # its columns were looked at layer by layer
        yield from diagnostics.about_columns(train, test, layer, run.seed)
    yield from diagnostics.about_errors(run, wrong, layer)


def fit_metrics(
    cell: Cell, predictions: Sequence[Prediction], metrics: Sequence[Mapping[str, float]], target: Target, runs: Runs
) -> CellResult:
    """Make rows of what probes tell about their fits, and warn where they know much more of the training rows.

    Args:
        cell: the conditions of the rows.
        predictions: of the probe, every run of a layer, layer by layer.
        metrics: of the same fits: metric -> number, their accuracy on the training rows among them.
        target: of all rows.
        runs: the repetitions.
    """
    metrics_of: dict[str, list[Mapping[str, float]]] = {}
    test: dict[str, list[float]] = {}
    for each, of_fit in zip(predictions, metrics, strict=True):
        metrics_of.setdefault(each.layer, []).append(of_fit)
        test.setdefault(each.layer, []).append(outcomes(each, target).score(metric_names.ACCURACY))
    training = {layer: [each[metric_names.TRAINING_ACCURACY] for each in known] for layer, known in metrics_of.items()}
    return CellResult(
        rows=tuple(row for layer, known in metrics_of.items() for row in _fit_rows(cell, layer, runs.each, known)),
        warnings=tuple(diagnostics.about_training(training, test, [run.seed for run in runs.each])),
    )


def _fit_rows(cell: Cell, layer: str, runs: Sequence[Run], told: Sequence[Mapping[str, float]]) -> list[Row]:
    """Make one row per run of each metric of a layer's fits, and one of the mean accuracy on training rows."""
    same = {"layer": layer, "condition": conditions.PROBE}
    rows = [
        cell.row(**same, metric=metric, value=number, n=len(run.split.train), seed=run.seed)
        for run, metrics in zip(runs, told, strict=True)
        for metric, number in metrics.items()
    ]
    mean = float(np.mean([metrics[metric_names.TRAINING_ACCURACY] for metrics in told]))
    seen = len(set(np.concatenate([run.split.train for run in runs]).tolist()))
    return [*rows, cell.row(**same, metric=metric_names.TRAINING_ACCURACY, value=mean, n=seen)]


def _slice_or_gather(columns: NDArray[np.int64]) -> slice | NDArray[np.int64]:
    """Turn neighbouring columns into a slice, which copies nothing; leave others as they are."""
    if len(columns) == columns[-1] - columns[0] + 1:
        return slice(int(columns[0]), int(columns[-1]) + 1)
    return columns
