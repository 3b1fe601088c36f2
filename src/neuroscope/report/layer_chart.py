"""The layer curve as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuroscope.contracts.rows import ALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair

    from neuroscope.report.layer_curve import Curve

_COLOURS = ("#1f6f8b", "#c8553d", "#6a994e", "#7b4b94", "#b08900", "#444444")
_PER_ROW = 2


def layer_chart(curves: Sequence[Curve]) -> altair.ConcatChart:
    """Draw a panel a task, a line a backbone, with intervals, and the majority dashed."""
    import altair

    tasks = list(dict.fromkeys(curve.task for curve in curves))
    panels = [_panel([curve for curve in curves if curve.task == task], task) for task in tasks]
    chart: altair.ConcatChart = altair.concat(*panels, columns=_PER_ROW).configure_view(stroke=None)
    chart = chart.configure_axis(labelFontSize=12, titleFontSize=12, gridColor="#eeeeee")
    return chart


def _panel(curves: Sequence[Curve], task: str) -> altair.LayerChart | altair.FacetChart:
    import altair

    points = altair.InlineData(values=[record for curve in curves for record in _records(curve)])
    baselines = altair.InlineData(values=[{"majority": curve.majority.value} for curve in curves[:1]])
    order = list(dict.fromkeys(point.layer for curve in curves for point in curve.points))
    colours = altair.Scale(domain=[curve.backbone for curve in curves], range=list(_COLOURS))
    legend = altair.Legend(title=None, orient="top", labelLimit=400) if len(curves) > 1 else None
    x = altair.X("layer:N", sort=order, title=None, axis=altair.Axis(labelAngle=0 if len(order) < 9 else -45))
    y = altair.Y("value:Q", title="accuracy", scale=altair.Scale(domain=[0, 1]), axis=altair.Axis(format=".0%"))
    base = altair.Chart(points).encode(x=x, color=altair.Color("backbone:N", scale=colours, legend=legend))
    if len(curves) > 1:  # side by side, so that no interval hides another
        names = [curve.backbone for curve in curves]
        base = base.encode(xOffset=altair.XOffset("backbone:N", sort=names))
    lines = base.transform_filter("datum.joined").mark_line(strokeWidth=2).encode(y=y)
    intervals = base.mark_rule(strokeWidth=2, opacity=0.45).encode(y=altair.Y("low:Q"), y2="high:Q")
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(y=y)
    rule = altair.Chart(baselines).mark_rule(strokeDash=[6, 4], color="#888888").encode(y="majority:Q")
    text = rule.mark_text(align="left", baseline="bottom", dx=4, dy=-3, color="#666666", fontSize=11)
    label = text.encode(x=altair.value(0), text=altair.value("majority"))
    title = f"{task} ({curves[0].backbone})" if len(curves) == 1 else task
    return altair.layer(rule, label, intervals, lines, dots).properties(
        width=max(300, 56 * len(order)), height=280, title=altair.Title(title, anchor="start", fontSize=14)
    )


def _records(curve: Curve) -> list[dict[str, Any]]:
    return [
        {
            "backbone": curve.backbone,
            "layer": point.layer,
            "value": point.value,
            "low": point.low,
            "high": point.high,
            "joined": point.layer != ALL,  # ALL is no depth: no line leads to it
        }
        for point in curve.points
    ]
