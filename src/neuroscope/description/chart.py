"""The distribution of data as a picture (the paper's figure 3): bars of each class by part, or of trials by kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuroscope.description.counting import MINUTES, SPEAKER, UTTERANCES
from neuroscope.description.facts import ClassFacts
from neuroscope.description.tables import digits_of
from neuroscope.description.tidy import ALL_PARTS, CLASS, COLUMN, DATA, PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair
    from polars import DataFrame

    from neuroscope.description.facts import DataFacts, TaskFacts, TrialFacts

_KINDS = ("positive: one speaker", "negative: two speakers")
_COLOURS = {
    **dict(zip(PARTS, ("#1f6f8b", "#c8553d", "#a9a9a9", "#dddddd"), strict=True)),
    ALL_PARTS: "#1f6f8b",
    **dict(zip(_KINDS, ("#6a994e", "#7b4b94"), strict=True)),
}
TRIALS = "trials"
_WIDTH = 330
_THICK, _THIN = 26, 13
"""Pixels of a bar and the space beside it, of few and of many."""
_FEW = 30
"""Bars that have their number beside them."""
_LARGE = 10_000
"""From here on an axis counts in thousands."""
_MOST = 120
"""Bars of a panel, and values of a column that is drawn where no task is."""


def distribution_chart(
    data: Sequence[DataFacts], tasks: Sequence[TaskFacts], counts: DataFrame, pairs: DataFrame
) -> altair.VConcatChart:
    """Draw a row a task: bars of utterances and of minutes a class, stacked by part, or of trials by kind.

    Without a task there is a row for each column that has a few values; without such a column, one bar of all.

    Args:
        data: the data themselves.
        tasks: what each task asks of them.
        counts: the tidy table of utterances.
        pairs: the tidy table of trials.
    """
    import altair

    rows = [
        _of_classes(each, counts) if isinstance(each, ClassFacts) else _of_trials(each, pairs) for each in tasks
    ] or [row for each in data for row in _of_columns(each, counts)]
    chart: altair.VConcatChart = altair.vconcat(*rows).resolve_scale(color="independent", y="independent")
    chart = chart.configure_view(stroke=None)
    chart = chart.configure_axis(labelFontSize=12, titleFontSize=12, gridColor="#eeeeee")
    return chart


def _of_classes(facts: ClassFacts, counts: DataFrame) -> altair.HConcatChart:
    import polars

    rows = counts.filter(polars.col("what") == CLASS, polars.col("task") == facts.task, polars.col("value") != "")
    by_part = rows.filter(polars.col("part") != ALL_PARTS)
    several = len(by_part) if facts.split else 0
    split = f", split: {facts.split.name}" if facts.split else ""
    title = f"{facts.task} on {facts.dataset}: {len(facts.classes)} classes{split}"
    return _row(title, by_part if several else rows.filter(polars.col("part") == ALL_PARTS))


def _of_trials(facts: TrialFacts, pairs: DataFrame) -> altair.HConcatChart:
    """Draw trials of both kinds, by language where it is known, else by gender, else all."""
    import polars

    of_task = pairs.filter(polars.col("task") == facts.task)
    every = [{"column": "", "value": "all", "target": facts.target, "nontarget": facts.trials - facts.target}]
    rows = of_task.to_dicts() or every
    bars = [
        {"value": row["value"], "part": kind, TRIALS: row[held]}
        for row in rows
        if row["column"] == rows[0]["column"]
        for kind, held in zip(_KINDS, ("target", "nontarget"), strict=True)
    ]
    return _row(f"{facts.task} on {facts.dataset}: {facts.trials:,} trials", polars.DataFrame(bars), TRIALS)


def _of_columns(data: DataFacts, counts: DataFrame) -> list[altair.HConcatChart]:
    import polars

    few = [each for each in data.columns if each.listed and 1 < each.values <= _MOST and each.name != SPEAKER]
    if not few:
        return [_row(data.dataset, counts.filter(polars.col("what") == DATA).with_columns(value=polars.lit("all")))]
    of_columns = counts.filter(polars.col("what") == COLUMN)
    return [
        _row(f"{each.name} of {data.dataset}", of_columns.filter(polars.col("column") == each.name)) for each in few
    ]


def _row(title: str, bars: DataFrame, *measures: str) -> altair.HConcatChart:
    """Draw the same bars once for each measure, the largest on top, with the names at the first."""
    import altair
    import polars

    measures = measures or ((UTTERANCES, MINUTES) if bars[MINUTES].sum() else (UTTERANCES,))
    totals = bars.group_by("value").agg(polars.col(each).sum() for each in measures)
    order = totals.sort([measures[0], "value"], descending=[True, False])["value"].head(_MOST)
    if len(order) < len(totals):
        title, among = f"{title}; the {_MOST} largest", polars.col("value").is_in(order.implode())
        bars, totals = bars.filter(among), totals.filter(among)
    panels = [_panel(bars, totals, order.to_list(), each, is_first=not number) for number, each in enumerate(measures)]
    row: altair.HConcatChart = altair.hconcat(*panels).properties(
        title=altair.Title(title, anchor="start", fontSize=14)
    )
    return row


def _panel(
    bars: DataFrame, totals: DataFrame, order: Sequence[str], measure: str, *, is_first: bool
) -> altair.LayerChart | altair.FacetChart:
    import altair

    parts = [part for part in _COLOURS if part in set(bars["part"])]
    scale = altair.Scale(domain=parts, range=[_COLOURS[part] for part in parts])
    legend = altair.Legend(title=None, orient="top") if is_first and len(parts) > 1 else None
    names = altair.Axis(labelLimit=220, labelFontSize=12 if len(order) <= _FEW else 10) if is_first else None
    y = altair.Y("value:N", sort=list(order), title=None, axis=names)
    large = any(total >= _LARGE for total in totals[measure])
    x = altair.X(f"{measure}:Q", title=measure, axis=altair.Axis(format="~s" if large else "~f", tickCount=5))
    base = altair.Chart(altair.InlineData(values=_records(bars, measure, parts))).encode(y=y, x=x)
    colour = altair.Color("part:N", scale=scale, legend=legend)
    tooltip = [*(["value:N", "part:N"] if len(parts) > 1 else ["value:N"]), f"{measure}:Q"]
    drawn: list[Any] = [base.mark_bar().encode(color=colour, order="place:Q", tooltip=tooltip)]
    if len(order) <= _FEW:
        sums = altair.Chart(altair.InlineData(values=totals.select("value", measure).to_dicts())).encode(y=y, x=x)
        text = sums.mark_text(align="left", dx=4, fontSize=11, color="#444444")
        drawn.append(text.encode(text=altair.Text(f"{measure}:Q", format=_number_format(measure, totals))))
    thick = _THICK if len(order) <= _FEW else _THIN
    return altair.layer(*drawn).properties(width=_WIDTH, height=altair.Step(thick))


def _number_format(measure: str, totals: DataFrame) -> str:
    return f",.{digits_of(totals[MINUTES])}f" if measure == MINUTES else ","


def _records(bars: DataFrame, measure: str, parts: Sequence[str]) -> list[dict[str, Any]]:
    """List the pieces of the bars, each with its place in its bar."""
    places = {part: place for place, part in enumerate(parts)}
    return [{**row, "place": places[row["part"]]} for row in bars.select("value", "part", measure).to_dicts()]
