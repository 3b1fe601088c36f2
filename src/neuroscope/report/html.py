"""Lines and tables as HTML for notebooks; whatever text they hold is escaped."""

from __future__ import annotations

from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Any

from neuroscope.runtime.wording import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.table import Column, Table

    from neuroscope.report.sections import Section

_TABLE = "margin:1em 0;white-space:pre;font-variant-numeric:tabular-nums"  # blanks keep numbers in line
_COLOURS = {"cyan": ";color:#1f6f8b"}


def as_html(sections: Iterable[Section]) -> str:
    """One ``div``: lines that follow each other are a paragraph, and an empty one begins another."""
    parts = []
    for kind, group in groupby(sections, key=lambda each: isinstance(each, str) and ("line" if each else "free")):
        if kind == "line":
            parts.append(f"<p>{'<br>'.join(_shown(line) for line in group)}</p>")
        elif not kind:
            parts += [_table(each) for each in group if not isinstance(each, str)]
    return "\n".join(['<div class="neuroscope">', *parts, "</div>"])


def _table(table: Table) -> str:
    columns = table.columns
    head = "".join(_cell("th", column, column.header) for column in columns)
    cells = [list(column.cells) for column in columns]
    body = [_row(columns, values, str(row.style or "")) for row, *values in zip(table.rows, *cells, strict=True)]
    return f'<table style="{_TABLE}">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{"".join(body)}</tbody>\n</table>'


def _row(columns: Sequence[Column], values: Sequence[Any], style: str) -> str:
    cells = "".join(_cell("td", column, value) for column, value in zip(columns, values, strict=True))
    return f'<tr style="opacity:0.65">{cells}</tr>\n' if style == "dim" else f"<tr>{cells}</tr>\n"


def _cell(tag: str, column: Column, value: Any) -> str:
    side = "right" if column.justify == "right" else "left"
    colour = _COLOURS.get(str(getattr(value, "style", "")), "")
    return f'<{tag} style="text-align:{side}{colour}">{_shown(value)}</{tag}>'


def _shown(text: Any) -> str:
    return escape(printable(str(text)))
