"""Layer curves of several backbones as one table: a group of columns a backbone, named by a capital letter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from neuroscope.contracts.rows import ALL
from neuroscope.report.layer_table import accuracy, interval, width_of
from neuroscope.report.marks import beside
from neuroscope.runtime.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroscope.contracts.records import CellRecord
    from neuroscope.report.layer_curve import Curve, Point
    from neuroscope.report.marks import Marks


@dataclass(frozen=True)
class Side:
    """One backbone of the table.

    Attributes:
        letter: that stands for its name, which may be long.
        cell: the record.
        curve: its layers.
        marks: of its warnings, which go on behind those of the side before.
    """

    letter: str
    cell: CellRecord
    curve: Curve
    marks: Marks


def side_by_side(sides: Sequence[Side], width: int) -> tuple[list[Table], bool]:
    """Lay out layers beside each other by their order, ALL and the majority last; and tell whether ± are shown.

    Layers of one line are as many layers from the first: nothing is said of their being alike, and each has its own
    name. It is one table where that fits: with ± and intervals, else with intervals; else the fewest that fit. Where
    names of layers leave no room, each backbone has a table of its own, and they go on in the next line.

    Args:
        sides: the backbones.
        width: columns that a table may take.
    """
    for blocks in range(1, len(sides) + 1):
        each = -(-len(sides) // blocks)
        parts = [sides[first : first + each] for first in range(0, len(sides), each)]
        for spread in (True, False):
            tables = [_table(part, spread=spread) for part in parts]
            if max(map(width_of, tables)) <= width:
                return tables, spread
    return [_table([side], spread=False, whole_names=False) for side in sides], False


def _table(sides: Sequence[Side], *, spread: bool, whole_names: bool = True) -> Table:
    table = Table(box=None, pad_edge=False, collapse_padding=not spread, header_style="bold")
    lines: list[list[str]] = [[] for _ in range(_layers(sides) + 2)]
    for number, side in enumerate(sides):
        if number:
            table.add_column("", min_width=1)  # it keeps the groups apart
            lines = [[*line, ""] for line in lines]
        points = _points(side.curve, len(lines))
        head, marked = beside([side.marks.of_layer(point.layer) if point and point.layer else "" for point in points])
        table.add_column(side.letter, no_wrap=whole_names)
        table.add_column("accuracy %" if spread else "acc. %", justify="right", no_wrap=True)
        for name in head:
            table.add_column(name, no_wrap=True)
        table.add_column("interval", justify="right", no_wrap=True)
        lines = [[*line, *_cells(point, mark, spread)] for line, point, mark in zip(lines, points, marked, strict=True)]
    *layers, majority = [line for line in lines if any(line)]
    for line in layers:
        table.add_row(*map(Text, line))
    table.add_row("majority", *map(Text, majority[1:]), style="dim")
    return table


def _layers(sides: Sequence[Side]) -> int:
    """Count the layers of the backbone that has the most, ALL aside."""
    return max(sum(point.layer != ALL for point in side.curve.points) for side in sides)


def _points(curve: Curve, count: int) -> list[Point | None]:
    """Put the layers at the top, and ALL and the majority at the end of so many lines."""
    layers: list[Point | None] = [point for point in curve.points if point.layer != ALL]
    every = next((point for point in curve.points if point.layer == ALL), None)
    return [*layers, *[None] * (count - 2 - len(layers)), every, curve.majority]


def _cells(point: Point | None, mark: tuple[str, ...], spread: bool) -> list[str]:
    """Write a layer, or the majority, whose name is empty; intervals have no blanks, as the groups stand close."""
    if point is None:
        return ["", "", *mark, ""]
    number = accuracy(point) if spread else f"{100 * point.value:.1f}"
    return [one_line(point.layer), number, *mark, interval(point).replace(" ", "")]


def capital(number: int) -> str:
    """Name backbones A to Z, then AA, BB, ..."""
    times, place = divmod(number, 26)
    return chr(ord("A") + place) * (times + 1)
