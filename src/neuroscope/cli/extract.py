"""``neuroscope extract``: bring utterances into the store."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from neuroscope import commands
from neuroscope.cli.terminal import progress_bar, show_result


@commands.with_options
def extract(
    context: typer.Context,
    *,
    backbone: Annotated[str, typer.Option("--backbone", metavar="B[,k=v…]", help="A model.")],
    option: commands.BackboneOptions = None,
    data: commands.Data,
    pooling: commands.Pooling = "",
    machine: commands.Machine,
    json: commands.Json = False,
) -> None:
    """Run every utterance through a model and store the pooled vectors of every layer; what is stored is not redone."""
    from neuroscope import workflows

    result = workflows.extract(
        backbone,
        data,
        backbone_options=tuple(option or ()),
        pooling=pooling,
        command=sys.argv,
        extraction=machine,
        plugins=context.obj.load(),
        progress=progress_bar,
    )
    show_result(result, json=json, debug=context.obj.debug)
