"""Write to the terminal: results to stdout, everything else to stderr."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from neuroscope.runtime.progress_bar import progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable

    from neuroscope.plugin.loading import Plugins
    from neuroscope.workflows import Result


__all__ = ["Session", "complain", "fail_with_cells", "progress_bar", "say", "write_json", "write_object"]

_WIDE = 1000


@dataclass(frozen=True)
class Session:
    """Context that every command is given: how to load the plugins, and whether errors show their traceback."""

    load: Callable[[], Plugins]
    debug: bool = False


def complain(message: str) -> None:
    """Write a message to stderr as it is: foreign text in it is no markup, and is not wrapped."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(message))


def write_json(result: Result) -> None:
    """Write one object to stdout: ``{"run": ..., "rows": [...]}``."""
    from neuroscope.contracts.records import plain
    from neuroscope.study.rows_table import plain_row

    write_object({"run": plain(result.run), "rows": [plain_row(row) for row in result.rows]})


def fail_with_cells(result: Result, *, debug: bool) -> None:
    """End with exit code 1 where cells have no result, and say which and why; the others were shown."""
    import typer

    from neuroscope.report.summary import line_of_failure

    for cell in result.run.failed:
        complain(f"Error: {line_of_failure(cell)}")
    if debug and result.errors:
        raise result.errors[0]
    if result.run.failed:
        raise typer.Exit(1)


def write_object(found: dict[str, Any]) -> None:
    """Write one JSON object to stdout, on one line."""
    sys.stdout.write(json.dumps(found) + "\n")


def say(*parts: Any) -> None:
    """Write lines or tables for people to stdout; where that is no terminal, tables are as wide as they need."""
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _WIDE
    console = Console(highlight=False, soft_wrap=True, width=width)
    for part in parts:
        console.print(Text(part) if isinstance(part, str) else part)
