"""The findings about neurons as a picture: accuracy against the share of neurons, the minimal set over the layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuroscope.contracts import conditions, metric_names
from neuroscope.report.neuron_findings import SETS, share

if TYPE_CHECKING:
    import altair

    from neuroscope.report.neuron_findings import Findings

_COLOURS = {"top": "#c8553d", "random": "#1f6f8b", "bottom": "#8a8a8a"}
_WIDTH, _HEIGHT = 420, 280
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


def neuron_chart(findings: Findings, title: str) -> altair.HConcatChart:
    """Draw accuracy against the share of neurons, and the minimal set over the layers where there are several."""
    import altair

    panels = [_accuracies(findings, title)]
    if findings.layers:
        panels.append(_layers(findings))
    chart: altair.HConcatChart = altair.hconcat(*panels, spacing=40).configure_view(stroke=None)
    chart = chart.configure_axis(labelFontSize=12, titleFontSize=12, gridColor="#eeeeee")
    return chart


def _accuracies(findings: Findings, title: str) -> altair.LayerChart | altair.FacetChart:
    import altair

    records: list[dict[str, Any]] = [
        {"share": step.percent, "set": name.removesuffix("-set"), "value": p.value, "low": p.low, "high": p.high}
        for step in findings.steps
        for name, p in step.points.items()
    ]
    kinds = [name.removesuffix("-set") for name in SETS]
    colour = altair.Color(
        "set:N",
        scale=altair.Scale(domain=kinds, range=[_COLOURS[kind] for kind in kinds]),
        legend=altair.Legend(title=None, orient="bottom", symbolOpacity=1),
    )
    ticks = _ticks(findings)
    axis = altair.Axis(values=ticks, labelExpr="datum.value", labelOverlap=False)
    x = altair.X(
        "share:Q",
        title="neurons kept, %",
        scale=altair.Scale(type="log", domain=[ticks[0], 100], nice=False),
        axis=axis,
    )
    y = altair.Y("value:Q", title="accuracy", scale=altair.Scale(domain=[0, 1]), axis=altair.Axis(format=".0%"))
    base = altair.Chart(altair.InlineData(values=records)).encode(x=x, color=colour)
    layers = [
        base.mark_rule(opacity=0.4, strokeWidth=2).encode(y=altair.Y("low:Q"), y2="high:Q"),
        base.mark_line(strokeWidth=2).encode(y=y),
        base.mark_point(filled=True, size=60, opacity=1).encode(y=y),
        *_levels(findings),
        *_minimal(findings),
    ]
    return altair.layer(*layers).properties(
        width=_WIDTH, height=_HEIGHT, title=altair.Title(title, anchor="start", fontSize=14)
    )


def _ticks(findings: Findings) -> list[float]:
    """Percentages to name: from the last one below the smallest share that is drawn."""
    size = findings.any(metric_names.NEURONS_PERCENT, findings.chosen)
    smallest = min([step.percent for step in findings.steps] + ([] if size is None else [size.value]), default=1.0)
    begin = max((tick for tick in _TICKS if tick < smallest), default=_TICKS[0])
    return [tick for tick in _TICKS if tick >= begin]


def _levels(findings: Findings) -> list[Any]:
    """Dashed lines for all neurons and for the majority class."""
    import altair

    levels = {"all neurons": findings.point(conditions.PROBE), "majority": findings.point("majority")}
    values = [{"what": what, "value": point.value} for what, point in levels.items() if point is not None]
    rules = altair.Chart(altair.InlineData(values=values)).mark_rule(strokeDash=[6, 4], color="#888888")
    rules = rules.encode(y="value:Q")
    text = rules.mark_text(align="right", baseline="bottom", dx=-4, dy=-3, color="#666666", fontSize=11)
    return [rules, text.encode(x=altair.value(_WIDTH), text="what:N")]


def _minimal(findings: Findings) -> list[Any]:
    """Where the minimal set lies."""
    import altair

    size, point = findings.any(metric_names.NEURONS_PERCENT, findings.chosen), findings.any("accuracy", findings.chosen)
    if size is None or point is None:
        return []
    record = {"share": max(size.value, _TICKS[0]), "value": point.value, "what": f"minimal set, {share(size.value)}"}
    chart = altair.Chart(altair.InlineData(values=[record])).encode(x="share:Q", y="value:Q")
    mark = chart.mark_point(shape="diamond", size=160, filled=False, strokeWidth=2, color="#222222")
    return [mark, chart.mark_text(align="left", dx=8, dy=22, fontSize=11, color="#222222").encode(text="what:N")]


def _layers(findings: Findings) -> altair.LayerChart | altair.FacetChart:
    import altair

    records = [{"layer": each.name, "neurons": each.neurons, "expected": each.expected} for each in findings.layers]
    order = [each.name for each in findings.layers]
    base = altair.Chart(altair.InlineData(values=records)).encode(
        x=altair.X("layer:N", sort=order, title=None, axis=altair.Axis(labelAngle=0 if len(order) < 9 else -45))
    )
    bars = base.mark_bar(color=_COLOURS["top"]).encode(y=altair.Y("neurons:Q", title="neurons of the minimal set"))
    ticks = base.mark_tick(color="#222222", thickness=2, size=24).encode(y="expected:Q")
    return altair.layer(bars, ticks).properties(
        width=max(160, 48 * len(order)),
        height=_HEIGHT,
        title=altair.Title("by layer (– = no preference)", anchor="start", fontSize=12),
    )
