"""``neuroscope neurons``: rank the neurons that know a task's classes, and test the ranking against controls."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from neuroscope import commands
from neuroscope.cli.terminal import progress_bar, show_result
from neuroscope.defaults import CONTROLS


@commands.with_options
def neurons(
    context: typer.Context,
    *,
    backbone: commands.Backbone,
    task: Annotated[str, typer.Option("--task", metavar="T[,k=v…]", help="A question.")],
    option: commands.BackboneOptions = None,
    data: commands.Data,
    ranking: Annotated[str, typer.Option("--ranking", metavar="R[,k=v…]", help="What orders the neurons.")] = "",
    control: Annotated[
        list[str] | None,
        typer.Option(
            "--control",
            metavar="random|permuted|untrained",
            help="Repeatable; default: random and permuted. random takes distribution=normal|uniform|matched; "
            "untrained extracts an untrained twin for every run.",
        ),
    ] = None,
    study: commands.Study,
    machine: commands.Machine,
    neurons_to: Annotated[
        Path | None,
        typer.Option("--list", metavar="FILE.csv", help="Write the neurons of the minimal sets, for other programs."),
    ] = None,
    out: commands.Out = None,
    json: commands.Json = False,
) -> None:
    """Rank the neurons of a model, test the ranking, and find and count the smallest set that does as well as all."""
    from neuroscope import workflows

    result = workflows.neurons(
        backbone,
        task,
        data,
        study,
        backbone_options=tuple(option or ()),
        ranking=ranking,
        controls=CONTROLS if control is None else control,
        list_to=neurons_to,
        out=out,
        command=sys.argv,
        extraction=machine,
        plugins=context.obj.load(),
        progress=progress_bar,
    )
    show_result(result, json=json, debug=context.obj.debug)
