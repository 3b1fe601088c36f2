"""The absolute weights that units are ranked by: those of a trained probe, or of fits made for ranking."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from neuroscope import BadOption, Problem
from neuroscope.splits import group_draws

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neuroscope import Features, Labels, Probe
    from neuroscope_elasticnet.estimator import ElasticNetProbe

_TOLERANCE = 1e-6  # an order asks for more than a prediction does; near the minimum it is a step or two


def of_probe(probe: Probe, features: Features, labels: Labels) -> NDArray[np.float64]:
    """Absolute weights of a fitted linear probe, as they are: ``[classes, units]``, 0 for a class it does not know.

    The one row of weights that scikit-learn's binary classifiers have is that of both classes.

    Raises:
        BadOption: the probe has no weight a class and column, or one that is no number.
    """
    name = type(probe).__name__
    if not hasattr(probe, "coef_"):
        raise BadOption(
            f"weight-mass,weights=probe ranks by the weights of a linear probe, and {name} has none (no coef_); "
            f"use weights=held-out, or another ranking (`neuroscope list rankings`)"
        )
    found = np.abs(np.asarray(probe.coef_, dtype=np.float64))
    numbers = np.asarray(getattr(probe, "classes_", np.unique(labels.values)))
    if found.ndim == 2 and len(found) == 1 and len(numbers) == 2:
        found = np.repeat(found, 2, axis=0)
    expected = (len(numbers), len(features.units))
    if found.shape != expected or not np.isfinite(found).all():
        what = f"of shape {found.shape}" if found.shape != expected else "that are not finite"
        raise BadOption(
            f"weight-mass,weights=probe: {name} has weights {what}; expected one finite number for each of "
            f"{expected[0]} classes and {expected[1]} columns; use weights=held-out"
        )
    weights = np.zeros((len(labels.classes), len(features.units)))
    weights[numbers] = found
    return weights


def of_ridge(features: Features, labels: Labels, *, bootstraps: int, seed: int) -> NDArray[np.float64]:
    """Absolute weights in scaled units, averaged over ridge fits to bootstraps of the training groups.

    Args:
        features: the training rows.
        labels: theirs.
        bootstraps: how many; 0 = one fit to the rows as they are.
        seed: of the draws.

    Returns:
        ``[classes, units]``, 0 for a class without rows.
    """
    counts = draws(labels, bootstraps, seed) if bootstraps else [np.ones(len(labels.values), dtype=np.int64)]
    weights = np.zeros((len(labels.classes), len(features.units)))
    for fitted in _fits(features, labels.values, counts):
        weights[fitted.classes_] += np.abs(fitted.coef_) * fitted.scale_
    return weights / len(counts)


def _fits(features: Features, y: NDArray[np.int64], counts: Sequence[NDArray[np.int64]]) -> list[ElasticNetProbe]:
    """Fit with a strong L2 alone on scaled columns: of the fits compared, the one whose top units vary least."""
    from neuroscope_elasticnet.estimator import ElasticNetProbe

    probe = ElasticNetProbe(scale="soft", l1=0.0, l2=1.0, tolerance=_TOLERANCE)
    problems = [Problem(sample_weight=each) for each in counts]
    return probe.fit_many(features.values, y, problems, column_groups=features.column_groups)


def draws(labels: Labels, bootstraps: int, seed: int) -> list[NDArray[np.int64]]:
    """Draw the groups with replacement, several times: how often each row counts.

    A class that a draw misses brings one of its groups, drawn too: every fit knows every class.
    """
    return list(islice(group_draws(labels.groups, labels.values, np.random.default_rng(seed)), bootstraps))
