"""Assertions about a ranking, with what to tell where they do not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from neuroscope.contracts.features import Unit
    from neuroscope.contracts.probing import Ranking
    from neuroscope.testing.inputs.planted import Planted


def assert_permutation(made: Ranking, data: Planted) -> None:
    """Raise AssertionError unless every unit is ranked, once."""
    units = data.features.units
    missing = [unit for unit in units if unit not in set(made.units)]
    strange = [unit for unit in made.units if unit not in set(units)]
    if strange:
        raise AssertionError(f"{strange[0]!r} is none of features.units")
    if missing:
        raise AssertionError(
            f"{len(missing)} of {len(units)} units are missing, e.g. {named(missing[0])}: rank all of them"
        )
    if len(made.units) != len(units):
        raise AssertionError(f"{len(made.units)} units are ranked, there are {len(units)}: each comes once")


def assert_scores(what: str, scores: object, count: int) -> None:
    """Raise AssertionError unless scores are finite, and of the right type and number."""
    is_right = isinstance(scores, np.ndarray) and scores.dtype == np.float64 and scores.shape == (count,)
    got = f"{scores.dtype} {scores.shape}" if isinstance(scores, np.ndarray) else type(scores).__name__
    if not is_right:
        raise AssertionError(f"{what} is {got}, expected a float64 array of shape ({count},)")
    if not np.isfinite(np.asarray(scores)).all():
        raise AssertionError(f"{what}: {(~np.isfinite(np.asarray(scores))).sum()} are not finite")


def assert_found(made: Ranking, data: Planted) -> None:
    """Raise AssertionError unless the planted units come first."""
    planted = {data.features.units[column] for columns in data.signal.values() for column in columns}
    missed = [place(made, unit) for unit in planted if place(made, unit) > len(planted)]
    if missed:
        raise AssertionError(
            f"{len(missed)} of {len(planted)} units whose class means lie 3 standard deviations apart are not among "
            f"the "
            f"first {len(planted)}, but at places {', '.join(map(str, sorted(missed)))} of {len(made.units)}"
        )


def place(made: Ranking, unit: Unit) -> int:
    """Find the place of a unit, from 1; behind the last where it is not ranked."""
    return made.units.index(unit) + 1 if unit in made.units else len(made.units) + 1


def named(unit: Unit) -> str:
    """Write a unit as text, for people."""
    return f"{unit.layer}/{unit.neuron}/{unit.statistic}"
