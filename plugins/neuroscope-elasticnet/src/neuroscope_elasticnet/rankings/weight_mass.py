"""The ranking ``weight-mass``: units in the order in which Algorithm 1 of the paper takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from neuroscope import Features, Labels, Probe, Ranking


class WeightMass:
    """Order units by the share of a class's absolute weight mass that larger weights hold, the least over classes.

    The paper's Algorithm 1 (arXiv 2107.00439, section 3.2), without its loop: at every share p the first units are the
    set that it takes, and that NeuroX's ``get_top_neurons`` takes.

    Scores are 1 - that share, the entry mass: 1 for the largest weight of a class, 0 for weight 0. Where units come in
    together, as the classes' largest do, those with a larger share of their class's mass score a little higher. Scores
    by class are the same for the class alone. Equal scores, such as equal weights of a class have, stand in the order
    of their columns.

    Args:
        weights: ``ridge``: fits made for ranking (scaled columns, l1 = 0, l2 = 1), absolute weights in scaled units,
            averaged over ``bootstraps``; ``probe``: the weights of the probe of ALL as they are, as in the paper.
        bootstraps: of the training groups, for ``ridge``; 0 = one fit to the rows as they are.
        inclusive: whether the unit with which p is reached is taken, as NeuroX does.
        step: of p, in which ``Ranking.entry_mass`` is told (the paper's: 0.001). The order is the same for every step.

    Raises:
        ValueError: ``step`` is not above 0 and at most 1, or ``bootstraps`` is negative.
    """

    def __init__(
        self,
        *,
        weights: Literal["ridge", "probe"] = "ridge",
        bootstraps: int = 10,
        inclusive: bool = True,
        step: float = 0.001,
    ) -> None:
        if not 0 < step <= 1:
            raise ValueError(f"step must be a share of the mass, above 0 and at most 1, not {step!r}")
        if bootstraps < 0:
            raise ValueError(f"bootstraps must be at least 0, not {bootstraps}")
        self.weights = weights
        self.bootstraps = bootstraps
        self.inclusive = inclusive
        self.step = step

    def rank(self, features: Features, labels: Labels, probe: Probe, *, seed: int) -> Ranking:
        """Rank the units by absolute weights.

        Args:
            features: training rows; ``values`` is read by ``weights=ridge`` alone.
            labels: their classes and groups.
            probe: the fitted probe of ALL; ``weights=probe`` reads its ``coef_``.
            seed: of the bootstraps.

        Raises:
            BadOption: ``weights=probe`` and the probe has no weights.
        """
        import numpy as np

        from neuroscope import Ranking
        from neuroscope_elasticnet.rankings import mass, ranking_weights

        if self.weights == "probe":
            weights = ranking_weights.of_probe(probe, features, labels)
        else:
            weights = ranking_weights.of_ridge(features, labels, bootstraps=self.bootstraps, seed=seed)
        left = mass.left_mass(weights, inclusive=self.inclusive)
        scores = mass.scores(weights, left)
        order = np.argsort(-scores, kind="stable")
        alone = {
            name: mass.scores(weights[number : number + 1], left[number : number + 1])[order]
            for number, name in enumerate(labels.classes)
        }
        return Ranking(
            units=tuple(features.units[column] for column in order),
            scores=scores[order],
            by_class=alone,
            entry_mass=mass.entry_mass(left, self.step)[order],
        )
