"""The layer curve as data: one point a layer over all runs, the baseline, and the sentence that may be said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroscope.contracts import conditions, metric_names
from neuroscope.contracts.rows import ALL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from neuroscope.contracts.rows import Row


@dataclass(frozen=True, slots=True)
class Point:
    """A layer, or the baseline: mean over runs, ±, and 95 % interval, as fractions."""

    layer: str
    value: float
    sd: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Curve:
    """One cell's layers in their order, ALL last, and the majority baseline."""

    backbone: str
    task: str
    points: tuple[Point, ...]
    majority: Point


def curves(rows: Iterable[Row], metric: str = metric_names.ACCURACY) -> list[Curve]:
    """One curve for each cell among the rows, in their order."""
    cells: dict[str, list[Row]] = {}
    for row in rows:
        if row.seed is None:
            cells.setdefault(row.run, []).append(row)
    return [_curve(group, metric) for group in cells.values()]


def _curve(rows: Sequence[Row], metric: str) -> Curve:
    deviations = {(row.layer, row.condition): row.value for row in rows if row.metric == metric_names.sd_of(metric)}
    points = {
        (row.layer, row.condition): Point(
            row.layer, row.value, deviations.get((row.layer, row.condition)), row.low, row.high
        )
        for row in rows
        if row.metric == metric
    }
    layers = tuple(point for (_, condition), point in points.items() if condition == conditions.PROBE)
    return Curve(rows[0].backbone, rows[0].task, layers, points["", conditions.MAJORITY])


@dataclass(frozen=True, slots=True)
class BestLayer:
    """A cell's best layer, and what its interval does not separate from it; accuracies are fractions.

    Attributes:
        backbone: canonical text.
        task: the same.
        layer: its name; ALL is compared, and never the best.
        accuracy: mean over runs.
        low: lower end of the 95 % interval; None where the test part is one group.
        high: upper end.
        not_separated: the other layers, ALL among them, that reach ``low``; every other one where there is no interval.
        above_majority: its interval excludes the majority baseline; False: no layer is shown to know it.
    """

    backbone: str
    task: str
    layer: str
    accuracy: float
    low: float | None
    high: float | None
    not_separated: tuple[str, ...]
    above_majority: bool


def best_layer(curve: Curve) -> BestLayer:
    """Find the best layer, and the layers that its interval does not separate from it."""
    best = max((point for point in curve.points if point.layer != ALL), key=lambda point: point.value)
    others = [point for point in curve.points if point is not best]
    low = best.low
    return BestLayer(
        backbone=curve.backbone,
        task=curve.task,
        layer=best.layer,
        accuracy=best.value,
        low=low,
        high=best.high,
        not_separated=tuple(point.layer for point in others if low is None or point.value >= low),
        above_majority=low is not None and curve.majority.value < low,
    )


def sentence(curve: Curve) -> str:
    """The best layer, and what its interval does not separate from it: other layers, or the majority baseline."""
    best = best_layer(curve)
    lead = f"Best layer: {best.layer}, {100 * best.accuracy:.1f} %"
    if best.low is None:
        return f"{lead}; its test part is one group, so there is no interval to compare others with."
    if not best.above_majority:
        return f"{lead}; its interval does not separate it from the majority baseline: no layer is shown to know it."
    if best.not_separated:
        return f"{lead}; its interval does not separate it from {', '.join(best.not_separated)}."
    return f"{lead}; its interval separates it from all others." if len(curve.points) > 1 else f"{lead}."
