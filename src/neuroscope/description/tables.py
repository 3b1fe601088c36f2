"""The tables of a description, for 80 columns; of many classes or values, the most frequent and the least."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from neuroscope.description.counting import MINUTES, RECORDINGS, SPEAKERS, UTTERANCES
from neuroscope.description.tidy import ALL_PARTS, COLUMN, LEFT_OUT, TEST, TRAIN, UNUSABLE
from neuroscope.runtime.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polars import DataFrame, Series

    from neuroscope.description.facts import Amount, ColumnFacts

    Row = Mapping[str, Any]

_MANY, _MOST, _LEAST = 24, 12, 4
"""Rows of a table that are all shown; of more, so many of the most and of the least frequent."""
_ALL_NAMED, _NAMED = 5, 3
"""Values of a column that are all named; of more, so many of the most frequent, and the least."""
_FEW_MINUTES = 60
_LONG = 32
"""Signs of a value for people; of a column with longer ones, values are counted and not named."""


def column_table(columns: Sequence[ColumnFacts], counts: DataFrame) -> Table:
    """Make the table of columns: how many values in how many utterances, and which are the most frequent."""
    import polars

    table = _plain("column", "values", "utterances", "most frequent, … least")
    table.columns[-1].justify, table.columns[-1].no_wrap = "left", False
    for each in columns:
        rows = counts.filter(polars.col("what") == COLUMN, polars.col("column") == each.name)
        named = Text(_frequent(_by_frequency(rows.to_dicts())))
        table.add_row(Text(one_line(each.name)), f"{each.values:,}", f"{each.utterances:,}", named)
    return table


def _frequent(rows: Sequence[Row]) -> str:
    if any(len(row["value"]) > _LONG for row in rows):
        return ""
    names = [f"{one_line(row['value'])} ({row[UTTERANCES]:,})" for row in rows]
    if len(names) <= _ALL_NAMED:
        return ", ".join(names)
    return ", ".join([*names[:_NAMED], f"… {len(names) - _NAMED - 1:,} more …", names[-1]])


def amounts_table(column: str, rows: DataFrame, total: Amount) -> Table:
    """Make the table of a column's values, with minutes and speakers where they are known."""
    shown, digits = [UTTERANCES, *_known(rows)], digits_of(rows[MINUTES])
    table = _plain(one_line(column), *shown)
    for row in _some(rows.to_dicts()):
        table.add_row(*([row] if isinstance(row, str) else [_name(row), *_cells(row, shown, digits)]))
    values = {UTTERANCES: total.utterances, MINUTES: total.minutes, SPEAKERS: total.speakers}
    table.add_row("all", *_cells({**values, RECORDINGS: total.recordings}, shown, digits), style="dim")
    return table


def class_table(rows: DataFrame, has_split: bool) -> Table:
    """Make the table of a task's classes: utterances, minutes and speakers of each part; all classes last.

    Args:
        rows: of the task, from the table ``counts``.
        has_split: whether there are parts that train and test.
    """
    shown, digits = [name for name in _known(rows) if name != RECORDINGS], digits_of(rows[MINUTES])
    found = rows.to_dicts()
    parts = {(row["value"], row["part"]): row for row in found}
    main = [TRAIN, TEST] if has_split else [ALL_PARTS]
    more = [part for part in (LEFT_OUT, UNUSABLE) if any(row["part"] == part for row in found)]
    heads = [name for part in main for name in (part or UTTERANCES, *shown)]
    table = _plain("class", *heads, *more)
    totals = [row for row in found if row["part"] == ALL_PARTS and row["value"]]
    amounts = [(part, [UTTERANCES, *shown]) for part in main] + [(part, [UTTERANCES]) for part in more]
    for row in [*_some(totals), {"value": ""}]:
        if isinstance(row, str):
            table.add_row(row)
            continue
        name = row["value"]
        cells = [cell for part, wanted in amounts for cell in _cells(parts.get((name, part), {}), wanted, digits)]
        table.add_row(Text(one_line(name) or "all"), *cells, style="" if name else "dim")
    return table


def pair_table(rows: DataFrame) -> Table:
    """Make the table of trials, by what a column says of both of their utterances."""
    table = _plain("trials by", "of both", "trials", "target", "non-target")
    table.columns[1].justify, table.columns[1].no_wrap = "left", False
    for column, group in rows.group_by("column", maintain_order=True):
        for number, row in enumerate(_some(group.to_dicts(), by="trials")):
            head = "" if number else str(column[0])
            if isinstance(row, str):
                table.add_row("", row)
            else:
                table.add_row(head, _name(row), *(f"{row[name]:,}" for name in ("trials", "target", "nontarget")))
    return table


def _plain(first: str, *others: str) -> Table:
    """Make a table without lines; numbers are below each other."""
    table = Table(first, box=None, pad_edge=False, header_style="bold")
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _some(rows: Sequence[Row], by: str = UTTERANCES) -> list[Row | str]:
    """Return all rows of few; of many the most frequent and the least, with a line of how many are between."""
    if len(rows) <= _MANY:
        return list(rows)
    ordered = _by_frequency(rows, by)
    return [*ordered[:_MOST], f"… {len(rows) - _MOST - _LEAST:,} between …", *ordered[-_LEAST:]]


def _by_frequency(rows: Sequence[Row], by: str = UTTERANCES) -> list[Row]:
    return sorted(rows, key=lambda row: (-row[by], row["value"]))


def _known(rows: DataFrame) -> list[str]:
    """List the amounts beside utterances that are known of any row."""
    known = [MINUTES] if rows[MINUTES].null_count() < len(rows) else []
    return [*known, *(name for name in (SPEAKERS, RECORDINGS) if rows[name].sum())]


def digits_of(minutes: Series) -> int:
    """Tell how many decimals minutes have for people: more, where all of them together are few."""
    return 2 if minutes.sum() < _FEW_MINUTES else 1


def _cells(row: Row, names: Sequence[str], digits: int) -> list[str]:
    """Write amounts; there is none of what no row counts."""
    return [_minutes(row.get(name, 0.0), digits) if name == MINUTES else f"{row.get(name, 0):,}" for name in names]


def _minutes(minutes: float | None, digits: int) -> str:
    return "–" if minutes is None else f"{minutes:,.{digits}f}"


def _name(row: Row) -> Text:
    return Text(one_line(row["value"]))
