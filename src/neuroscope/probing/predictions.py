"""What probes said of test rows, and the rows of the tidy table that come of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.probing.metrics import METRICS, Tally, interval, summarise, tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neuroscope.contracts.rows import Row
    from neuroscope.probing.cell import Cell
    from neuroscope.probing.runs import Run, Runs


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a probe said of one run's test rows.

    Attributes:
        layer: empty for the majority baseline.
        condition: ``probe``, ``majority``, ``random``, ``masked-top``, ...
        run: the repetition.
        predicted: class number of each row of ``run.split.test``.
        percent: share of the neurons that were kept; None where all were.
    """

    layer: str
    condition: str
    run: Run
    predicted: NDArray[np.int64]
    percent: float | None = None


def score(
    cell: Cell, predictions: Sequence[Prediction], values: NDArray[np.int64], classes: int, runs: Runs
) -> list[Row]:
    """Accuracy and balanced accuracy of every run, then their mean over runs with its interval and its ±.

    Predictions of equal layer, condition and percent belong together, in the order in which they first come.
    """
    grouped: dict[tuple[str, str, float | None], list[Prediction]] = {}
    for prediction in predictions:
        grouped.setdefault((prediction.layer, prediction.condition, prediction.percent), []).append(prediction)
    rows = []
    for (layer, condition, percent), group in grouped.items():
        tallies = [tallied(each, values, classes) for each in group]
        scored = len(set(np.concatenate([each.run.split.test for each in group]).tolist()))
        for metric in METRICS:
            common: dict[str, Any] = {
                "layer": layer,
                "condition": condition,
                "metric": metric,
                "percent": percent,
            }
            for one, each in zip(tallies, group, strict=True):
                low, high = interval(one, metric, each.run.seed)
                value, seed = one.score(metric), each.run.seed
                rows.append(cell.row(**common, value=value, n=one.rows, seed=seed, low=low, high=high))
            seeds = [each.run.seed for each in group]
            total = summarise(tallies, metric, seeds, same_test=runs.same_test)
            rows.append(cell.row(**common, value=total.mean, n=scored, low=total.low, high=total.high))
            if total.sd is not None:
                rows.append(cell.row(**{**common, "metric": f"{metric}_sd"}, value=total.sd, n=scored))
    return rows


def tallied(prediction: Prediction, values: NDArray[np.int64], classes: int) -> Tally:
    """How many test rows of each group and class there are, and how many were right."""
    split = prediction.run.split
    return tally(values[split.test], prediction.predicted, split.groups[split.test], classes)
