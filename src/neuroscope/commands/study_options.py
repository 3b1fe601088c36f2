"""The options that commands that analyse share, each with its one help text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from neuroscope.defaults import PRESETS

Split: TypeAlias = Annotated[
    str,
    typer.Option(
        "--split",
        metavar="S",
        help="speaker, utterance, group:COLUMN, column:COLUMN; default: the task's, a split column, speaker.",
    ),
]
Layers: TypeAlias = Annotated[str, typer.Option("--layers", metavar="L,…", help="Only these layers.")]
Probe: TypeAlias = Annotated[str, typer.Option("--probe", metavar="P[,k=v…]", help="The classifier.")]
Preset: TypeAlias = Annotated[
    str, typer.Option("--preset", metavar="|".join(PRESETS), help="Settings of a publication.")
]
Runs: TypeAlias = Annotated[int, typer.Option("--runs", help="Repetitions.")]
Seed: TypeAlias = Annotated[int, typer.Option("--seed", help="Of the first run; the others follow by one.")]
Out: TypeAlias = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="The run folder.")]


def names(text: str) -> tuple[str, ...]:
    """Names with commas between them."""
    return tuple(name for name in text.split(",") if name)
