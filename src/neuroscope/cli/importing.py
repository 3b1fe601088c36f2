"""``neuroscope import``: bring vectors computed elsewhere into the store."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuroscope import commands
from neuroscope.cli.terminal import progress_bar, say, write_object
from neuroscope.defaults import DTYPE
from neuroscope.runtime.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 5
"""Names that are listed of many."""


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
    if done.taken and list(done.taken) != list(done.layers):
        say(f"Taken from {file.name}: {_listed(done.taken)}")
    if done.left_out:
        say(f"Left out: {_listed([f'{what} ({why})' for what, why in done.left_out.items()])}")
    if done.missing:
        say(f"Without a vector: {counted(done.missing, 'utterance')} of the manifest.")
    say(f"Representation {done.key}")


def _listed(names: Sequence[str]) -> str:
    """List names for people, the middle of many left out."""
    if len(names) <= _SHOWN:
        return ", ".join(names)
    return f"{', '.join(names[: _SHOWN - 1])} ... {names[-1]} ({len(names)} in all)"
