"""Controls: the probe without what it is meant to find: random features, a control task, an untrained network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.contracts import conditions, metric_names
from neuroscope.contracts.probing import Problem
from neuroscope.errors import BadOption
from neuroscope.probing.cell_result import CellResult
from neuroscope.probing.differences import RowNames, counted
from neuroscope.probing.predictions import rows_over_runs, scored_by_run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from neuroscope.contracts.features import Features
    from neuroscope.contracts.rows import Row
    from neuroscope.probing.cell import Cell
    from neuroscope.probing.predictions import Prediction
    from neuroscope.probing.problem_data import ProbeData
    from neuroscope.probing.runs import Run

DISTRIBUTIONS = ("normal", "uniform", "matched")
"""Distributions of random features: two of mean 0 and sd 1; ``matched`` has those of the columns it stands for."""

CONDITIONS = {
    "normal": conditions.RANDOM,
    "uniform": conditions.RANDOM_UNIFORM,
    "matched": conditions.RANDOM_MATCHED,
}
"""Distribution -> what rows of such random features are called."""

CONTROL_DRAWS = 10
"""Draws of the control task's labels, at least, over the runs that printed numbers are of."""

_FEATURES, _LABELS = 0xFEA7, 0x1ABE  # of the draws of features, and of labels
_BLOCK = 2**20  # values that are held in float64 at a time


def random_features(shape_of: Features, seed: int, distribution: str = "normal") -> NDArray[np.float32]:
    """Draw features independently, alike in all rows: they know neither the audio nor the labels (the paper's R.INIT).

    Args:
        shape_of: ``[rows, columns]``; with ``matched`` also the mean and sd of each column over all its rows.
        seed: of the draw.
        distribution: one of ``DISTRIBUTIONS``.

    Returns:
        float32 ``[rows, columns]``; no second array of that size is made.

    Raises:
        BadOption: there is no such distribution.
    """
    if distribution not in DISTRIBUTIONS:
        raise BadOption(f"unknown distribution of random features '{distribution}'. Known: {', '.join(DISTRIBUTIONS)}.")
    rng = np.random.default_rng([seed, _FEATURES])
    drawn = np.empty(shape_of.values.shape, dtype=np.float32)
    if distribution == "uniform":
        rng.random(out=drawn, dtype=np.float32)
        drawn -= np.float32(0.5)
        drawn *= np.float32(np.sqrt(12))
        return drawn
    rng.standard_normal(out=drawn, dtype=np.float32)
    if distribution == "matched":
        mean, deviation = _moments(shape_of.values)
        drawn *= deviation.astype(np.float32)
        drawn += mean.astype(np.float32)
    return drawn


def _moments(values: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute mean and sd of each column in one pass over blocks of rows."""
    rows, columns = values.shape
    step = max(1, _BLOCK // columns)
    first = values[0].astype(np.float64)  # an origin near the mean keeps the squares' digits
    total, squares = np.zeros(columns), np.zeros(columns)
    for begin in range(0, rows, step):
        block = values[begin : begin + step] - first
        total += block.sum(axis=0)
        squares += np.square(block, out=block).sum(axis=0)
    shift = total / rows
    return first + shift, np.sqrt(np.maximum(squares / rows - shift**2, 0))


def random(data: ProbeData, distribution: str = "normal") -> list[Prediction]:
    """Train and test the probe on random features, a new draw each run.

    Raises:
        BadOption: there is no such distribution.
    """

    def drawn(run: Run) -> Features:
        return replace(data.features, values=random_features(data.features, run.seed, distribution))

    return _predict_on_other_features(data, drawn, CONDITIONS.get(distribution, ""))


def untrained(data: ProbeData, features_of_run: Callable[[Run], Features]) -> list[Prediction]:
    """Train and test the probe on the features that an untrained twin of the backbone makes of the same audio.

    Args:
        data: of the trained backbone.
        features_of_run: one network a run; rows as in ``data``.

    Raises:
        ValueError: the rows are others.
    """
    return _predict_on_other_features(data, features_of_run, conditions.UNTRAINED)


def _predict_on_other_features(
    data: ProbeData, features_of_run: Callable[[Run], Features], condition: str
) -> list[Prediction]:
    predictions = []
    for run in data.runs.each:
        features = features_of_run(run)
        if features.ids != data.features.ids:
            raise ValueError(f"features of condition '{condition}', run {run.seed}, are not of the same rows")
        twin = replace(data, features=features)
        (fitted,) = twin.fits(run, [Problem()])
        predictions.append(twin.predict(run, fitted.probe, condition))
    return predictions


def types_of(values: NDArray[np.int64], *groupings: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find what the labels belong to: the first of these groupings that has one label a group; else the single rows.

    A grouping in which each class is one group says nothing: its labels could only change their names.

    Args:
        values: class of each row.
        groupings: group of each row, e.g. by speaker.

    Returns:
        int64 ``[rows]``, number of each row's type, from 0.
    """
    for groups in groupings:
        pairs = np.unique(np.stack([groups, values]), axis=1)
        types, classes = len(np.unique(pairs[0])), len(np.unique(pairs[1]))
        if pairs.shape[1] == types and classes < types:
            return np.unique(groups, return_inverse=True)[1]
    return np.arange(len(values), dtype=np.int64)


def permuted(cell: Cell, data: ProbeData) -> CellResult:
    """Train and test the probe on a control task: each type (a speaker, where labels are speakers') has a drawn label.

    Hewitt and Liang (2019), "Designing and Interpreting Probes with Control Tasks". The labels are the true ones,
    permuted over the types of the training part, over those of the test part, and over those in both, so that each part
    keeps its shares of the classes. What a probe can know of a type by having heard it is all that helps it here; its
    training accuracy is what it learns by heart, and metric ``training_accuracy`` of the rows.

    There are several draws, in the runs that printed numbers are of.
    """
    shown = data.runs.shown
    draws = -(-CONTROL_DRAWS // len(shown))
    predictions: list[Prediction] = []
    learned: list[float] = []
    for run in shown:
        labels = [_control_labels(data, run, draw) for draw in range(draws)]
        fits = data.fits(run, [Problem(y=each[run.split.train]) for each in labels])
        of_run = []
        for draw, (fitted, drawn) in enumerate(zip(fits, labels, strict=True)):
            said = data.predict(run, fitted.probe, conditions.PERMUTED)
            predictions.append(replace(said, truth=drawn[run.split.test], draw=draw))
            of_run.append(data.training_accuracy(fitted.probe, run, drawn))
        learned.append(float(np.mean(of_run)))
    names = RowNames(data.layer, conditions.PERMUTED, metric_names.TRAINING_ACCURACY)
    rows = counted(cell, shown, learned, [None] * len(shown), names)
    return CellResult(rows=tuple(rows), predictions=tuple(predictions))


def _control_labels(data: ProbeData, run: Run, draw: int) -> NDArray[np.int64]:
    """Permute the labels over the types, and give each row that of its type: int64, of all rows."""
    types, of_type = data.label_types
    train, test = (np.unique(types[rows]) for rows in (run.split.train, run.split.test))
    rng = np.random.default_rng([run.seed, _LABELS, draw])
    for part in (np.setdiff1d(train, test), np.setdiff1d(test, train), np.intersect1d(train, test)):
        of_type[part] = rng.permutation(of_type[part])
    return np.asarray(of_type[types])


def selectivity(cell: Cell, data: ProbeData, whole: Sequence[Prediction], control: Sequence[Prediction]) -> list[Row]:
    """Subtract the probe's accuracy on the control task from its accuracy, with intervals.

    The control's accuracy is a mean over draws of labels: its luck is the variance between them, and not that of its
    groups once more.

    Args:
        cell: the conditions of the rows.
        data: target and runs.
        whole: of the probe, one per run.
        control: of ``permuted``.
    """
    metric = metric_names.ACCURACY
    seeds = {each.run.seed for each in control}
    probe = scored_by_run([each for each in whole if each.run.seed in seeds], data.target, metric)
    blind = scored_by_run(control, data.target, metric)
    gaps = [one.less(other.score(metric)) for one, other in zip(probe.outcomes, blind.outcomes, strict=True)]
    return rows_over_runs(
        cell,
        replace(blind, outcomes=gaps),
        data.runs,
        of=metric,
        metric=metric_names.SELECTIVITY,
        difference=True,
        layer=data.layer,
        condition=conditions.PERMUTED,
        against=conditions.PROBE,
    )
