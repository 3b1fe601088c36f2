"""Probes and rankers: scikit-learn's classifier contract, and what orders the units."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from neuroscope.contracts.features import Features, Unit


@dataclass(frozen=True, slots=True)
class Labels:
    """The class and the group of each row.

    Attributes:
        values: int64 ``[rows]``, class numbers.
        classes: names of the classes, by number.
        groups: int64 ``[rows]``, group numbers; each row its own where there is none.
    """

    values: NDArray[np.int64]
    classes: tuple[str, ...]
    groups: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One of many fits over the same rows: what differs from the call's arguments; None = the same.

    Attributes:
        y: int64 ``[rows]``, class numbers.
        columns: int64, which columns the probe sees.
        sample_weight: ``[rows]``; whole numbers mean repeated rows, 0 leaves a row out.
        params: parameters of the probe.
    """

    y: NDArray[np.int64] | None = None
    columns: NDArray[np.int64] | None = None
    sample_weight: NDArray[np.int64] | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


class Probe(Protocol):
    """A classifier that keeps to the contract of scikit-learn.

    ``fit`` may take any of ``sample_weight`` (whole numbers mean repeated rows), ``groups`` (an integer per row) and
    ``column_groups`` (an integer per column: its layer); the core hands over each that ``fit`` has a parameter for. A
    parameter ``random_state`` receives the run's seed. Numbers about the fit are read from the fitted attributes that
    exist among those in ``neuroscope.defaults.FIT_METRICS``; a fit that did not converge warns with scikit-learn's
    ``ConvergenceWarning``.

    A probe that can share work between fits may offer ``fit_many(X, y, problems, *, groups=None, column_groups=None)``:
    fitted copies in the order of the `Problem`s, each equal to ``clone(self).set_params(**problem.params)`` fitted on
    its columns, labels and weights, up to rounding, or to the tolerance that the probe states. ``X`` may be a read-only
    memory map. A fitted attribute ``converged_`` (true or false) says which of them did not converge; without it a
    warning counts for all. A probe without ``fit_many`` is fitted one by one.
    """

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train on ``X`` ``[rows, columns]`` and ``y`` ``[rows]``."""
        ...

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Predict the class of each row."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """A total, deterministic order of units, the most important first.

    Attributes:
        units: all of them, in order; ties by column position.
        scores: float ``[units]``, in the same order; equal where no order is known, 0 for zero weight.
        by_class: class name -> float ``[units]``, the score for that class alone, in the same order.
        entry_mass: float ``[units]``, in the same order, of a ranking by weights: the share of a class's weight mass,
            the largest first, at which the unit comes in; NaN = at none. None: the ranking knows no mass.
    """

    units: tuple[Unit, ...]
    scores: NDArray[np.float64]
    by_class: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    entry_mass: NDArray[np.float64] | None = None


class Ranker(Protocol):
    """A method that orders units by what a probe, or the data, says about them.

    A ranker that reads the rows alone may say so, ``uses_probe = False``: no probe is then fitted for the rankings that
    stability is judged by, of halves of the rows and of permuted labels, and ``probe`` may be unfitted. One that shares
    work between labels of the same rows may offer ``rank_many(features, many, probe, *, seed)``: a ranking for each of
    the `Labels` in ``many``, the same as one by one.
    """

    def rank(self, features: Features, labels: Labels, probe: Probe, *, seed: int) -> Ranking:
        """Rank the units of ``features`` (training rows only); ``probe`` is the fitted probe of ALL."""
        ...
