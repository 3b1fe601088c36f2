"""``neuroscope probe``: train a probe on every layer of a model."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from neuroscope import commands
from neuroscope.cli.terminal import progress_bar, show_result


@commands.with_options
def probe(
    context: typer.Context,
    *,
    backbone: Annotated[
        list[str], typer.Option("--backbone", metavar="B[,k=v…]", help="A model; repeat to compare several.")
    ],
    task: Annotated[list[str], typer.Option("--task", metavar="T[,k=v…]", help="A question; repeat to ask several.")],
    option: commands.BackboneOptions = None,
    data: commands.Data,
    study: commands.Study,
    machine: commands.Machine,
    out: commands.Out = None,
    json: commands.Json = False,
) -> None:
    """Train a probe on every layer and on ALL, and print the layer-wise accuracies with the majority baseline."""
    from neuroscope import workflows

    result = workflows.probe(
        backbone,
        task,
        data,
        study,
        backbone_options=tuple(option or ()),
        out=out,
        command=sys.argv,
        extraction=machine,
        plugins=context.obj.load(),
        progress=progress_bar,
    )
    show_result(result, json=json, debug=context.obj.debug)
