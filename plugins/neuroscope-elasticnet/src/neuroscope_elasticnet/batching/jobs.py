"""What is asked of one probe, checked, over rows that it may share with others."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets  # noqa: TID253 - imported by a fit alone
from sklearn.utils.validation import _check_sample_weight, column_or_1d  # noqa: TID253

from neuroscope_elasticnet.batching.training import Rows, Settings
from neuroscope_elasticnet.matrix.selection import Places, select

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from neuroscope_elasticnet.estimator import ElasticNetProbe
    from neuroscope_elasticnet.matrix.scaling import Floats
    from neuroscope_elasticnet.solvers.fit import Fit

_SETTINGS = tuple(Settings.__dataclass_fields__)


@dataclass(slots=True)
class Job:
    """One fit.

    Attributes:
        probe: takes the result.
        settings: how it is fitted.
        y: ``[all rows]``, class numbers; 0 where the weight is 0.
        weights: ``[all rows]``, not negative.
        columns: those that it sees.
        layers: ``[its columns]``, layer numbers; None = one layer.
        groups: ``[all rows]``; None = each row its own.
        l1, l2: penalties; those chosen, once ``penalty=cv`` has.
    """

    probe: ElasticNetProbe
    settings: Settings
    y: NDArray[np.int64]
    weights: Floats
    columns: Places
    layers: NDArray[np.int64] | None
    groups: NDArray[np.int64] | None
    l1: float
    l2: float

    @property
    def classes(self) -> int:
        """How many there are among the rows that count."""
        return len(self.probe.classes_)

    @property
    def counted(self) -> NDArray[np.int64] | None:
        """The rows that count; None = all."""
        return None if self.weights.all() else np.flatnonzero(self.weights)

    @property
    def selection(self) -> tuple[bytes, bytes]:
        """Equal for jobs over equal rows, weights and columns."""
        return digest(self.weights), columns_key(self.columns)

    def rows(self, values: NDArray[Any]) -> Rows:
        """Its training set."""
        counted = self.counted
        kept = slice(None) if counted is None else counted
        table = select(values, counted, self.columns)
        return Rows(table, self.y[kept], self.weights[kept], self.classes, self.layers)

    def take(self, fit: Fit, gap: float, center: Floats, spread: Floats) -> None:
        """Give the probe its fitted attributes."""
        probe = self.probe
        probe.l1_, probe.l2_ = self.l1, self.l2
        probe.center_, probe.scale_ = center, spread
        probe.coef_ = fit.weights / spread
        probe.intercept_ = fit.bias - probe.coef_ @ center
        probe.n_iter_, probe.gap_ = fit.steps, gap
        probe.converged_ = self.settings.solver == "adam" or gap <= self.settings.tolerance


def make_job(
    probe: ElasticNetProbe,
    values: NDArray[Any],
    y: ArrayLike,
    weight: ArrayLike | None,
    columns: Places,
    groups: ArrayLike | None,
    layers: ArrayLike | None,
) -> Job:
    """Check what is asked.

    Raises:
        ValueError: a parameter or the data cannot be used.
    """
    settings = Settings(**{name: getattr(probe, name) for name in _SETTINGS})
    labels = column_or_1d(y)
    if len(labels) != len(values):
        raise ValueError(f"y must hold {len(values)} labels, one for each row of X, not {len(labels)}")
    check_classification_targets(labels)
    weights = _check_sample_weight(weight, values, dtype=np.float64)
    if weights.min() < 0:
        raise ValueError("sample_weight must not be negative")
    counted = weights > 0
    probe.classes_, numbers = np.unique(labels[counted], return_inverse=True)
    if len(probe.classes_) < 2:
        raise ValueError("a probe needs rows of at least 2 classes with positive weight; here is 1 class")
    everywhere = np.zeros(len(labels), np.int64)
    everywhere[counted] = numbers
    layer_numbers = integers("column_groups", layers, values.shape[1])
    return Job(
        probe,
        settings,
        everywhere,
        weights,
        columns,
        None if layer_numbers is None else layer_numbers[columns],
        integers("groups", groups, values.shape[0]),
        probe.l1,
        probe.l2,
    )


def integers(name: str, given: ArrayLike | None, length: int) -> NDArray[np.int64] | None:
    """One integer for each row or column.

    Raises:
        ValueError: it is something else.
    """
    if given is None:
        return None
    numbers = np.asarray(given)
    if numbers.shape != (length,) or numbers.dtype.kind not in "iu":
        raise ValueError(f"{name} must hold {length} integers in one row")
    return numbers.astype(np.int64)


def digest(numbers: NDArray[Any] | None) -> bytes:
    """Equal for equal arrays."""
    return b"" if numbers is None else blake2b(np.ascontiguousarray(numbers).data, digest_size=16).digest()


def columns_key(columns: Places) -> bytes:
    """Equal for equal columns."""
    return repr(columns).encode() if isinstance(columns, slice) else digest(columns)
