"""What people are shown of several backbones that were asked one task."""

from __future__ import annotations

from itertools import chain, combinations, count
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from neuroscope.contracts.rows import ALL
from neuroscope.defaults import LEVEL
from neuroscope.report.layer_curve import sentence
from neuroscope.report.layer_table import WIDEST
from neuroscope.report.marks import Marks
from neuroscope.report.side_by_side.table import Side, capital, side_by_side
from neuroscope.report.summary import lines_of_split, what_varied
from neuroscope.runtime.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from neuroscope.contracts.records import CellRecord
    from neuroscope.report.layer_curve import Curve, Point


def sections_of_task(cells: Sequence[tuple[CellRecord, Curve]], width: int = WIDEST) -> list[str | Table]:
    """Make the lines and tables of one task: the names, the layers, warnings, and what is told apart.

    Args:
        cells: of several backbones.
        width: columns that a table may take.
    """
    numbers = count()
    sides = [Side(capital(n), cell, curve, Marks(cell, numbers)) for n, (cell, curve) in enumerate(cells)]
    first = sides[0].cell
    found: list[str | Table] = ["", f"{first.task} in {len(sides)} backbones, on {first.dataset}"]
    found += [f"{side.letter}: {one_line(side.cell.backbone)}" for side in sides]
    tables, printed = side_by_side(sides, width)
    found += _shared(sides, lambda side: lines_of_split(side.cell))
    found += chain.from_iterable(("", table) for table in tables)
    found += ["", *_shared(sides, lambda side: [_what_varied(side, printed)])]
    found += _warnings(sides)
    found += [f"{side.letter}: {sentence(side.curve)}" for side in sides]
    return [*found, *_compared(sides)]


def _shared(sides: Sequence[Side], lines_of: Callable[[Side], list[str]]) -> list[str]:
    """Say once what holds for all, else of each what holds for it."""
    each = [lines_of(side) for side in sides]
    if all(lines == each[0] for lines in each):
        return each[0]
    return [f"{side.letter}: {line}" for side, lines in zip(sides, each, strict=True) for line in lines]


def _what_varied(side: Side, printed: bool) -> str:
    return what_varied(side.cell, spread=any(point.sd is not None for point in side.curve.points), printed=printed)


def _warnings(sides: Sequence[Side]) -> list[str]:
    """Each warning with the backbone that it is about; one without a mark that all have alike is said once."""
    each = [side.marks.warnings() for side in sides]
    common = [warning for warning in each[0] if not warning[0] and all(warning in others for others in each)]
    lines = [
        f"{f'{mark} ' if mark else ''}Warning: {side.letter}: {line}."
        for side, warnings in zip(sides, each, strict=True)
        for mark, line in warnings
        if (mark, line) not in common
    ]
    return [*lines, *(f"Warning: {line}." for _, line in common)]


def _compared(sides: Sequence[Side]) -> list[str | Table]:
    """Show the differences between all pairs, and say who is compared with whom, and why not."""
    first_of: dict[str, Side] = {}
    twins = [side for side in sides if first_of.setdefault(side.cell.representation, side) is not side]
    pairs = list(combinations([side for side in sides if side not in twins], 2))
    gaps = [(one, other, gap) for one, other in pairs if (gap := one.curve.beyond.get(other.curve.run)) is not None]
    found: list[str | Table] = []
    if gaps:
        several = sum(side.curve.whole is not None for side in first_of.values()) > 2  # also where not all are compared
        at_once = ", with intervals of all pairs at once" if several else ""
        found += ["", f"Differences on the same test utterances{at_once}", _gap_table(gaps)]
    found += [f"{each.letter}: the same vectors as {first_of[each.cell.representation].letter}." for each in twins]
    without = [side for side in first_of.values() if side.curve.whole is None]
    others = [
        f"{one.letter} with {other.letter}"
        for one, other in pairs
        if other.curve.run not in one.curve.beyond and one not in without and other not in without
    ]
    if without:
        names = ", ".join(side.letter for side in without)
        found.append(f"Not compared with others, as there is no ALL: {names}.")
    if others:
        found.append(f"Not compared, as they are not of the same utterances in the same split: {', '.join(others)}.")
    return found


def _gap_table(gaps: Sequence[tuple[Side, Side, Point]]) -> Table:
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for name in ("accuracy of", "less that of"):
        table.add_column(name, no_wrap=True)
    for name in ("points", "95 % interval"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")  # words, which may go on in the next line
    for one, other, gap in gaps:
        ends = "–" if gap.low is None or gap.high is None else f"{100 * gap.low:+.1f} to {100 * gap.high:+.1f}"
        cells = (_named(one), _named(other), f"{100 * gap.value:+.1f}", ends, _verdict(one, other, gap))
        table.add_row(*map(Text, cells))
    return table


def _named(side: Side) -> str:
    """Name what was compared: ALL of a backbone, or its one layer."""
    layer = ALL if side.curve.whole is None else side.curve.whole.layer
    return f"{side.letter} {one_line(layer)}"


def _knows(side: Side) -> bool:
    """Tell whether a probe that knows nothing would hardly do as well."""
    layer = "" if side.curve.whole is None else side.curve.whole.layer
    return side.curve.p_values.get(layer, 1.0) < LEVEL


def _verdict(one: Side, other: Side, gap: Point) -> str:
    """Say who is ahead, where that may be said."""
    if gap.low is None or gap.high is None:
        return "the test part is one group: nothing to compare by"
    for side in (one, other):
        if side.curve.whole is not None and side.curve.whole.layer in side.curve.unlearned:
            return f"{side.letter}'s probe is far from its optimum: nothing is said"
    if not any(_knows(side) for side in (one, other)):
        return "neither is shown to know it"
    if gap.low > 0 or gap.high < 0:
        return f"{one.letter if gap.low > 0 else other.letter} is ahead"
    return "not told apart"
