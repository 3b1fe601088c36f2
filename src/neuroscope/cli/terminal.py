"""Write to the terminal: results to stdout, everything else to stderr; foreign text is escaped here."""

from __future__ import annotations

import copy
import io
import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from neuroscope.errors import NeuroscopeError
from neuroscope.plugin.confinement import results_stdout
from neuroscope.runtime import streams
from neuroscope.runtime.progress_bar import progress_bar
from neuroscope.runtime.wording import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from neuroscope.plugin.loading import Plugins
    from neuroscope.workflows import Result


__all__ = ["Session", "complain", "progress_bar", "say", "show", "show_result", "write_object"]

_WIDE = 1000


@dataclass(frozen=True)
class Session:
    """Context that every command is given: how to load the plugins, and whether errors show their traceback."""

    load: Callable[[], Plugins]
    debug: bool = False


def complain(message: str) -> None:
    """Write a message to stderr, not wrapped; control characters in it are escaped, and nothing in it is markup."""
    with suppress(OSError):  # there is nobody to tell, and the exit code says it
        streams.write(sys.stderr, printable(message, _encoding(sys.stderr)) + "\n")


class Shown(Protocol):
    """Something that was found, in the forms that commands show."""

    def plain(self) -> dict[str, Any]:
        """All of it as one JSON object."""
        ...

    def sections(self, width: int = ..., /) -> Sequence[Any]:
        """What people are shown, in so many columns where it is possible."""
        ...

    def problems(self) -> Sequence[str]:
        """What is wrong with it, in lines."""
        ...


def show(found: Shown, *, json: bool) -> None:
    """Write what was found to stdout, as lines and tables or as one JSON object, and to stderr what is wrong with it.

    Raises:
        NeuroscopeError: stdout cannot be written.
    """
    try:
        if json:
            write_object(found.plain())
        else:
            say(*found.sections(*_columns()))
    finally:
        for line in found.problems():
            complain(line)


def show_result(result: Result, *, json: bool, debug: bool) -> None:
    """Show a result, and end as it ended.

    Args:
        result: of a workflow.
        json: one object ``{"run": ..., "rows": [...]}`` in place of lines and tables.
        debug: an error of a cell goes on as it is.

    Raises:
        typer.Exit: with 1, where cells have no result, with 2, where a file could not be written; the rest was shown.
        NeuroscopeError: stdout cannot be written.
    """
    import typer

    show(result, json=json)
    if debug and result.errors:
        raise result.errors[0]
    if result.unwritten:
        raise typer.Exit(2)
    if result.run.failed:
        raise typer.Exit(1)


def write_object(found: dict[str, Any]) -> None:
    """Write one JSON object to stdout, on one line.

    Raises:
        NeuroscopeError: stdout cannot be written; the object is on stderr then.
    """
    _write(json.dumps(found) + "\n")


def say(*parts: Any) -> None:
    """Write lines or tables for people to stdout; where that is no terminal, tables are as wide as they need.

    Raises:
        NeuroscopeError: stdout cannot be written; what was said is on stderr then.
    """
    _write("".join(map(_rendered, parts)))


def _write(text: str) -> None:
    try:
        streams.write(results_stdout(), text)
    except OSError as error:
        complain(text.removesuffix("\n"))
        raise NeuroscopeError(
            f"stdout cannot be written: {error.strerror or error}; what it was to hold is above"
        ) from error


def _rendered(part: Any) -> str:
    """Lay a line or a table out for stdout."""
    page, to_terminal = io.StringIO(), True if results_stdout().isatty() else None  # None: as the environment says
    console = Console(file=page, force_terminal=to_terminal, highlight=False, soft_wrap=True)
    encoding = _encoding(results_stdout())
    if not isinstance(part, Table):
        shown: Text | Table = Text(printable(part, encoding))
    else:
        shown = _shown_table(part, encoding)
        console.width = _width(console, shown)
    console.print(shown)
    return page.getvalue()


def _columns() -> list[int]:
    """Tell the columns of the terminal; empty where there is none, and lines are as long as they need."""
    return [Console().width] if results_stdout().isatty() or "COLUMNS" in os.environ else []


def _width(console: Console, table: Table) -> int:
    """Choose the width of a table: of a narrow terminal, the words that are longer than their share stay whole."""
    needs = Measurement.get(console, console.options.update(width=_WIDE**2), table)
    return max(*_columns(), needs.minimum) if _columns() else max(_WIDE, needs.maximum)


def _shown_table(table: Table, encoding: str) -> Table:
    """Copy a table with its cells as they can be shown: no markup, no control characters, nothing cut off."""
    shown = copy.copy(table)
    shown.columns, shown.rows = [column.copy() for column in table.columns], []
    for column in shown.columns:
        column.header = _shown_cell(column.header, encoding)
        if not column.no_wrap:
            column.overflow = "fold"
    for row, *cells in zip(table.rows, *(column.cells for column in table.columns), strict=True):
        shown.add_row(*(_shown_cell(cell, encoding) for cell in cells), style=row.style, end_section=row.end_section)
    for column in shown.columns:
        if column.no_wrap:
            column.min_width = max(cell_len(str(cell)) for cell in (column.header, *column.cells))
    return shown


def _shown_cell(cell: Any, encoding: str) -> Text:
    return Text(printable(str(cell), encoding), getattr(cell, "style", ""))


def _encoding(stream: Any) -> str:
    return getattr(stream, "encoding", None) or "utf-8"
