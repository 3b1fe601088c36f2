"""From rows to a fit: scale, solver and penalty put together, for one training set or for the folds of one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope_elasticnet import adam
from neuroscope_elasticnet.fit import Fit, Goal
from neuroscope_elasticnet.gap import relative_gap
from neuroscope_elasticnet.optimum import minimise
from neuroscope_elasticnet.ridge import minimise_ridge
from neuroscope_elasticnet.scaling import Floats, Scaled, scaled
from neuroscope_elasticnet.softmax import Targets

if TYPE_CHECKING:
    from numpy.typing import NDArray

GRID = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)  # of penalty=cv; from strong to weak, each solution the start of the next
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Rows:
    """A training set.

    Attributes:
        values: ``[rows, columns]``, float32 or float64.
        y: ``[rows]``, class numbers from 0.
        weights: ``[rows]``, positive.
        classes: how many there are.
        layers: ``[columns]``, layer numbers; None = all columns are of one.
    """

    values: NDArray[Any]
    y: NDArray[np.int64]
    weights: Floats
    classes: int
    layers: NDArray[np.int64] | None

    def take(self, which: NDArray[np.int64]) -> Rows:
        """Some of the rows."""
        return replace(self, values=self.values[which], y=self.y[which], weights=self.weights[which])


@dataclass(frozen=True, slots=True)
class Settings:
    """How a fit is made, apart from the penalty's size: the parameters of `ElasticNetProbe` by the same names."""

    solver: str
    scale: str
    norm: str
    shuffle: bool
    epochs: int
    batch: int
    learning_rate: float
    tolerance: float
    max_iter: int
    random_state: int | np.random.RandomState | None

    def generator(self) -> np.random.Generator:
        """A generator of its own; numpy's global one is never touched."""
        seed = self.random_state
        if isinstance(seed, np.random.RandomState):
            seed = int(seed.randint(2**31 - 1))
        return np.random.default_rng(seed)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A training set with its columns scaled."""

    rows: Rows
    matrix: Scaled
    scale: Floats
    targets: Targets


def prepare(rows: Rows, settings: Settings) -> Prepared:
    """Learn centre and scale."""
    centred = settings.solver == "optimum"
    matrix, scale = scaled(rows.values, rows.weights, settings.scale, rows.layers, centred=centred)
    onehot = (np.arange(rows.classes)[:, None] == rows.y).astype(np.float64)
    return Prepared(rows, matrix, scale, Targets(onehot, rows.weights / rows.weights.sum()))


def solve(prepared: Prepared, settings: Settings, l1: float, l2: float, start: Fit | None = None) -> Fit:
    """Fit with given penalties; ``start`` helps the optimum's descent and is no part of Adam's recipe."""
    if settings.solver == "adam":
        return _adam(prepared, settings, l1, l2)
    goal = Goal(l1, l2, settings.tolerance, settings.max_iter)
    return (minimise if l1 > 0 else minimise_ridge)(prepared.matrix, prepared.targets, goal, start)


def _adam(prepared: Prepared, settings: Settings, l1: float, l2: float) -> Fit:
    rows, plain = prepared.rows, settings.norm == "plain"
    counts = rows.weights.astype(np.int64)
    if (counts != rows.weights).any():
        raise ValueError("solver='adam' takes whole numbers as sample_weight: they say how often a row is repeated")
    s = settings
    recipe = adam.Recipe(l1, l2, plain, s.shuffle, s.epochs, s.batch, s.learning_rate)
    fit = adam.follow(prepared.matrix, rows.y, counts, rows.classes, recipe, s.generator())
    if plain:
        return fit
    return replace(fit, gap=relative_gap(prepared.matrix, prepared.targets, fit, l1, l2))


def choose_penalty(rows: Rows, groups: NDArray[np.int64] | None, settings: Settings) -> float:
    """The number of `GRID` that serves best as ``l1 = l2``: least held-out cross-entropy; of equals the largest."""
    total = np.zeros(len(GRID))
    for train, test in group_folds(rows.y, groups):
        prepared, held = prepare(rows.take(train), settings), rows.take(test)
        fit = None
        for number, size in enumerate(GRID):
            fit = solve(prepared, settings, size, size, fit)
            total[number] += _held_out(prepared.matrix, fit, held)
    return GRID[int(total.argmin())]


def _held_out(matrix: Scaled, fit: Fit, held: Rows) -> float:
    logits = replace(matrix, values=held.values).project(fit.weights) + fit.bias[:, None]
    onehot = (np.arange(held.classes)[:, None] == held.y).astype(np.float64)
    return Targets(onehot, held.weights).loss(logits)


def group_folds(
    y: NDArray[np.int64], groups: NDArray[np.int64] | None
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Folds that share no group, at most `FOLDS`; each leaves every class in its training part.

    Raises:
        ValueError: no number of folds does.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    classes, per_class = np.unique(y, return_counts=True)
    number = len(y) if groups is None else len(np.unique(groups))
    for folds in range(min(FOLDS, number, int(per_class.min())), 1, -1):
        splitter = StratifiedKFold(folds) if groups is None else StratifiedGroupKFold(folds)
        found = list(splitter.split(y, y, groups))
        if all(len(test) and len(np.unique(y[train])) == len(classes) for train, test in found):
            return found
    raise ValueError(
        "penalty='cv' needs each class in at least two groups of rows, so that a part can be held out whole; "
        f"here are {number} groups and {len(classes)} classes: use penalty='fixed', or other groups"
    )
