"""Outcomes of test rows, and their scores: accuracy and balanced accuracy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.contracts import metric_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

METRICS = (metric_names.ACCURACY, metric_names.BALANCED_ACCURACY)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The outcome of each test row of one run.

    Attributes:
        right: float64 ``[rows]``: 1 = right, 0 = wrong; between for the mean of several probes, from -1 to 1 for one
            probe's less another's.
        rows: int64 ``[rows]``, numbers of the utterances, the same ones in all runs.
        classes: int64 ``[rows]``, the true class.
        groups: int64 ``[rows]``.
    """

    right: NDArray[np.float64]
    rows: NDArray[np.int64]
    classes: NDArray[np.int64]
    groups: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.right)

    def weights(self, metric: str) -> NDArray[np.float64]:
        """Weigh the rows so that the metric is the weighted sum of outcomes; a class without a row does not count."""
        if metric == metric_names.ACCURACY:
            return np.full(len(self), 1 / len(self))
        counts = np.bincount(self.classes)
        weights: NDArray[np.float64] = 1 / (counts[self.classes] * np.count_nonzero(counts))
        return weights

    def score(self, metric: str) -> float:
        """Compute the metric, a fraction."""
        if metric == metric_names.ACCURACY:
            return float(self.right.sum() / len(self))
        counts, right = np.bincount(self.classes), np.bincount(self.classes, self.right)
        return float((right[counts > 0] / counts[counts > 0]).mean())

    def minus(self, other: Outcomes) -> Outcomes:
        """Subtract the outcomes of the same rows: every score is that of this one less that of the other."""
        return replace(self, right=self.right - other.right)

    def less(self, score: float) -> Outcomes:
        """Subtract a number from every score."""
        return replace(self, right=self.right - score)

    def beyond_chance(self) -> Outcomes:
        """Subtract what a probe that knows nothing gets right in the mean over classes: 1 / those that have a row."""
        return self.less(1 / len(np.unique(self.classes)))


def mean_over_draws(draws: Sequence[Outcomes], metric: str) -> Outcomes:
    """Average the outcomes of several probes of one run, so that the metric of the result is the mean of theirs.

    Each may have its own classes (labels that were drawn); the result has those of the first.
    """
    first = draws[0]
    right = np.mean([one.weights(metric) * one.right for one in draws], axis=0) / first.weights(metric)
    return replace(first, right=right)
