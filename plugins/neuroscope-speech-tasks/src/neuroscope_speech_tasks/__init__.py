"""Readers of corpora, and questions about speech."""

from __future__ import annotations

from typing import TYPE_CHECKING

import neuroscope

if TYPE_CHECKING:
    from neuroscope import Manifest, Registrar, Task

_HERE = "neuroscope_speech_tasks"


@neuroscope.hookimpl
def register_datasets(register: Registrar[Manifest]) -> None:
    """Register the readers."""
    register("csv", f"{_HERE}.table:read_table", summary="a manifest: .csv, .tsv or .jsonl, one row an utterance")
    register("folder", f"{_HERE}.folder:read_folder", summary="audio files below a folder; class = the file's folder")


@neuroscope.hookimpl
def register_tasks(register: Registrar[Task]) -> None:
    """Register the questions."""
    register("gc", f"{_HERE}.tasks:gender", summary="gender of unseen speakers (column gender)")
    register("label:", f"{_HERE}.tasks:label", summary="label:COLUMN asks about any column of the manifest")
