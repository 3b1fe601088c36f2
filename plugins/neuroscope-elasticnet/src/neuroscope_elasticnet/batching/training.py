"""Fit training rows: scale their columns, and run the solver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope_elasticnet.matrix.scaling import Floats, ScaledMatrix, column_scales, moments
from neuroscope_elasticnet.matrix.selection import Matrix, some_rows
from neuroscope_elasticnet.solvers import adam
from neuroscope_elasticnet.solvers.fit import Fit, Goal
from neuroscope_elasticnet.solvers.gap import relative_gap
from neuroscope_elasticnet.solvers.optimum import minimise
from neuroscope_elasticnet.solvers.recipe import Recipe
from neuroscope_elasticnet.solvers.ridge import Axes, minimise_ridge
from neuroscope_elasticnet.solvers.softmax import Targets, onehot

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TrainingRows:
    """The rows that a fit learns from.

    Attributes:
        values: ``[rows, columns]``, float32 or float64; may be a selection.
        y: ``[rows]``, class numbers from 0.
        weights: ``[rows]``, positive.
        classes: how many there are.
        layers: ``[columns]``, layer numbers; None = all columns are of one.
    """

    values: Matrix
    y: NDArray[np.int64]
    weights: Floats
    classes: int
    layers: NDArray[np.int64] | None

    def take(self, which: NDArray[np.int64]) -> TrainingRows:
        """Some of the rows."""
        return replace(self, values=some_rows(self.values, which), y=self.y[which], weights=self.weights[which])


@dataclass(frozen=True, slots=True)
class Settings:
    """How a fit is made: the parameters of `ElasticNetProbe` by the same names."""

    solver: str
    l1: float
    l2: float
    scale: str
    penalty: str
    norm: str
    shuffle: bool
    epochs: int
    batch: int
    learning_rate: float
    tolerance: float
    max_iter: int
    random_state: int | np.random.RandomState | None

    def generator(self) -> np.random.Generator:
        """A new random generator from the seed; numpy's global one is never touched."""
        seed = self.random_state
        if isinstance(seed, np.random.RandomState):
            seed = int(seed.randint(2**31 - 1))
        return np.random.default_rng(seed)

    def recipe(self) -> Recipe:
        """The part of the settings that Adam needs."""
        plain = self.norm == "plain"
        return Recipe(self.l1, self.l2, plain, self.shuffle, self.epochs, self.batch, self.learning_rate)


@dataclass(frozen=True, slots=True)
class PreparedRows:
    """Training rows with their columns scaled, as the solvers take them."""

    rows: TrainingRows
    matrix: ScaledMatrix
    scale: Floats
    targets: Targets


def prepare(rows: TrainingRows, settings: Settings, known: tuple[Floats, Floats] | None = None) -> PreparedRows:
    """Centre and scale training rows; ``known`` are the columns' means and standard deviations, if already computed."""
    center, sd = moments(rows.values, rows.weights) if known is None else known
    if settings.solver == "adam":
        center = adam_center(center, settings.scale, rows.values.dtype)
    scale, inverse = column_scales(sd, settings.scale, rows.layers)
    matrix = ScaledMatrix(rows.values, center, inverse)
    return PreparedRows(rows, matrix, scale, targets_of(rows.y, rows.weights, rows.classes))


def adam_center(center: Floats, scale: str, kind: np.dtype[Any]) -> Floats:
    """What Adam subtracts: nothing under ``none``, else the mean as the data's own type can write it."""
    return np.zeros_like(center) if scale == "none" else center.astype(kind).astype(np.float64)


def targets_of(y: NDArray[np.int64], weights: Floats, classes: int) -> Targets:
    """The targets of some rows: their classes, and their weights as shares of 1."""
    return Targets(onehot(y, classes), weights / weights.sum())


def solve(
    prepared: PreparedRows,
    settings: Settings,
    start: Fit | None = None,
    axes: Callable[[], Axes] | None = None,
) -> Fit:
    """Fit by the solver that the settings name, with their penalties.

    Args:
        prepared: the training rows.
        settings: how; ``penalty=cv`` has been replaced by what it chose.
        start: of the optimum's descent; no part of Adam's recipe.
        axes: gives the rotated rows, where several fits share them.
    """
    if settings.solver == "adam":
        return _adam(prepared, settings)
    goal = Goal(settings.l1, settings.l2, settings.tolerance, settings.max_iter)
    if goal.l1 > 0:
        return minimise(prepared.matrix, prepared.targets, goal, start)
    return minimise_ridge(prepared.matrix, prepared.targets, goal, axes)


def _adam(prepared: PreparedRows, settings: Settings) -> Fit:
    rows, recipe = prepared.rows, settings.recipe()
    fit = adam.follow(prepared.matrix, rows.y, counts_of(rows.weights), rows.classes, recipe, settings.generator())
    gap = relative_gap(prepared.matrix, prepared.targets, fit, recipe.l1, recipe.l2, plain=recipe.plain)
    return replace(fit, gap=gap)


def counts_of(weights: Floats) -> NDArray[np.int64]:
    """The weights as whole numbers: how often each row is repeated.

    Raises:
        ValueError: the weights are no whole numbers.
    """
    counts = weights.astype(np.int64)
    if (counts != weights).any():
        raise ValueError("solver='adam' takes whole numbers as sample_weight: they say how often a row is repeated")
    return counts
