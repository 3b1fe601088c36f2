"""Fitting any scikit-learn classifier: handing over what it has parameters for, reading what it tells of the fit."""

from __future__ import annotations

import inspect
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.contracts import metric_names
from neuroscope.defaults import FIT_METRICS
from neuroscope.plugin.failures import failures_told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from neuroscope.contracts.probing import Probe, Problem


_BLOCK = 2**20  # values of training rows that are predicted at a time


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted probe, with what it tells about its fit.

    Attributes:
        probe: the estimator.
        metrics: numbers that it tells about its fit (``l1 l2 steps gap excess_loss``, those that it has); where its
            training rows were scored, ``training_accuracy`` too.
        converged: False when it warned that it did not.
        silent: whether all its weights are zero, so that it knows the classes' frequencies alone.
    """

    probe: Probe
    metrics: Mapping[str, float]
    converged: bool
    silent: bool

    def with_training_accuracy(self, accuracy: float) -> Fit:
        """Add the accuracy on its training rows to the metrics."""
        return replace(self, metrics={**self.metrics, metric_names.TRAINING_ACCURACY: accuracy})


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

    Raises:
        PluginBroken: its fit fails, with the line of its code.
    """
    probe = _copy(template, {}, seed)
    takes = inspect.signature(probe.fit).parameters
    offered: dict[str, Any] = {"groups": groups, "column_groups": column_groups}
    if weights is not None and "sample_weight" in takes:
        offered["sample_weight"] = weights
    elif weights is not None:
        features, values = np.repeat(features, weights, axis=0), np.repeat(values, weights)
        offered["groups"] = np.repeat(groups, weights)
    with failures_told("the probe's fit"), _collect_convergence_warnings() as warned:
        probe.fit(features, values, **{name: value for name, value in offered.items() if name in takes})
    return _fit_of_fitted_probe(probe, converged=not warned)


def fit_many(
    template: Probe,
    features: NDArray[np.float32],
    values: NDArray[np.int64],
    problems: Sequence[Problem],
    *,
    seed: int,
    groups: NDArray[np.int64],
    column_groups: NDArray[np.int64],
) -> list[Fit]:
    """Fit copies of an unfitted probe to many problems over the same rows: at once where it can, else one by one.

    Args:
        template: is not changed.
        features: float32 ``[rows, columns]``; may be a memory map, which a probe with ``fit_many`` reads as such.
        values: class number of each row, for the problems that bring none.
        problems: what differs in each; a row of weight 0 is left out.
        seed: for a probe with a parameter ``random_state``, where a problem sets none itself.
        groups: group number of each row.
        column_groups: layer number of each column.

    Returns:
        Fits in the problems' order, the same either way (to rounding, or to the probe's own tolerance).
    """
    many = getattr(template, "fit_many", None)
    if many is None:
        return [_fit_one_problem(template, features, values, each, seed, groups, column_groups) for each in problems]
    seeded = _copy(template, {}, seed)
    offered = {"groups": groups, "column_groups": column_groups}
    with failures_told("the probe's fit_many"), _collect_convergence_warnings() as warned:
        probes = seeded.fit_many(features, values, problems, **offered)
    return [_fit_of_fitted_probe(probe, converged=getattr(probe, "converged_", not warned)) for probe in probes]


def predict(probe: Probe, features: NDArray[np.float32]) -> NDArray[np.int64]:
    """Predict the class numbers of rows ``[rows, columns]`` with a fitted probe: ``[rows]``.

    Raises:
        PluginBroken: its predict fails, with the line of its code.
    """
    with failures_told("the probe's predict"):
        return np.asarray(probe.predict(features), dtype=np.int64)


def training_accuracy(
    probe: Probe,
    features: NDArray[np.float32],
    values: NDArray[np.int64],
    rows: NDArray[np.int64],
    weights: NDArray[np.int64] | None,
) -> float:
    """Compute the share of its training rows that a fitted probe gets right, each as often as it counted.

    Args:
        probe: fitted.
        features: float32 ``[all rows, columns]``, the columns that the probe sees; may be a memory map, which is read
            block by block.
        values: class number of each row.
        rows: numbers of the training rows.
        weights: how often each of them counted; None = each once.
    """
    counts = np.ones(len(rows), dtype=np.int64) if weights is None else weights
    step, right = max(1, _BLOCK // features.shape[1]), 0
    for begin in range(0, len(rows), step):
        part = rows[begin : begin + step]
        predicted = predict(probe, features[part])
        right += int(counts[begin : begin + step][predicted == values[part]].sum())
    return right / int(counts.sum())


def _fit_one_problem(
    template: Probe,
    features: NDArray[np.float32],
    values: NDArray[np.int64],
    problem: Problem,
    seed: int,
    groups: NDArray[np.int64],
    column_groups: NDArray[np.int64],
) -> Fit:
    """Fit one problem by itself, on a copy of its rows and columns."""
    given = _copy(template, problem.params, None)
    if problem.y is not None:
        values = problem.y
    if problem.columns is not None:
        features, column_groups = features[:, problem.columns], column_groups[problem.columns]
    weights = problem.sample_weight
    if weights is not None and not np.all(weights):
        rows = np.flatnonzero(weights)
        features, values, groups, weights = features[rows], values[rows], groups[rows], weights[rows]
    return fit(
        given,
        features,
        values,
        seed=problem.params.get("random_state", seed),
        groups=groups,
        column_groups=column_groups,
        weights=weights,
    )


def _copy(template: Probe, params: Mapping[str, Any], seed: int | None) -> Any:
    """Make an unfitted copy, with the seed if there is one and the probe has a parameter for it."""
    from sklearn.base import clone

    probe = clone(template).set_params(**params)
    if seed is not None and "random_state" in probe.get_params():
        probe.set_params(random_state=seed)
    return probe


@contextmanager
def _collect_convergence_warnings() -> Iterator[list[str]]:
    """Collect scikit-learn's ConvergenceWarnings; let other warnings out at the end."""
    from sklearn.exceptions import ConvergenceWarning

    unconverged: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        yield unconverged
        unconverged += [str(each.message) for each in caught if issubclass(each.category, ConvergenceWarning)]
    for each in caught:
        if not issubclass(each.category, ConvergenceWarning):
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)


def _fit_of_fitted_probe(probe: Any, *, converged: bool) -> Fit:
    coefficients = getattr(probe, "coef_", None)
    return Fit(probe, _metrics(probe), bool(converged), coefficients is not None and not np.any(coefficients))


def _metrics(probe: Probe) -> dict[str, float]:
    found = {}
    for metric, attribute in FIT_METRICS.items():
        value = getattr(probe, attribute, None)
        if value is not None and np.isfinite(number := float(np.max(value))):
            found[metric] = number
    return found
