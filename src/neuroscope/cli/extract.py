"""``neuroscope extract``: bring utterances into the store."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from neuroscope.cli import parameters
from neuroscope.cli.probe import lines_of_extraction
from neuroscope.cli.terminal import progress_bar, say, write_json
from neuroscope.defaults import DTYPE, MAX_DURATION, MAX_ERRORS


def extract(
    context: typer.Context,
    backbone: Annotated[str, typer.Option("--backbone", metavar="B[,k=v…]", help="A model.")],
    option: parameters.BackboneOptions = None,
    dataset: parameters.Dataset = "",
    root: parameters.Root = None,
    data: parameters.Roots = None,
    where: parameters.Where = None,
    pooling: parameters.Pooling = "",
    device: parameters.Device = "cpu",
    dtype: parameters.Dtype = DTYPE,
    rehash: parameters.Rehash = False,
    on_error: parameters.OnError = "skip",
    max_errors: parameters.MaxErrors = MAX_ERRORS,
    segment: parameters.Segment = None,
    max_duration: parameters.MaxDuration = MAX_DURATION,
    json: parameters.Json = False,
) -> None:
    """Run every utterance through a model and store the pooled vectors of every layer; what is stored is not redone."""
    from neuroscope import workflows

    result = workflows.extract(
        backbone,
        parameters.data_of(dataset, root, data, where),
        backbone_options=tuple(option or ()),
        pooling=pooling,
        command=sys.argv,
        machine=workflows.Machine(
            device=device,
            dtype=dtype,
            rehash=rehash,
            on_error=on_error,
            max_errors=max_errors,
            segment=segment,
            max_duration=max_duration,
        ),
        plugins=context.obj.load(),
        progress=progress_bar,
    )
    if json:
        write_json(result)
    else:
        (about,) = result.run["extractions"]
        say(*lines_of_extraction(about), f"Representation {about['representation']}")
