"""A job: one fit that is asked for, its data and settings checked; and the solution that it ends with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets  # noqa: TID253 - imported by a fit alone
from sklearn.utils.validation import _check_sample_weight, column_or_1d  # noqa: TID253

from neuroscope_elasticnet.batching.keys import digest
from neuroscope_elasticnet.batching.training import Settings, TrainingRows
from neuroscope_elasticnet.matrix.selection import Places, select

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from neuroscope_elasticnet.matrix.scaling import Floats
    from neuroscope_elasticnet.matrix.selection import Matrix
    from neuroscope_elasticnet.solvers.fit import Fit


@dataclass(frozen=True, slots=True)
class Solution:
    """What one job found, in units of the raw columns; `ElasticNetProbe` says what each attribute means.

    Attributes:
        classes: ``[classes]``, as the user names them.
        coef: ``[classes, columns]``.
        intercept: ``[classes]``.
        center: ``[columns]``.
        scale: ``[columns]``.
        steps: Newton steps, or Adam's updates.
        l1, l2: the penalties used.
        gap: relative duality gap.
        excess_loss: what the gap is worth, as a share of what the classes' frequencies alone lose.
        converged: whether the fit did what was asked.
    """

    classes: NDArray[Any]
    coef: Floats
    intercept: Floats
    center: Floats
    scale: Floats
    steps: int
    l1: float
    l2: float
    gap: float
    excess_loss: float
    converged: bool


@dataclass(frozen=True, slots=True, eq=False)  # one job is no other, however equal: solutions are filed by it
class Job:
    """One fit that is asked for, over rows that it may share with others.

    Attributes:
        settings: how it is fitted.
        names: ``[classes]``, the classes among the rows that count, as the user names them.
        y: ``[all rows]``, class numbers; 0 where the weight is 0.
        weights: ``[all rows]``, not negative.
        columns: those that it sees.
        layers: ``[its columns]``, layer numbers; None = one layer.
        groups: ``[all rows]``; None = each row its own.
    """

    settings: Settings
    names: NDArray[Any]
    y: NDArray[np.int64]
    weights: Floats
    columns: Places
    layers: NDArray[np.int64] | None
    groups: NDArray[np.int64] | None

    @property
    def classes(self) -> int:
        """How many classes there are among the rows that count."""
        return len(self.names)

    @property
    def counted(self) -> NDArray[np.int64] | None:
        """Numbers of the rows whose weight is not 0; None = all."""
        return None if self.weights.all() else np.flatnonzero(self.weights)

    @property
    def weights_key(self) -> bytes:
        """A key that is equal for jobs whose rows have equal weights."""
        return digest(self.weights)

    @property
    def columns_key(self) -> bytes:
        """A key that is equal for jobs on equal columns."""
        return repr(self.columns).encode() if isinstance(self.columns, slice) else digest(self.columns)

    def select(self, values: NDArray[Any]) -> Matrix:
        """The part of all rows and columns that it is fitted to."""
        return select(values, self.counted, self.columns)

    def rows(self, matrix: Matrix) -> TrainingRows:
        """The training rows of ``matrix``, which `select` gave this job or another on the same rows and columns."""
        counted = self.counted
        kept = slice(None) if counted is None else counted
        return TrainingRows(matrix, self.y[kept], self.weights[kept], self.classes, self.layers)

    def solution(self, fit: Fit, center: Floats, scale: Floats) -> Solution:
        """Turn a fit, which is in scaled units, into units of the raw columns."""
        settings = self.settings
        coef = fit.weights / scale
        intercept = fit.bias - coef @ center
        done = settings.solver == "adam" or fit.gap <= settings.tolerance
        share = np.bincount(self.y, self.weights, self.classes) / self.weights.sum()
        excess = float(fit.gap * fit.objective / -(share @ np.log(share)))
        return Solution(
            self.names, coef, intercept, center, scale, fit.steps, settings.l1, settings.l2, fit.gap, excess, done
        )


def make_job(
    settings: Settings,
    values: NDArray[Any],
    y: ArrayLike,
    weight: ArrayLike | None,
    columns: Places,
    groups: ArrayLike | None,
    layers: ArrayLike | None,
) -> Job:
    """Check one problem's data and make a job of it.

    Raises:
        ValueError: the data cannot be used.
    """
    labels = column_or_1d(y)
    if len(labels) != len(values):
        raise ValueError(f"y must hold {len(values)} labels, one for each row of X, not {len(labels)}")
    check_classification_targets(labels)
    weights = _check_sample_weight(weight, values, dtype=np.float64)
    if weights.min() < 0:
        raise ValueError("sample_weight must not be negative")
    counted = weights > 0
    names, numbers = np.unique(labels[counted], return_inverse=True)
    if len(names) < 2:
        raise ValueError("a probe needs rows of at least 2 classes with positive weight; here is 1 class")
    everywhere = np.zeros(len(labels), np.int64)
    everywhere[counted] = numbers
    layer_numbers = _integers("column_groups", layers, values.shape[1])
    return Job(
        settings,
        names,
        everywhere,
        weights,
        columns,
        None if layer_numbers is None else layer_numbers[columns],
        _integers("groups", groups, values.shape[0]),
    )


def _integers(name: str, given: ArrayLike | None, length: int) -> NDArray[np.int64] | None:
    if given is None:
        return None
    numbers = np.asarray(given)
    if numbers.shape != (length,) or numbers.dtype.kind not in "iu":
        raise ValueError(f"{name} must hold {length} integers in one row")
    return numbers.astype(np.int64)
