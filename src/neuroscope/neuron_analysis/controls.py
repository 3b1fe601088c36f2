"""Controls: the probe without what it is meant to find: on random features, permuted labels, an untrained network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.contracts import conditions, metric_names
from neuroscope.contracts.probing import Problem
from neuroscope.errors import BadOption
from neuroscope.probing.differences import differences

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


def permuted(data: ProbeData) -> list[Prediction]:
    """Train the probe on labels permuted over the training rows, a new permutation each run; test it on the true ones.

    Every class keeps its number of rows. A row that a bootstrap holds twice is two rows, each with a label of its own.
    """
    predictions = []
    for run in data.runs.each:
        single = run
        if run.weights is not None:
            single = replace(run, split=replace(run.split, train=np.repeat(run.split.train, run.weights)), weights=None)
        rng = np.random.default_rng([run.seed, _LABELS])
        (fitted,) = data.fits(single, [Problem(y=rng.permutation(data.target.values[single.split.train]))])
        predictions.append(data.predict(run, fitted.probe, conditions.PERMUTED))
    return predictions


def selectivity(cell: Cell, data: ProbeData, whole: Sequence[Prediction], blind: Sequence[Prediction]) -> list[Row]:
    """Subtract the probe's accuracy with permuted training labels from its accuracy, with paired intervals.

    Args:
        cell: the conditions of the rows.
        data: target and runs.
        whole: of the probe, one per run.
        blind: of ``permuted``, one for each of the same runs.
    """
    blind_of = {each.run.seed: each for each in blind}
    pairs = [(each, blind_of[each.run.seed]) for each in whole]
    return differences(
        cell, data, pairs, condition=conditions.PERMUTED, against=conditions.PROBE, metric=metric_names.SELECTIVITY
    )
