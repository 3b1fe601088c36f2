"""Rankings that were compared for the default: those that the product has, and those that it does not."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

from neuroscope import Problem
from neuroscope.splits import group_draws
from neuroscope_elasticnet import make_elasticnet
from neuroscope_elasticnet.matrix.scaling import column_scales, moments
from neuroscope_elasticnet.rankings.mass import left_mass
from neuroscope_elasticnet.rankings.mass import scores as mass_scores
from neuroscope_elasticnet.rankings.probeless import Probeless
from neuroscope_elasticnet.rankings.t_statistic import TStatistic
from neuroscope_elasticnet.rankings.weight_mass import WeightMass

if TYPE_CHECKING:
    from collections.abc import Callable

    from neuroscope import Features, Labels, Ranker

    Scores = np.ndarray
    Rank = Callable[[Features, Labels, int], Scores]


def ours(ranker: Ranker) -> Rank:
    """A ranking of the product; its scores in the order of the columns."""

    def rank(features: Features, labels: Labels, seed: int) -> Scores:
        made = ranker.rank(features, labels, None, seed=seed)
        column_of = {unit: column for column, unit in enumerate(features.units)}
        scores = np.empty(len(made.units))
        scores[[column_of[unit] for unit in made.units]] = made.scores
        return scores

    return rank


def by_mass(weights: np.ndarray) -> Scores:
    """Scores of Algorithm 1 from ``[classes, columns]``."""
    return mass_scores(weights, left_mass(weights, inclusive=True))


def draws_of(labels: Labels, bootstraps: int, seed: int) -> list[np.ndarray]:
    if not bootstraps:
        return [np.ones(len(labels.values), dtype=np.int64)]
    return list(islice(group_draws(labels.groups, labels.values, np.random.default_rng(seed)), bootstraps))


def softmax(l1: float, l2: float, scale: str = "sd", bootstraps: int = 10) -> Rank:
    """Softmax regression's weights times the columns' sd, averaged over bootstraps."""

    def rank(features: Features, labels: Labels, seed: int) -> Scores:
        probe = make_elasticnet(l1=l1, l2=l2, scale=scale, tolerance=1e-4)
        problems = [Problem(sample_weight=each) for each in draws_of(labels, bootstraps, seed)]
        fits = probe.fit_many(features.values, labels.values, problems, column_groups=features.column_groups)
        _, sd = moments(features.values, np.ones(len(features.values)))
        return by_mass(sum(np.abs(fit.coef_) * sd for fit in fits))

    return rank


def least_squares(penalty: float, scale: str = "sd", bootstraps: int = 0, power: float = 1.0) -> Rank:
    """Weights of ridge regression on the classes' indicators; ``power`` 0.5: correlation-adjusted t scores."""

    def rank(features: Features, labels: Labels, seed: int) -> Scores:
        center, sd = moments(features.values, np.ones(len(features.values)))
        _, inverse = column_scales(sd, scale, features.column_groups)
        base = (features.values.astype(np.float64) - center) * inverse
        y = (labels.values[:, None] == np.unique(labels.values)).astype(float)
        total = 0
        for times in draws_of(labels, bootstraps, seed):
            share = times / times.sum()
            root = np.sqrt(share)[:, None]
            x, t = (base - share @ base) * root, (y - share @ y) * root
            values, vectors = np.linalg.eigh(x @ x.T)
            inner = (vectors.T @ t) / (np.maximum(values, 0)[:, None] + penalty) ** power
            total = total + np.abs(x.T @ (vectors @ inner)).T * sd * inverse
        return by_mass(total)

    return rank


def t_of_rows(features: Features, labels: Labels, seed: int) -> Scores:
    """t in which every utterance counts, however many its speaker has: each its own group."""
    from neuroscope import Labels

    alone = Labels(labels.values, labels.classes, np.arange(len(labels.values)))
    return ours(TStatistic())(features, alone, seed)


def t_of_means(features: Features, labels: Labels, seed: int) -> Scores:
    """t of the speakers' means, one a speaker and class."""
    del seed
    key = labels.values * (labels.groups.max() + 1) + labels.groups
    names, member, count = np.unique(key, return_inverse=True, return_counts=True)
    means = np.zeros((len(names), features.values.shape[1]))
    np.add.at(means, member, features.values.astype(np.float64))
    return _largest(means / count[:, None], names // (labels.groups.max() + 1), np.mean)


def t_largest_pair(features: Features, labels: Labels, seed: int) -> Scores:
    """t of the pair of classes that lie farthest apart."""
    del seed
    return _largest(features.values.astype(np.float64), labels.values, np.max)


def t_sum_of_pairs(features: Features, labels: Labels, seed: int) -> Scores:
    """t summed over the pairs of classes."""
    del seed
    return _largest(features.values.astype(np.float64), labels.values, np.mean)


def _largest(values: np.ndarray, y: np.ndarray, over_pairs: Callable) -> Scores:
    known = np.unique(y)
    means = np.array([values[y == each].mean(axis=0) for each in known])
    sd = np.sqrt(((values - means[np.searchsorted(known, y)]) ** 2).mean(axis=0))
    sd = np.where(sd > 1e-9 * np.abs(values).max(axis=0), sd, np.inf)
    return over_pairs(np.abs(means[:, None] - means[None]) / sd, axis=(0, 1))


def auc(features: Features, labels: Labels, seed: int) -> Scores:
    """How far each class's AUC against the others is from a half, the mean of the classes."""
    del seed
    places = rankdata(features.values, axis=0)
    y = (labels.values[:, None] == np.unique(labels.values)).astype(float)
    count = y.sum(axis=0)
    area = (y.T @ places - (count * (count + 1) / 2)[:, None]) / (count * (len(y) - count))[:, None]
    return np.abs(area - 0.5).mean(axis=0)


def mean_rank(*others: Rank) -> Rank:
    def rank(features: Features, labels: Labels, seed: int) -> Scores:
        return sum(rankdata(each(features, labels, seed)) for each in others)

    return rank


_T = ours(TStatistic())
_PROBE = softmax(1e-3, 1e-3, "soft", bootstraps=0)

CANDIDATES: dict[str, Rank] = {
    "weight-mass,weights=ridge": ours(WeightMass(weights="ridge")),
    "weight-mass,weights=held-out": ours(WeightMass()),
    "softmax, l2 = 0.1, 10 bootstraps": softmax(0.0, 1e-1),
    "softmax, l2 = 0.01, 10 bootstraps": softmax(0.0, 1e-2),
    "softmax, l2 = 0.001, 10 bootstraps": softmax(0.0, 1e-3),
    "default probe's weights x sd": _PROBE,
    "default probe's weights x sd, 10 bootstraps": softmax(1e-3, 1e-3, "soft"),
    "least squares, 4": least_squares(4.0),
    "least squares, 1": least_squares(1.0),
    "least squares, 0.1": least_squares(0.1),
    "least squares, 0.1, soft": least_squares(0.1, "soft"),
    "least squares, 0.1, 10 bootstraps": least_squares(0.1, bootstraps=10),
    "least squares, 0.01": least_squares(0.01),
    "adjusted t, 4": least_squares(4.0, power=0.5),
    "adjusted t, 0.1": least_squares(0.1, power=0.5),
    "t": _T,
    "t, each utterance": t_of_rows,
    "t of speakers' means": t_of_means,
    "t, largest pair": t_largest_pair,
    "t, sum of pairs": t_sum_of_pairs,
    "probeless": ours(Probeless()),
    "probeless,scale=none": ours(Probeless(scale="none")),
    "AUC": auc,
    "mean rank of t and the probe's": mean_rank(_T, _PROBE),
    "mean rank of t and held-out": mean_rank(_T, ours(WeightMass())),
}
