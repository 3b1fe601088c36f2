"""The layer curve as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuroscope.contracts.rows import ALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair

    from neuroscope.report.layer_curve import Curve

_COLOURS = (
    *("#1f6f8b", "#c8553d", "#6a994e", "#7b4b94", "#b08900"),
    *("#444444", "#d672a8", "#5aa7d8", "#7a4a21", "#9bbf1a"),
)
_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-left")
"""Seven of them beside ten colours: seventy backbones until two look alike."""
_PER_ROW = 2
_PER_LINE = 4
"""Backbones in a line of the legend."""
_ALL_AT = 1.14
"""Where ALL stands on an axis of depths, which end at 1."""
_APART, _SPREAD = 0.011, 0.05
"""Depth between backbones of equal depth, so that no interval hides another; and at most between all of them."""
_NAMED = 6
"""Layers of a backbone that are all named beside their dots; of more, the first, the last and the best."""
_CROWD = 4
"""Backbones whose layers are so named; of each of more, the best layer alone."""
_BESIDE = 13
"""Pixels between a dot and its name, above or below."""


def layer_chart(curves: Sequence[Curve]) -> altair.ConcatChart:
    """Draw a panel a task, a line a backbone, with intervals, and the majority dashed.

    Backbones whose layers have the same names share them as the axis; others are drawn at the relative depth of their
    layers, from the first to the last, which then have their names beside them. ALL is no depth, and stands apart.
    """
    import altair

    tasks = list(dict.fromkeys(curve.task for curve in curves))
    panels = [_panel([curve for curve in curves if curve.task == task], task) for task in tasks]
    chart: altair.ConcatChart = altair.concat(*panels, columns=_PER_ROW).configure_view(stroke=None)
    chart = chart.configure_axis(labelFontSize=12, titleFontSize=12, gridColor="#eeeeee")
    return chart


def _panel(curves: Sequence[Curve], task: str) -> altair.LayerChart | altair.FacetChart:
    import altair

    order = [point.layer for point in curves[0].points]
    by_depth = any([point.layer for point in curve.points] != order for curve in curves)
    count = len(curves)
    points = altair.InlineData(values=[each for n, curve in enumerate(curves) for each in _records(curve, n, count)])
    legend = altair.Legend(title=None, orient="top", labelLimit=400, columns=_PER_LINE) if count > 1 else None
    y = altair.Y("value:Q", title="accuracy", scale=altair.Scale(domain=[0, 1]), axis=altair.Axis(format=".0%"))
    base = altair.Chart(points).encode(color=altair.Color("backbone:N", scale=_scale(curves, _COLOURS), legend=legend))
    base = base.encode(x=_depths() if by_depth else _names(order))
    if len(curves) > 1 and not by_depth:  # side by side, so that no interval hides another
        names = [curve.backbone for curve in curves]
        base = base.encode(xOffset=altair.XOffset("backbone:N", sort=names))
    lines = base.transform_filter("datum.joined").mark_line(strokeWidth=2).encode(y=y)
    intervals = base.mark_rule(strokeWidth=2, opacity=0.45).encode(y=altair.Y("low:Q"), y2="high:Q")
    shape = altair.Shape("backbone:N", scale=_scale(curves, _SHAPES), legend=legend)
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(y=y, shape=shape)
    drawn = [*_majority(curves), intervals, lines, dots]
    if by_depth:
        drawn += [_labels(base.encode(y=y), number) for number in range(len(curves))]
    title = f"{task} ({curves[0].backbone})" if len(curves) == 1 else task
    width = max(480, *(40 * len(curve.points) for curve in curves)) if by_depth else max(300, 56 * len(order))
    return altair.layer(*drawn).properties(
        width=width, height=280, title=altair.Title(title, anchor="start", fontSize=14)
    )


def _scale(curves: Sequence[Curve], looks: Sequence[str]) -> altair.Scale:
    """Give each backbone its look; they come again where there are more backbones."""
    import altair

    names = [curve.backbone for curve in curves]
    return altair.Scale(domain=names, range=[looks[n % len(looks)] for n in range(len(names))])


def _majority(curves: Sequence[Curve]) -> list[altair.Chart]:
    """Draw the majority of each set of test utterances: one, but where a backbone could not use some of them."""
    import altair

    of: dict[float, list[str]] = {}
    for curve in curves:
        of.setdefault(round(curve.majority.value, 6), []).append(curve.backbone)
    records = [
        {"majority": value, "of": " of ".join(["majority", *_those(names)] if len(of) > 1 else ["majority"])}
        for value, names in of.items()
    ]
    base = altair.Chart(altair.InlineData(values=records)).encode(y="majority:Q")
    rule = base.mark_rule(strokeDash=[6, 4], color="#888888")
    text = base.mark_text(align="left", baseline="bottom", dx=4, dy=-3, color="#666666", fontSize=11)
    return [rule, text.encode(x=altair.value(0), text="of:N")]


def _those(names: Sequence[str]) -> list[str]:
    return list(names) if len(names) == 1 else [f"{len(names)} backbones"]


def _names(order: Sequence[str]) -> altair.X:
    import altair

    return altair.X("layer:N", sort=list(order), title=None, axis=altair.Axis(labelAngle=0 if len(order) < 9 else -45))


def _depths() -> altair.X:
    """Make the axis from the first layer to the last one, with a place for ALL behind it."""
    import altair

    names = f"datum.value > 1 ? '{ALL}' : datum.value == 1 ? 'last layer' : datum.value == 0 ? 'first layer' : ''"
    axis = altair.Axis(values=[0, 0.25, 0.5, 0.75, 1, _ALL_AT], labelExpr=names, labelFlush=False)
    scale = altair.Scale(domain=[-0.05, _ALL_AT + 0.05], nice=False, zero=False)
    return altair.X("depth:Q", title="relative depth", scale=scale, axis=axis)


def _labels(base: Any, number: int) -> Any:
    """Name the layers of one backbone; those of the next one stand on the other side of their dots."""
    beside = _BESIDE if number % 2 else -_BESIDE
    text = base.transform_filter(f"datum.number == {number}").mark_text(fontSize=10, dy=beside)
    return text.encode(text="label:N")


def _records(curve: Curve, number: int, count: int) -> list[dict[str, Any]]:
    """List the dots of one backbone of so many."""
    layers = [point for point in curve.points if point.layer != ALL]
    best = max(layers, key=lambda point: point.value)
    depths = [place / (len(layers) - 1) for place in range(len(layers))] if len(layers) > 1 else [1.0]
    named = layers if len(layers) <= _NAMED else [layers[0], best, layers[-1]]
    named = [best] if count > _CROWD else named
    apart = min(_APART, _SPREAD / max(count - 1, 1)) * number
    return [
        {
            "backbone": curve.backbone,
            "number": number,
            "layer": point.layer,
            "depth": apart + (_ALL_AT if point.layer == ALL else depths[place]),
            "label": point.layer if point in named else "",
            "value": point.value,
            "low": point.low,
            "high": point.high,
            "joined": point.layer != ALL,  # ALL is no depth: no line leads to it
        }
        for place, point in enumerate(curve.points)
    ]
