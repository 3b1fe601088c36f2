"""Predictions of test rows, and the rows of the tidy table that score them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.contracts import conditions, metric_names
from neuroscope.probing.statistics.estimate import Estimate, estimate, variance_between
from neuroscope.probing.statistics.outcomes import METRICS, Outcomes, mean_over_draws

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neuroscope.contracts.rows import Row
    from neuroscope.contracts.target import Target
    from neuroscope.probing.cell import Cell
    from neuroscope.probing.runs import Run, Runs


@dataclass(frozen=True, slots=True)
class Prediction:
    """The classes that a probe predicts for one run's test rows.

    Attributes:
        layer: empty for the majority.
        condition: ``probe``, ``majority``, ``random``, ``masked-top``, ...
        run: the repetition.
        predicted: class number of each row of ``run.split.test``.
        percent: share of the neurons that were kept; None where all were.
        truth: class number of each row, where the task asks others than the cell's (the control task).
        draw: number among the predictions of one condition and run, where there are several.
    """

    layer: str
    condition: str
    run: Run
    predicted: NDArray[np.int64]
    percent: float | None = None
    truth: NDArray[np.int64] | None = None
    draw: int = 0


def score(cell: Cell, predictions: Sequence[Prediction], target: Target, runs: Runs) -> list[Row]:
    """Score predictions: accuracy and balanced accuracy of every run, then of all, with interval and ±.

    Predictions of equal layer, condition and percent belong together, in the order in which they first come; several
    draws of one run are averaged. Those of the majority have neither interval nor ±: they are counts of the test part.
    """
    grouped: dict[tuple[str, str, float | None], list[Prediction]] = {}
    for prediction in predictions:
        grouped.setdefault((prediction.layer, prediction.condition, prediction.percent), []).append(prediction)
    rows = []
    for (layer, condition, _), group in grouped.items():
        for metric in METRICS:
            scored = scored_by_run(group, target, metric)
            names: dict[str, Any] = {"layer": layer, "condition": condition, "metric": metric}
            if condition == conditions.MAJORITY:
                rows += _counted_rows(cell, scored, runs, of=metric, **names)
            else:
                rows += rows_over_runs(cell, scored, runs, of=metric, **names)
    return rows


@dataclass(frozen=True, slots=True)
class Scored:
    """The outcomes of one layer and condition in the runs that have them.

    Attributes:
        runs: the repetitions.
        outcomes: one per run.
        percents: the share of the neurons that were kept, one per run.
        variance_of_draws: of the score over runs, because other labels might have been drawn; 0 where none were.
    """

    runs: Sequence[Run]
    outcomes: Sequence[Outcomes]
    percents: Sequence[float | None]
    variance_of_draws: float = 0.0

    def of(self, runs: Sequence[Run]) -> Scored:
        """Select the outcomes of these runs."""
        seeds = {run.seed for run in runs}
        kept = [place for place, run in enumerate(self.runs) if run.seed in seeds]
        return replace(
            self,
            runs=[self.runs[place] for place in kept],
            outcomes=[self.outcomes[place] for place in kept],
            percents=[self.percents[place] for place in kept],
        )

    @property
    def tested(self) -> int:
        """The number of test rows, those of several runs once."""
        return len(np.unique(np.concatenate([one.rows for one in self.outcomes])))


def scored_by_run(predictions: Sequence[Prediction], target: Target, metric: str) -> Scored:
    """Compare predictions of one layer and condition with the truth, run by run; draws of one run are averaged."""
    by_run: dict[int, list[Prediction]] = {}
    for each in predictions:
        by_run.setdefault(each.run.seed, []).append(each)
    draws = [[outcomes(each, target) for each in of_run] for of_run in by_run.values()]
    drawn = any(each.truth is not None for each in predictions)
    return Scored(
        runs=[of_run[0].run for of_run in by_run.values()],
        outcomes=[of_run[0] if len(of_run) == 1 else mean_over_draws(of_run, metric) for of_run in draws],
        percents=[of_run[0].percent for of_run in by_run.values()],
        variance_of_draws=variance_between([one.score(metric) for of_run in draws for one in of_run]) if drawn else 0.0,
    )


def rows_over_runs(
    cell: Cell,
    scored: Scored,
    runs: Runs,
    *,
    of: str,
    metric: str,
    difference: bool = False,
    family: int = 1,
    **common: str,
) -> list[Row]:
    """Make rows of a score: every run with its interval, then all of them with interval and ±.

    Args:
        cell: the conditions of the rows.
        scored: outcomes in the runs that have them.
        runs: all repetitions; they say which of them the number over runs is of.
        of: the score, ``accuracy`` or ``balanced_accuracy``.
        metric: what the rows call it.
        difference: whether the outcomes are those of one probe less another's.
        family: how many such numbers over runs are read together.
        common: layer, condition and what else the rows have in common.
    """
    rows = []
    shown = scored.of(runs.shown)
    more_of_one = scored.variance_of_draws * len(shown.runs)  # a run has so many times fewer draws
    for run, one, percent in zip(scored.runs, scored.outcomes, scored.percents, strict=True):
        found = estimate([one], of, drawn=False, difference=difference, more_variance=more_of_one)
        each: dict[str, Any] = {**common, "metric": metric, "percent": percent, "seed": run.seed, "n": len(one)}
        rows.append(cell.row(**each, value=found.value, low=found.low, high=found.high))
    total = over_runs(scored, runs, of, difference=difference, family=family)
    over: dict[str, Any] = {**common, "percent": mean_percent(shown.percents), "n": shown.tested}
    rows.append(cell.row(**over, metric=metric, value=total.value, low=total.low, high=total.high))
    if total.sd is not None:
        rows.append(cell.row(**over, metric=metric_names.sd_of(metric), value=total.sd))
    return rows


def over_runs(scored: Scored, runs: Runs, of: str, *, difference: bool = False, family: int = 1) -> Estimate:
    """Estimate a score over the runs that a printed number is of."""
    return estimate(
        scored.of(runs.shown).outcomes,
        of,
        drawn=not runs.same_test,
        difference=difference,
        more_variance=scored.variance_of_draws,
        family=family,
    )


def _counted_rows(cell: Cell, scored: Scored, runs: Runs, *, of: str, **names: str) -> list[Row]:
    """Make rows of a score that is a count of the test part: every run, then their mean."""
    shown = scored.of(runs.shown)
    values = [one.score(of) for one in scored.outcomes]
    rows = [
        cell.row(**names, value=value, seed=run.seed, n=len(one))
        for run, one, value in zip(scored.runs, scored.outcomes, values, strict=True)
    ]
    mean = float(np.mean([one.score(of) for one in shown.outcomes]))
    return [*rows, cell.row(**names, value=mean, n=shown.tested)]


def mean_percent(percents: Sequence[float | None]) -> float | None:
    """Average a share of the neurons over runs; None where all neurons are meant."""
    known = [each for each in percents if each is not None]
    if len(set(known)) == 1:
        return known[0]
    return float(np.mean(known)) if known else None


def outcomes(prediction: Prediction, target: Target) -> Outcomes:
    """Compare a prediction with the truth, row by row."""
    rows = prediction.run.split.test
    truth = target.values[rows] if prediction.truth is None else prediction.truth
    right = (prediction.predicted == truth).astype(np.float64)
    return Outcomes(right=right, rows=rows, classes=truth, groups=prediction.run.split.groups[rows])
