"""The layer curve as a table for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from neuroscope.report.marks import Marks, beside
from neuroscope.runtime.wording import one_line

if TYPE_CHECKING:
    from neuroscope.report.layer_curve import Curve, Point

_BAR = 24
_EIGHTHS = " ▏▎▍▌▋▊▉"


def layer_table(curve: Curve, marks: Marks | None = None) -> Table:
    """Layer, accuracy ± over runs, marks of warnings, interval, and a small bar; the majority baseline last."""
    marks = marks or Marks()
    head, (*cells, last) = beside([*(marks.of_layer(point.layer) for point in curve.points), ""])
    table = Table("layer", box=None, pad_edge=False, header_style="bold")
    table.add_column("accuracy %", justify="right")
    for name in head:
        table.add_column(name)
    table.add_column("95 % interval", justify="right")
    table.add_column("", no_wrap=True)
    for point, mark in zip(curve.points, cells, strict=True):
        bar = Text(_bar(point.value), style="cyan")
        table.add_row(Text(one_line(point.layer)), accuracy(point), *mark, interval(point), bar)
    majority = curve.majority
    table.add_row("majority", accuracy(majority), *last, interval(majority), _bar(majority.value), style="dim")
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
