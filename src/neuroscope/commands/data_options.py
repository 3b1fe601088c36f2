"""Options about data and extraction that commands share, each with its one help text, and the settings they make.

Public through ``neuroscope.commands``. Importing it loads nothing heavy.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from neuroscope.data.places import Data
from neuroscope.defaults import DTYPE, MAX_DURATION, MAX_ERRORS
from neuroscope.extraction.session import ExtractionSettings

_DATA = "Data"
_MACHINE = "Extraction and storage"

Backbone: TypeAlias = Annotated[str, typer.Option("--backbone", metavar="B[,k=v…]", help="A model.")]
Dataset: TypeAlias = Annotated[
    str,
    typer.Option("--dataset", metavar="D[,k=v…]", help="A dataset (neuroscope list datasets).", rich_help_panel=_DATA),
]
Root: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--root",
        metavar="PATH",
        help="Where the dataset lies. Alone it is enough: a .csv, .tsv or .jsonl manifest, or the folder of the task's "
        "own dataset, else of any audio.",
        rich_help_panel=_DATA,
    ),
]
Roots: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--data", metavar="D=PATH", help="Where one of several datasets lies; they are joined.", rich_help_panel=_DATA
    ),
]
Where: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="COLUMN=VALUE[,VALUE]",
        help="Only utterances with one of these values; repeated, all hold.",
        rich_help_panel=_DATA,
    ),
]
BackboneOptions: TypeAlias = Annotated[
    list[str] | None, typer.Option("--option", "-o", metavar="K=V", help="An option of the one backbone.")
]
Pooling: TypeAlias = Annotated[
    str, typer.Option("--pooling", metavar="P", help="How frames become one vector; default: each layer's own.")
]
Device: TypeAlias = Annotated[str, typer.Option("--device", help="cpu, cuda:0, …", rich_help_panel=_MACHINE)]
Threads: TypeAlias = Annotated[
    int,
    typer.Option(
        "--threads",
        help="Of the processor; 0 = those granted to the process, at most OMP_NUM_THREADS. Numbers are the same.",
        rich_help_panel=_MACHINE,
    ),
]
Dtype: TypeAlias = Annotated[
    str, typer.Option("--dtype", help="Of the stored vectors: float32 or float16.", rich_help_panel=_MACHINE)
]
Rehash: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--rehash",
        help="Read every audio file again, also those that seem not to have changed.",
        rich_help_panel=_MACHINE,
    ),
]
OnError: TypeAlias = Annotated[
    str,
    typer.Option(
        "--on-error", metavar="skip|fail", help="At an utterance that cannot be used.", rich_help_panel=_MACHINE
    ),
]
MaxErrors: TypeAlias = Annotated[
    float,
    typer.Option("--max-errors", metavar="SHARE", help="Largest share of such utterances.", rich_help_panel=_MACHINE),
]
Segment: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--segment",
        metavar="SECONDS",
        help="Cut longer recordings into utterances of this length; split by group:recording to keep them together.",
        rich_help_panel=_MACHINE,
    ),
]
MaxDuration: TypeAlias = Annotated[
    float,
    typer.Option(
        "--max-duration",
        metavar="SECONDS",
        help="Longer utterances cannot be used, unless the model streams.",
        rich_help_panel=_MACHINE,
    ),
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="One JSON object on stdout and nothing else.")]


def data_of(dataset: Dataset = "", root: Root = None, roots: Roots = None, where: Where = None) -> Data:
    """Make ``Data`` from its four options."""
    return Data(dataset=dataset, root=root, roots=tuple(roots or ()), where=tuple(where or ()))


def machine_of(
    device: Device = "cpu",
    threads: Threads = 0,
    dtype: Dtype = DTYPE,
    rehash: Rehash = False,
    on_error: OnError = "skip",
    max_errors: MaxErrors = MAX_ERRORS,
    segment: Segment = None,
    max_duration: MaxDuration = MAX_DURATION,
) -> ExtractionSettings:
    """Make the settings of extraction and storage from their eight options."""
    return ExtractionSettings(
        device=device,
        threads=threads,
        dtype=dtype,
        rehash=rehash,
        on_error=on_error,
        max_errors=max_errors,
        segment=segment,
        max_duration=max_duration,
    )
