"""The ranking ``weight-mass``: units in the order in which Algorithm 1 of the paper takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

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
        weights: ``held-out``: of five ways to weigh columns, from each nearly alone to all together, the one whose
            first 1, 5 and 10 % answer best for groups that are held out of the training rows (closed form, columns in
            standard deviations, each group counts once); ``ridge``: a strong penalty (soft scale, l1 = 0, l2 = 1),
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
        weights: Literal["held-out", "ridge", "probe"] = "held-out",
        bootstraps: int = 10,
        inclusive: bool = True,
        step: float = 0.001,
    ) -> None:
        if not 0 < step <= 1:
            raise ValueError(f"step must be a share of the mass, above 0 and at most 1, not {step!r}")
        if bootstraps < 0:
            raise ValueError(f"bootstraps must be at least 0, not {bootstraps}")
        self.weights = weights
        self.uses_probe = weights == "probe"
        self.bootstraps = bootstraps
        self.inclusive = inclusive
        self.step = step

    def rank(self, features: Features, labels: Labels, probe: Probe, *, seed: int) -> Ranking:
        """Rank the units by absolute weights.

        Args:
            features: training rows; ``values`` is not read by ``weights=probe``.
            labels: their classes and groups.
            probe: the fitted probe of ALL; ``weights=probe`` reads its ``coef_``.
            seed: of the held-out folds or of the bootstraps.

        Raises:
            BadOption: ``weights=probe`` and the probe has no weights.
        """
        (made,) = self.rank_many(features, [labels], probe, seed=seed)
        return made

    def rank_many(self, features: Features, many: Sequence[Labels], probe: Probe, *, seed: int) -> list[Ranking]:
        """Rank the units by several labels of the same rows and groups; the same as one by one.

        ``weights=held-out`` factorises the rows once for all of them.

        Args:
            features: as for `rank`.
            many: labels that differ in ``values`` alone.
            probe: as for `rank`.
            seed: as for `rank`.

        Raises:
            BadOption: as for `rank`.
        """
        from neuroscope_elasticnet.rankings import ranking_weights

        if self.weights == "probe":
            found = [ranking_weights.of_probe(probe, features, labels) for labels in many]
        elif self.weights == "ridge":
            of_ridge = ranking_weights.of_ridge
            found = [of_ridge(features, labels, bootstraps=self.bootstraps, seed=seed) for labels in many]
        else:
            found = self._held_out(features, many, seed)
        return [self._ranking(weights, features, labels) for weights, labels in zip(found, many, strict=True)]

    def _held_out(self, features: Features, many: Sequence[Labels], seed: int) -> list[NDArray[np.float64]]:
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        from neuroscope_elasticnet.rankings.held_out import HeldOutWeights

        if not many:
            return []
        made = HeldOutWeights(features, many[0].groups, seed=seed)
        with threadpool_limits(1):  # products of a hundred columns: threads would wait for each other
            return [made.of(labels) for labels in many]

    def _ranking(self, weights: NDArray[np.float64], features: Features, labels: Labels) -> Ranking:
        import numpy as np

        from neuroscope import Ranking
        from neuroscope_elasticnet.rankings import mass

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
