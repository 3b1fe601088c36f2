"""Accuracy and balanced accuracy, and their bootstrap over groups of the test part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.contracts import metric_names

if TYPE_CHECKING:
    from numpy.typing import NDArray

METRICS = (metric_names.ACCURACY, metric_names.BALANCED_ACCURACY)
DRAWS = 1000
RELIABLE_GROUPS = 10
"""An interval over fewer groups is shown, and called unreliable."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of the test rows of each group and class, and of those that were right.

    Attributes:
        right: int64 ``[groups, classes]``.
        total: the same.
    """

    right: NDArray[np.int64]
    total: NDArray[np.int64]

    @property
    def rows(self) -> int:
        """The number of test rows."""
        return int(self.total.sum())

    @property
    def groups(self) -> int:
        """The number of groups of the test part."""
        return len(self.total)

    def score(self, metric: str) -> float:
        """Compute the metric over all test rows, a fraction."""
        return float(_score(metric, self.right.sum(axis=0), self.total.sum(axis=0)))

    def bootstrap(self, metric: str, seed: int) -> NDArray[np.float64]:
        """Compute the metric over ``DRAWS`` draws of groups with replacement; the same seed draws the same groups."""
        rng = np.random.default_rng([seed, 0x7E57])
        counts = rng.multinomial(self.groups, np.full(self.groups, 1 / self.groups), size=DRAWS)
        return _score(metric, counts @ self.right, counts @ self.total)


def tally(truth: NDArray[np.int64], predicted: NDArray[np.int64], groups: NDArray[np.int64], classes: int) -> Tally:
    """Count test rows, and those that were right, by group and class."""
    _, member = np.unique(groups, return_inverse=True)
    shape = (int(member.max()) + 1, classes)
    right, total = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    np.add.at(total, (member, truth), 1)
    np.add.at(right, (member, truth), truth == predicted)
    return Tally(right, total)


def _score(metric: str, right: NDArray[np.int64], total: NDArray[np.int64]) -> NDArray[np.float64]:
    """Compute a metric from counts by class, ``[..., classes]`` -> ``[...]``; classes without a row do not count."""
    if metric == metric_names.ACCURACY:
        return np.asarray(right.sum(axis=-1) / total.sum(axis=-1))
    share = np.divide(right, total, out=np.zeros(right.shape), where=total > 0)
    return np.asarray(share.sum(axis=-1) / (total > 0).sum(axis=-1))


@dataclass(frozen=True, slots=True)
class Summary:
    """The mean, spread and interval of a metric over all runs.

    Attributes:
        mean: over the runs.
        sd: None where one run says nothing about it.
        low: 2.5th percentile of the bootstrap draws of all runs together: both variances are in it.
        high: the 97.5th; None, as ``low``, where the test part is one group.
    """

    mean: float
    sd: float | None
    low: float | None
    high: float | None


def interval(tallied: Tally, metric: str, seed: int) -> tuple[float, float] | tuple[None, None]:
    """Compute the 95 % percentile interval over the groups of one run's test part; none where it is one group."""
    if tallied.groups < 2:
        return None, None
    low, high = np.percentile(tallied.bootstrap(metric, seed), [2.5, 97.5])
    return float(low), float(high)


def summarise(tallies: list[Tally], metric: str, seeds: list[int], *, same_test: bool) -> Summary:
    """Summarise a metric over all runs of a layer.

    Where the runs share their test part, their spread shows the training alone, and the sd joins both variances:
    sqrt(train² + test²), the second over the test part's groups. Where each run draws its split, the spread over runs
    has both in it.
    """
    values = np.array([each.score(metric) for each in tallies])
    draws = [each.bootstrap(metric, seed) for each, seed in zip(tallies, seeds, strict=True) if each.groups > 1]
    between = float(values.var(ddof=1)) if len(values) > 1 else None
    within = float(np.mean([draw.var() for draw in draws])) if draws else None
    known = [each for each in ((between, within) if same_test else (between,)) if each is not None]
    low, high = np.percentile(np.concatenate(draws), [2.5, 97.5]) if draws else (None, None)
    return Summary(
        mean=float(values.mean()),
        sd=float(np.sqrt(sum(known))) if known else None,
        low=None if low is None else float(low),
        high=None if high is None else float(high),
    )
