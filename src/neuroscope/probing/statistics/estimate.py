"""A score with its ± and its 95 % interval: the one place where intervals come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.defaults import LEVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neuroscope.probing.statistics.outcomes import Outcomes

RELIABLE_GROUPS = 10
"""An interval over fewer groups is shown, and called unreliable."""

_PRIOR_CORRELATION, _PRIOR_GROUPS = 0.1, 1.0
"""How alike the errors of one group are taken to be before any is seen, and how many groups with errors that weighs."""
_TRAINING = 1.1
"""What the variance that one test part shows is multiplied by, for other training speakers."""
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Estimate:
    """A score, and how far it may be off.

    Attributes:
        value: the score; over several runs, their mean.
        sd: standard deviation of ``value`` over new draws of speakers (or other groups); None where the test part is
            one group.
        low: lower end of the 95 % interval; None, as ``high``, where there is no sd.
        high: upper end.
        freedom: degrees of freedom of ``sd``.
    """

    value: float
    sd: float | None
    low: float | None
    high: float | None
    freedom: float

    @property
    def p_above_zero(self) -> float:
        """How likely a difference of 0 or less would look like this one or more; 1 where its spread is not known."""
        from scipy.stats import t

        return 1.0 if self.sd is None else float(t.sf(self.value / self.sd, self.freedom))


def estimate(
    runs: Sequence[Outcomes],
    metric: str,
    *,
    drawn: bool,
    difference: bool = False,
    more_variance: float = 0.0,
    family: int = 1,
) -> Estimate:
    """Estimate a score over the runs, from what each group of the test parts got right in all of them.

    The variance is that of the groups' shares within their classes (the sandwich estimate; the split decides how
    many rows a class has). Where few groups err it is drawn to what a small correlation within groups gives: no error
    seen is not no error possible. Other training speakers would add to it, and no test part shows how much:
    ``_TRAINING`` is what planted worlds showed; where each run drew its split, the variance between runs is added
    instead, as that of their mean (docs/decisions/0002-intervals.md).

    The interval of an accuracy is Wilson's (1927), with as many rows as the variance leaves (Korn and Graubard 1998),
    and Student's t for as many groups as count; it lies within 0 and 1, and never has width 0. That of a difference is
    symmetrical, with half a disagreement more on either side than was seen (after Bonett and Price 2012).

    Args:
        runs: one or several; rows that come in several runs count once.
        metric: ``accuracy`` or ``balanced_accuracy``.
        drawn: whether each run drew its own split.
        difference: whether the outcomes are those of one probe less those of another.
        more_variance: of the value, from what the outcomes do not show; what is added for runs has it in itself.
        family: how many intervals are read together: all of them hold at once in 95 % (Bonferroni).
    """
    spread = _spread(runs, metric)
    value, freedom = spread.value, spread.freedom
    if spread.members < 2:
        return Estimate(value, None, None, None, freedom)
    between = variance_between([one.score(metric) for one in runs]) if drawn else 0.0
    training = 1.0 if drawn and len(runs) > 1 else _TRAINING
    variance, rows = spread.variance * training + max(between, more_variance), spread.rows / training
    from scipy.stats import t

    quantile = float(t.ppf(1 - LEVEL / family / 2, freedom))
    if difference:
        sd = float(np.sqrt(variance + 1 / (rows + 1) ** 2))
        return Estimate(value, sd, max(-1.0, value - quantile * sd), min(1.0, value + quantile * sd), freedom)
    if 0 < value < 1 and variance > 0:
        rows = value * (1 - value) / variance
    low, high = _wilson(value, rows, quantile)
    kept = (value * rows + 0.1) / (rows + 0.2)  # a tenth of a row right, and one wrong: some error is always possible
    return Estimate(value, float(np.sqrt(kept * (1 - kept) / rows)), low, high, freedom)


def variance_between(values: Sequence[float]) -> float:
    """Compute the variance of the mean of values as if they were independent; 0 for one."""
    return float(np.var(values, ddof=1)) / len(values) if len(values) > 1 else 0.0


@dataclass(frozen=True, slots=True)
class _Spread:
    """The value of a score and the variance that its groups show.

    Attributes:
        value: of the score.
        variance: of the value, drawn to the prior where few groups err.
        rows: how many independent rows would have the weights of these, were the prior correlation true.
        freedom: degrees of freedom of the variance.
        members: groups of the test parts.
    """

    value: float
    variance: float
    rows: float
    freedom: float
    members: int


def _spread(runs: Sequence[Outcomes], metric: str) -> _Spread:
    """Join the runs row by row, and compute what their groups say of the variance."""
    each = np.concatenate([one.weights(metric) for one in runs]) / len(runs)
    right = np.concatenate([one.right for one in runs])
    first, row = np.unique(np.concatenate([one.rows for one in runs]), return_index=True, return_inverse=True)[1:]
    weight, total, square = (_sums(row, values) for values in (each, each * right, each * right**2))
    of_class = np.unique(np.concatenate([one.classes for one in runs])[first], return_inverse=True)[1]
    names, group = np.unique(np.concatenate([one.groups for one in runs])[first], return_inverse=True)
    value = float(np.mean([one.score(metric) for one in runs]))

    mean, noise, scale = _within_classes(weight, total, square, of_class, group, value)
    errors = np.bincount(group, scale[of_class] * (total - weight * mean[of_class]))
    seen, independent = float(errors @ errors), float((weight**2 * noise[of_class]).sum())
    of_group = np.bincount(group, weight)
    groups, rows = 1 / float(of_group @ of_group), 1 / float(weight @ weight)
    beside = max(rows / groups, 1.0) - 1  # rows that stand beside a row in its group
    prior = 1 + beside * _PRIOR_CORRELATION
    if independent > 0 and beside > _ROUNDING:
        erring = _erring_groups(weight, square, group)
        share = _PRIOR_GROUPS / (erring + _PRIOR_GROUPS)
        variance = (1 - share) * seen + share * prior * independent
    else:
        variance = seen
    freedom = max(float((of_group @ of_group) ** 2 / (of_group**4).sum()) - 1, 1.0)  # equal groups: their number less 1
    return _Spread(value, variance, rows / prior, freedom, len(names))


def _sums(places: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.bincount(places, values).astype(np.float64)


def _within_classes(
    weight: NDArray[np.float64],
    total: NDArray[np.float64],
    square: NDArray[np.float64],
    of_class: NDArray[np.int64],
    group: NDArray[np.int64],
    value: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Compute of each class its mean, the mean square of its rows about it, and what few groups take from residuals.

    A class of few groups says little of its mean, which is therefore drawn to that of all: one group, wholly.
    """
    sizes = np.bincount(of_class, weight)
    mean, squares = np.bincount(of_class, total) / sizes, np.bincount(of_class, square) / sizes
    pairs = np.unique(np.stack([of_class, group]), axis=1)
    groups = np.bincount(pairs[0]).astype(np.float64)
    kept = value + (groups - 1) / groups * (mean - value)
    noise = squares - 2 * mean * kept + kept**2
    return kept, np.maximum(noise, 0), np.sqrt(groups / np.maximum(groups - 1, 1))


def _erring_groups(weight: NDArray[np.float64], square: NDArray[np.float64], group: NDArray[np.int64]) -> int:
    """Count the groups that have the rarer outcome: wrong rows, or right ones (of differences: equal, or unequal)."""
    wrong = np.bincount(group, weight - square) > _ROUNDING
    right = np.bincount(group, square) > _ROUNDING
    return int(min(wrong.sum(), right.sum()))


def _wilson(value: float, rows: float, quantile: float) -> tuple[float, float]:
    """Compute the score interval of a share of so many independent rows (Wilson 1927)."""
    c = quantile**2 / rows
    middle, half = (value + c / 2) / (1 + c), np.sqrt(value * (1 - value) * c + c**2 / 4) / (1 + c)
    low = 0.0 if value == 0 else max(0.0, float(middle - half))  # exact where rounding would miss the end
    return low, 1.0 if value == 1 else min(1.0, float(middle + half))
