"""``neuroscope new plugin``: write a package to begin a plugin from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuroscope import scaffold
from neuroscope.cli.terminal import say

if TYPE_CHECKING:
    from collections.abc import Callable


def build(guarded: Callable[[Callable[..., None]], Callable[..., None]]) -> typer.Typer:
    """Build the group of commands, each guarded against errors."""
    app = typer.Typer(no_args_is_help=True, help="Begin a plugin of your own.")

    app.command("plugin")(guarded(plugin))
    return app


def plugin(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What users will type; the distribution is neuroscope-NAME.")],
    kind: Annotated[str, typer.Option("--kind", metavar="|".join(scaffold.KINDS), help="What it brings.")],
    wraps: Annotated[
        str,
        typer.Option(
            "--wraps",
            metavar="|".join(scaffold.WRAPS),
            help="A backbone around a torch network: layers are its modules, weights come from a wheel.",
        ),
    ] = "",
    into: Annotated[
        Path, typer.Option("--into", metavar="DIR", help="Where its folder is made; default: here.")
    ] = Path(),
) -> None:
    """Write a whole package that installs, is listed and passes `neuroscope check`, with a toy body to replace."""
    folder = scaffold.write(name, kind, into, context.obj.load(), wraps)
    check = f"neuroscope check {scaffold.check_of(name, kind, wraps)}"
    say(str(folder), "", f"pip install --editable {folder}", f"neuroscope show {kind} {name}", check)
