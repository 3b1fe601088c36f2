"""The ranking ``t``: how far each class's mean lies from the others', in standard deviations within the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from neuroscope import Features, Labels, Probe, Ranking

_LEAST = 1e-6  # of a column's sd: a column that is the class itself has no spread within


class TStatistic:
    """Order units by the distance of their class means, in standard deviations within the classes.

    Each unit is looked at alone: what it knows together with others does not count, and what many units say alike
    counts for each of them. Each group counts once, however many rows it has, so that a speaker of many utterances does
    not decide. For two classes the order is that of the t statistic. For more, a class's score is the
    distance of its mean to the mean of the other classes' means, and a unit's score is the root mean square over the
    classes, so that a rare class counts as much as a frequent one.
    """

    uses_probe = False

    def rank(self, features: Features, labels: Labels, probe: Probe, *, seed: int) -> Ranking:
        """Rank the units by the training rows; neither ``probe`` nor ``seed`` is used."""
        import numpy as np

        from neuroscope import Ranking
        from neuroscope_elasticnet.rankings.class_means import group_weights

        del probe, seed
        present, apart = distances(features.values, labels.values, group_weights(labels.groups))
        by_class = np.zeros((len(labels.classes), len(features.units)))
        by_class[present] = apart
        scores = np.sqrt((apart**2).mean(axis=0))
        order = np.argsort(-scores, kind="stable")
        return Ranking(
            units=tuple(features.units[column] for column in order),
            scores=scores[order],
            by_class={name: by_class[number][order] for number, name in enumerate(labels.classes)},
        )


def distances(
    values: NDArray[np.float32], y: NDArray[np.int64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Distance of each class's mean to the mean of the others, over the standard deviation within the classes.

    Args:
        values: ``[rows, columns]``; may be a memory map.
        y: ``[rows]``, class numbers.
        weights: ``[rows]``, how much each row counts.

    Returns:
        The classes that have rows, and ``[those classes, columns]``; 0 for a column that is constant.
    """
    import numpy as np

    from neuroscope_elasticnet.matrix.scaling import moments
    from neuroscope_elasticnet.rankings.class_means import class_means

    present, member = np.unique(y, return_inverse=True)
    share = np.bincount(member, weights) / weights.sum()
    center, sd = moments(values, weights)
    means = class_means(values, y, weights) - center
    within = np.sqrt(np.maximum(sd**2 - share @ means**2, (_LEAST * sd) ** 2))
    apart = np.abs(means - means.mean(axis=0)) * (len(present) / max(len(present) - 1, 1))
    return present, np.divide(apart, within, out=np.zeros_like(apart), where=sd > 0)
