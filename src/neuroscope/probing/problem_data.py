"""The data of the analysis of neurons: a backbone's columns, a task's target, the runs, and an unfitted probe."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.contracts.features import Features
from neuroscope.contracts.probing import Labels
from neuroscope.probing.fitting import fit_many, predict, training_accuracy
from neuroscope.probing.predictions import Prediction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from neuroscope.contracts.probing import Probe, Problem
    from neuroscope.contracts.target import Target
    from neuroscope.probing.fitting import Fit
    from neuroscope.probing.runs import Run, Runs


def _to_nobody(steps: int) -> None:
    del steps


@dataclass(frozen=True)
class ProbeData:
    """The columns, target, runs and probe of one cell.

    Attributes:
        layer: what the columns are, for rows: ``ALL``, or the one layer.
        features: ``values`` is float32 ``[rows, columns]``.
        target: what the probe has to learn of each row.
        runs: the repetitions.
        template: an unfitted probe, copied for every fit.
        types: int64 ``[rows]``, what the labels belong to (`controls.types_of`): speakers, where labels are theirs;
            None = the single rows.
        told: is called with the number of fits and rankings that were made.
    """

    layer: str
    features: Features
    target: Target
    runs: Runs
    template: Probe
    types: NDArray[np.int64] | None = None
    told: Callable[[int], object] = field(default=_to_nobody, repr=False, compare=False)

    @property
    def label_types(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Number of each row's type, ``[rows]``, and label of each type, ``[types]``: what the labels belong to."""
        types = np.arange(len(self.target)) if self.types is None else self.types
        return types, self.target.values[np.unique(types, return_index=True)[1]]

    def training(self, run: Run) -> tuple[Features, Labels]:
        """Select the training rows of a run, for a ranker; a row that a bootstrap holds twice comes twice."""
        split = run.split
        rows = split.train if run.weights is None else np.repeat(split.train, run.weights)
        ids = tuple(self.features.ids[row] for row in rows.tolist())
        features = Features(ids=ids, units=self.features.units, values=self.features.values[rows])
        return features, Labels(values=self.target.values[rows], classes=self.target.names, groups=split.groups[rows])

    def fits(self, run: Run, problems: Sequence[Problem]) -> list[Fit]:
        """Fit the probe to every problem over the training rows of a run, at once where it can.

        The other rows get the weight 0, so that no row is copied for a probe that can leave them out.

        Args:
            run: its training rows, their weights and its seed.
            problems: ``y`` and ``sample_weight`` are those of the training rows.
        """
        data, labels = self.features.values, self.target.values
        train, groups = run.split.train, run.split.groups

        def everywhere(of_training: NDArray[np.int64]) -> NDArray[np.int64]:
            spread = np.zeros(len(data), dtype=np.int64)
            spread[train] = of_training
            return spread

        weights = np.ones(len(train), dtype=np.int64) if run.weights is None else run.weights
        asked = [
            replace(
                problem,
                y=None if problem.y is None else everywhere(problem.y),
                sample_weight=everywhere(weights if problem.sample_weight is None else problem.sample_weight),
            )
            for problem in problems
        ]
        layers = self.features.column_groups
        found = fit_many(self.template, data, labels, asked, seed=run.seed, groups=groups, column_groups=layers)
        self.told(len(found))
        return found

    def with_training_accuracy(self, fitted: Fit, run: Run) -> Fit:
        """Add the accuracy on a run's training rows to the metrics of a fit."""
        return fitted.with_training_accuracy(self.training_accuracy(fitted.probe, run, self.target.values))

    def training_accuracy(self, probe: Probe, run: Run, values: NDArray[np.int64]) -> float:
        """Compute the share of a run's training rows that a fitted probe gets right, each as often as it counted.

        Args:
            probe: fitted, of all columns.
            run: the repetition.
            values: class number of each row, of all rows.
        """
        return training_accuracy(probe, self.features.values, values, run.split.train, run.weights)

    def predict(
        self,
        run: Run,
        probe: Probe,
        condition: str,
        *,
        percent: float | None = None,
        columns: NDArray[np.int64] | None = None,
    ) -> Prediction:
        """Predict a run's test rows with a fitted probe.

        Args:
            run: the repetition.
            probe: fitted.
            condition: of the rows.
            percent: of the neurons that were kept.
            columns: those that the probe sees; None = all.
        """
        rows = run.split.test
        values = self.features.values
        seen = values[rows] if columns is None else values[np.ix_(rows, columns)]
        predicted = predict(probe, seen)
        return Prediction(self.layer, condition, run, predicted, percent)
