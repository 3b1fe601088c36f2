"""The ranking ``probeless``: how far the means of the classes lie apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from neuroscope import Features, Labels, Probe, Ranking


class Probeless:
    """Order units by the absolute differences of their class means, summed over the pairs of classes.

    Antverg and Belinkov, "On the Pitfalls of Analyzing Individual Neurons in Language Models" (arXiv 2110.07483). The
    score of a class is the sum over the pairs that it is in.

    Args:
        scale: what a difference is divided by. ``sd``: the standard deviation of its column over all rows, so that
            units of different size are comparable; ``none``: nothing, as published: units of large values come first.
    """

    uses_probe = False

    def __init__(self, *, scale: Literal["sd", "none"] = "sd") -> None:
        self.scale = scale

    def rank(self, features: Features, labels: Labels, probe: Probe, *, seed: int) -> Ranking:
        """Rank the units by the training rows; neither ``probe`` nor ``seed`` is used."""
        import numpy as np

        from neuroscope import Ranking
        from neuroscope_elasticnet.rankings.class_means import class_means

        del probe, seed
        present = np.unique(labels.values)
        means = class_means(features.values, labels.values)
        if self.scale == "sd":
            means = _divided(means, features)
        by_class = np.zeros((len(labels.classes), means.shape[1]))
        by_class[present] = distances(means)
        scores = by_class.sum(axis=0) / 2  # each pair is in the sums of two classes
        order = np.argsort(-scores, kind="stable")
        return Ranking(
            units=tuple(features.units[column] for column in order),
            scores=scores[order],
            by_class={name: by_class[number][order] for number, name in enumerate(labels.classes)},
        )


def _divided(means: NDArray[np.float64], features: Features) -> NDArray[np.float64]:
    """Divide means by the standard deviations of their columns; those of a constant column become 0."""
    import numpy as np

    from neuroscope_elasticnet.matrix.scaling import moments

    center, sd = moments(features.values, np.ones(len(features.values)))
    return np.divide(means - center, sd, out=np.zeros_like(means), where=sd > 0)


def distances(means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of the absolute differences of each class's mean to those of all others: ``[classes, units]``.

    With C means in ascending order the k-th is the larger one of k pairs: a sort and running sums, not C * C sums.
    """
    import numpy as np

    order = means.argsort(axis=0, kind="stable")
    ascending = np.take_along_axis(means, order, axis=0)
    ascending -= ascending[:1]  # equal means give 0 itself
    place = np.arange(len(means))[:, None]
    below = np.cumsum(ascending, axis=0) - ascending
    above = ascending.sum(axis=0) - below - ascending
    apart = place * ascending - below + above - (len(means) - 1 - place) * ascending
    found: NDArray[np.float64] = np.empty_like(apart)
    np.put_along_axis(found, order, np.maximum(apart, 0.0), axis=0)
    return found
