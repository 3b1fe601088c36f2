"""Where text goes: results to stdout, everything else to stderr; progress on a terminal alone."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from neuroscope.plugins import Plugins
    from neuroscope.workflows import Result


_WIDE = 1000


@dataclass(frozen=True)
class Session:
    """What every command is given: how to load the plugins, and whether errors show their traceback."""

    load: Callable[[], Plugins]
    debug: bool = False


def complain(message: str) -> None:
    """Write a message to stderr as it is: foreign text in it is no markup, and is not wrapped."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(message))


def write_json(result: Result) -> None:
    """One object on stdout: ``{"run": ..., "rows": [...]}``."""
    from neuroscope.results import record

    text = json.dumps({"run": result.run, "rows": [record(row) for row in result.rows]})
    sys.stdout.write(text + "\n")


def say(*parts: Any) -> None:
    """Write lines or tables for people to stdout; where that is no terminal, tables are as wide as they need."""
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _WIDE
    console = Console(highlight=False, soft_wrap=True, width=width)
    for part in parts:
        console.print(Text(part) if isinstance(part, str) else part)


@contextmanager
def progress_bar(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr where that is a terminal; nothing elsewhere."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=total)
        yield lambda steps: bar.advance(task, steps)
