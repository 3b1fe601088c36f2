"""Fitting any scikit-learn classifier: handing over what it has parameters for, reading what it tells of the fit."""

from __future__ import annotations

import inspect
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.defaults import FIT_METRICS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from neuroscope.contracts.probing import Probe


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted probe.

    Attributes:
        probe: the estimator.
        metrics: numbers that it tells about its fit (``l1 l2 steps gap``, those that it has).
        converged: False when it warned that it did not.
        silent: whether all its weights are zero, so that it knows the classes' frequencies alone.
    """

    probe: Probe
    metrics: Mapping[str, float]
    converged: bool
    silent: bool


def fit(
    template: Probe,
    features: NDArray[np.float32],
    values: NDArray[np.int64],
    *,
    seed: int,
    groups: NDArray[np.int64],
    column_groups: NDArray[np.int64],
    weights: NDArray[np.int64] | None = None,
) -> Fit:
    """Fit a copy of an unfitted probe.

    Args:
        template: is not changed.
        features: float32 ``[rows, columns]``, training rows.
        values: class number of each row.
        seed: for a probe with a parameter ``random_state``.
        groups: group number of each row.
        column_groups: layer number of each column.
        weights: how often each row counts; a probe whose ``fit`` knows no weights gets the rows repeated.
    """
    from sklearn.base import clone
    from sklearn.exceptions import ConvergenceWarning

    probe = clone(template)
    if "random_state" in probe.get_params():
        probe.set_params(random_state=seed)
    takes = inspect.signature(probe.fit).parameters
    offered: dict[str, Any] = {"groups": groups, "column_groups": column_groups}
    if weights is not None and "sample_weight" in takes:
        offered["sample_weight"] = weights
    elif weights is not None:
        features, values = np.repeat(features, weights, axis=0), np.repeat(values, weights)
        offered["groups"] = np.repeat(groups, weights)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        probe.fit(features, values, **{name: value for name, value in offered.items() if name in takes})
    converged = True
    for warning in caught:
        if issubclass(warning.category, ConvergenceWarning):
            converged = False
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    coefficients = getattr(probe, "coef_", None)
    silent = coefficients is not None and not np.any(coefficients)
    return Fit(probe, _metrics(probe), converged, silent)


def _metrics(probe: Probe) -> dict[str, float]:
    found = {}
    for metric, attribute in FIT_METRICS.items():
        value = getattr(probe, attribute, None)
        if value is not None and np.isfinite(number := float(np.max(value))):
            found[metric] = number
    return found
