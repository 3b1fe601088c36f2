"""The layer curve as data: one point a layer over all runs, the baseline, and the sentence that may be said of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from neuroscope.contracts import conditions, metric_names
from neuroscope.contracts.rows import ALL
from neuroscope.defaults import EXCESS_LOSS, FAR_FROM_OPTIMUM, LEVEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
    """One cell's layers in their order, ALL last, and what may be said of them together.

    Attributes:
        backbone: canonical text.
        task: the same.
        points: the layers.
        majority: the most frequent class of the test part.
        behind: what each other layer has less than the best one, with intervals of all pairs at once; empty where the
            layers were not compared.
        p_values: of each layer, that a probe which knows nothing does as well, adjusted for their number.
        unlearned: the layers that have a fit far from its optimum: it may know less than the layer.
        run: names the cell, and ``beyond`` of others it.
        beyond: of other cells by their run: what ALL (or the one layer) has more than theirs on the same test rows,
            with intervals of all pairs of backbones at once.
    """

    backbone: str
    task: str
    points: tuple[Point, ...]
    majority: Point
    behind: Mapping[str, Point] = field(default_factory=dict)
    p_values: Mapping[str, float] = field(default_factory=dict)
    unlearned: tuple[str, ...] = ()
    run: str = ""
    beyond: Mapping[str, Point] = field(default_factory=dict)

    @property
    def whole(self) -> Point | None:
        """ALL, or the layer where there is one alone; None where several layers are in no ALL."""
        return self.points[-1] if self.points[-1].layer == ALL or len(self.points) == 1 else None


def curves(rows: Iterable[Row], metric: str = metric_names.ACCURACY) -> list[Curve]:
    """One curve for each cell among the rows, in their order."""
    cells: dict[str, list[Row]] = {}
    for row in rows:
        if row.seed is None or row.metric == EXCESS_LOSS:  # that one is of single fits
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
    gaps = [
        (row.against, Point(row.layer, row.value, None, row.low, row.high))
        for row in rows
        if row.metric == metric_names.difference_of(metric) and row.condition == conditions.PROBE
    ]
    names = {point.layer for point in layers}
    behind = {gap.layer: gap for against, gap in gaps if against in names}
    beyond = {against: gap for against, gap in gaps if against not in names}
    p_values = {row.layer: row.value for row in rows if row.against == conditions.CHANCE}
    far = dict.fromkeys(row.layer for row in rows if row.metric == EXCESS_LOSS and row.value > FAR_FROM_OPTIMUM)
    majority = points["", conditions.MAJORITY]
    about = rows[0]
    return Curve(about.backbone, about.task, layers, majority, behind, p_values, tuple(far), about.run, beyond)


@dataclass(frozen=True, slots=True)
class BestLayer:
    """A cell's best layer, and what it is told apart from; accuracies are fractions.

    Attributes:
        backbone: canonical text.
        task: the same.
        layer: its name; ALL is compared, and never the best.
        accuracy: over the runs.
        low: lower end of the 95 % interval; None where the test part is one group.
        high: upper end.
        not_separated: the other layers, ALL among them, whose paired difference to it has an interval that holds 0 or
            more; the intervals are of all pairs of layers at once.
        known: whether any layer is shown to know what is asked: a probe that knows nothing would do as well with a
            chance below 5 %, adjusted for the number of layers.
    """

    backbone: str
    task: str
    layer: str
    accuracy: float
    low: float | None
    high: float | None
    not_separated: tuple[str, ...]
    known: bool


def best_layer(curve: Curve) -> BestLayer:
    """Find the best layer, and the layers that are not told apart from it."""
    best = max((point for point in curve.points if point.layer != ALL), key=lambda point: point.value)
    others = [point.layer for point in curve.points if point is not best]
    return BestLayer(
        backbone=curve.backbone,
        task=curve.task,
        layer=best.layer,
        accuracy=best.value,
        low=best.low,
        high=best.high,
        not_separated=tuple(layer for layer in others if not _is_behind(curve.behind.get(layer))),
        known=min(curve.p_values.values(), default=1.0) < LEVEL,
    )


def _is_behind(gap: Point | None) -> bool:
    return gap is not None and gap.high is not None and gap.high < 0


def sentence(curve: Curve) -> str:
    """The best layer, and what it is not told apart from: other layers, or a probe that knows nothing."""
    best = best_layer(curve)
    return f"Best layer: {best.layer}, {100 * best.accuracy:.1f} %{_compared(curve, best)}."


def _compared(curve: Curve, best: BestLayer) -> str:
    if best.low is None:
        return "; its test part is one group, so there is nothing to compare others by"
    if curve.unlearned:
        return "; probes are far from their optimum, so nothing is said of what the layers know"
    if not best.known:
        return "; no layer is shown to know it: a probe that knows nothing may do as well"
    others = len(curve.points) - 1
    if best.not_separated:
        named = len(best.not_separated) < others
        return (
            f"; not told apart from it: {', '.join(best.not_separated)}"
            if named
            else "; no layer is told apart from it"
        )
    return "; all others are behind it" if others else ""
