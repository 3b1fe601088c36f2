"""``neuroscope import``: bring vectors computed elsewhere into the store."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from neuroscope import commands
from neuroscope.cli.terminal import progress_bar, say, write_object
from neuroscope.defaults import DTYPE
from neuroscope.runtime.wording import counted


def import_vectors(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(help=".npy, .npz with ids and values, .safetensors, .parquet, or a folder of one .npy an id."),
    ],
    manifest: Annotated[
        Path, typer.Option("--manifest", metavar="M", help="Whose ids the vectors belong to; as --root of probe.")
    ],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Then --backbone stored:NAME has the vectors.")],
    layers: Annotated[
        str,
        typer.Option("--layers", metavar="L:WIDTH,…", help="Columns of each layer; default: the file's own, or one."),
    ] = "",
    dataset: commands.Dataset = "",
    dtype: commands.Dtype = DTYPE,
    replace: Annotated[bool, typer.Option("--replace", help="In place of other vectors of this name.")] = False,
    json: commands.Json = False,
) -> None:
    """Bring vectors that another program computed into the store, to be probed like any other; all of them or none."""
    from neuroscope import workflows

    done = workflows.import_vectors(
        file,
        commands.data_of(dataset, manifest, None, None),
        name=name,
        layers=layers,
        replace=replace,
        extraction=workflows.ExtractionSettings(dtype=dtype),
        plugins=context.obj.load(),
        progress=progress_bar,
    )
    if json:
        write_object(asdict(done))
        return
    widths = ", ".join(f"{layer} ({width})" for layer, width in done.layers.items())
    say(f"{counted(done.rows, 'utterance')}, layers {widths}: --backbone stored:{done.name}")
    if done.missing:
        say(f"Without a vector: {counted(done.missing, 'utterance')} of the manifest.")
    say(f"Representation {done.key}")
