"""The layer curve as a table for a terminal."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from neuroscope.report.marks import Marks, beside
from neuroscope.runtime.wording import one_line

if TYPE_CHECKING:
    from neuroscope.report.layer_curve import Curve, Point

WIDEST = 120
"""Columns of a page that is no terminal: tables that can go on below do so."""
_ENDLESS = 100_000
_BAR = 24
_EIGHTHS = " ▏▎▍▌▋▊▉"


def layer_table(curve: Curve, marks: Marks | None = None, width: int = WIDEST) -> Table:
    """Layer, accuracy ± over runs, marks of warnings, interval, and a small bar; the majority baseline last.

    There are no bars where they do not fit into ``width`` columns.
    """
    marks = marks or Marks()
    table = _table(curve, marks, bars=True)
    return table if width_of(table) <= width else _table(curve, marks, bars=False)


def width_of(table: Table) -> int:
    """Count the columns of a page that a table takes where nothing in it is wrapped."""
    console = Console(file=io.StringIO(), width=_ENDLESS)
    return Measurement.get(console, console.options, table).maximum


def _table(curve: Curve, marks: Marks, *, bars: bool) -> Table:
    head, (*cells, last) = beside([*(marks.of_layer(point.layer) for point in curve.points), ""])
    table = Table("layer", box=None, pad_edge=False, header_style="bold")
    table.add_column("accuracy %", justify="right")
    for name in head:
        table.add_column(name)
    table.add_column("95 % interval", justify="right")
    if bars:
        table.add_column("", no_wrap=True)
    for point, mark in zip(curve.points, cells, strict=True):
        bar = [Text(_bar(point.value), style="cyan")] if bars else []
        table.add_row(Text(one_line(point.layer)), accuracy(point), *mark, interval(point), *bar)
    majority = curve.majority
    bar = [Text(_bar(majority.value))] if bars else []
    table.add_row("majority", accuracy(majority), *last, interval(majority), *bar, style="dim")
    return table


def accuracy(point: Point) -> str:
    """Mean and ±, in per cent."""
    mean = f"{100 * point.value:5.1f}"
    return f"{mean} ± {100 * point.sd:4.1f}" if point.sd is not None else mean


def interval(point: Point) -> str:
    """The 95 % interval, in per cent."""
    return (
        f"{100 * point.low:.1f} – {100 * point.high:.1f}" if point.low is not None and point.high is not None else "–"
    )


def _bar(share: float) -> str:
    eighths = round(share * _BAR * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
