"""The data that tasks ask about, as files: what they drew of a corpus, and the trials that they made."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from neuroscope.contracts.task import Classification
from neuroscope.data.labelling import label_manifest
from neuroscope.data.manifest_csv import manifest_csv, write_manifest
from neuroscope.data.trials.asking import ask_trials
from neuroscope.data.trials.lists import write_trials
from neuroscope.errors import BadOption
from neuroscope.plugin import options
from neuroscope.runtime.files import whole_folder, write_on_trial

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from neuroscope.contracts.task import Task
    from neuroscope.data.sources import LoadedData
    from neuroscope.extraction.session import Workspace


def check_folder(folder: Path) -> None:
    """Refuse a folder that is there already: what it holds is the user's.

    Raises:
        BadOption: with what is wrong.
    """
    if os.path.lexists(folder):
        raise BadOption(f"--save {folder} is there already; name a folder that is not")
    try:
        write_on_trial(folder)
    except OSError as error:
        raise BadOption(f"--save {folder} cannot be written: {error.strerror or error}") from None


def save(
    folder: Path,
    groups: Sequence[Mapping[str, Task]],
    loaded: Sequence[LoadedData],
    split: str,
    workspace: Workspace,
) -> None:
    """Write the utterances that tasks are asked about, and their trials, whole or not at all.

    The folder has ``manifest.csv``, which the reader ``csv`` reads, and ``trials-TASK.txt`` of tasks of verification.
    Where tasks are asked of different data, each data has its own: ``manifest-1.csv`` and ``trials-TASK-1.txt``, ...

    Args:
        folder: theirs.
        groups: the tasks of each data, by canonical text.
        loaded: the data.
        split: in the grammar of splits; empty = each task's own.
        workspace: finds how long utterances are, where a task draws hours of them.
    """
    with whole_folder(folder) as unfinished:
        for number, (tasks, data) in enumerate(zip(groups, loaded, strict=True), start=1):
            of_data, used = "" if len(loaded) == 1 else f"-{number}", set[str]()
            for text, task in tasks.items():
                if isinstance(task, Classification):
                    rows = label_manifest(text, task, data.manifest, split, workspace.lengths).rows
                    used |= {each.id for each in rows.utterances}
                else:
                    trials = ask_trials(text, task, data.manifest).trials
                    used |= {name for each in trials for name in (each.enrolment, each.test)}
                    write_trials(_free(unfinished, f"trials-{options.parse(text)[0]}{of_data}"), trials)
            manifest = manifest_csv([each for each in data.manifest if each.id in used])
            write_manifest(unfinished / f"manifest{of_data}.csv", manifest)


def _free(folder: Path, name: str) -> Path:
    """Return the path of a text file that is not there yet: ``NAME.txt``, ``NAME-2.txt``, ..."""
    number = 1
    while (file := folder / (f"{name}.txt" if number == 1 else f"{name}-{number}.txt")).exists():
        number += 1
    return file
