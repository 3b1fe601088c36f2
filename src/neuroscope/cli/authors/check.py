"""``neuroscope check``: does a component, or an installed plugin, keep its contract?"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from neuroscope import commands
from neuroscope.cli.terminal import progress_bar, say, write_object
from neuroscope.errors import BadOption
from neuroscope.plugin.options import parse_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroscope.testing import Outcome

_STYLES = {"passed": "green", "skipped": "dim", "failed": "bold red", "unexpected pass": "bold red"}


@commands.with_options
def check(
    context: typer.Context,
    *,
    kind: Annotated[str, typer.Argument(help="backbone, dataset, task, pooling, probe, ranking or plugin.")],
    name: Annotated[str, typer.Argument(help="As name,key=value,…; for a plugin its distribution.")],
    path: Annotated[
        Path | None, typer.Argument(metavar="[PATH]", help="Where a dataset lies, or a task's data: short for --root.")
    ] = None,
    data: commands.Data,
    expect: Annotated[
        list[str] | None,
        typer.Option("--expect", metavar="CHECK=REASON", help="This check fails, and why; it then has to. Repeatable."),
    ] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Show only the checks that it fails.")] = False,
    json: commands.Json = False,
) -> None:
    """Check one component, or an installed plugin, against its contract; exit code 1 if it does not keep it."""
    from neuroscope import testing

    if path is not None and data.root is not None:
        raise BadOption(f"the data are given twice: {path} and --root {data.root}")
    given = replace(data, root=data.root or path)
    expected = parse_pairs(expect or [], of="--expect")
    outcomes = testing.run(
        kind,
        name,
        None if given == commands.Data() else given,
        expected=expected,
        plugins=context.obj.load(),
        progress=progress_bar,
    )
    shown = [each for each in outcomes if not (failed and each.ok)]
    if json:
        found = [{**asdict(each), "ok": each.ok} for each in shown]
        write_object({"kind": kind, "name": name, "ok": all(each.ok for each in outcomes), "checks": found})
    else:
        say(*([_table(shown)] if shown else []), _count(outcomes))
    if not all(each.ok for each in outcomes):
        raise typer.Exit(1)


def _table(outcomes: Sequence[Outcome]) -> Table:
    """Make a table with a row for each check: its reason, or what it is about where there is none."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("check", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("about, or reason", overflow="fold")
    for each in outcomes:
        style = _STYLES.get(each.verdict, "")
        table.add_row(Text(each.check), Text(each.verdict, style), Text(each.reason or each.about))
    return table


def _count(outcomes: Sequence[Outcome]) -> str:
    """Count the checks, and those of each verdict."""
    counts = Counter(each.verdict for each in outcomes)
    return f"{len(outcomes)} checks: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
