"""Options about how a study is made, each with its one help text, and the settings they make.

Public through ``neuroscope.commands``. Importing it loads nothing heavy.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from neuroscope.commands.data_options import Pooling  # noqa: TC001 - typer reads annotations at run time
from neuroscope.defaults import PRESETS, RUNS
from neuroscope.study.settings import StudySettings

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


def study_of(
    split: Split = "",
    layers: Layers = "",
    pooling: Pooling = "",
    probe: Probe = "",
    preset: Preset = "",
    runs: Runs = RUNS,
    seed: Seed = 0,
) -> StudySettings:
    """Make the settings of a study from their seven options."""
    chosen = tuple(layers.split(",")) if layers else ()
    return StudySettings(split=split, layers=chosen, pooling=pooling, probe=probe, preset=preset, runs=runs, seed=seed)
