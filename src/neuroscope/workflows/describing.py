"""What is in the data, before anything is computed on them."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from neuroscope.contracts.progress import Progress, silent
from neuroscope.contracts.task import Classification
from neuroscope.data import sources
from neuroscope.errors import BadOption
from neuroscope.extraction.session import ExtractionSettings, Workspace
from neuroscope.plugin.loading import Plugins
from neuroscope.study.settings import StudySettings
from neuroscope.workflows import asked_data
from neuroscope.workflows.requirements import load_data

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from neuroscope.data.places import Data
    from neuroscope.description.result import Description


def describe(
    data: Data,
    tasks: Sequence[str] = (),
    *,
    split: str = "",
    save: Path | None = None,
    extraction: ExtractionSettings | None = None,
    plugins: Plugins | None = None,
    progress: Progress = silent,
) -> Description:
    """What is in the data, and what do tasks ask of them? Audio files are looked at, and nothing is computed.

    Args:
        data: where the utterances come from.
        tasks: in the component grammar; none = the data alone. Where no data are named, each is asked of its own.
        split: in the grammar of splits; empty = the task's own, else a split column, else unseen speakers.
        save: a folder for the utterances that the tasks ask about, as a manifest, and for their trials.
        extraction: with the cache folder, and the length of segments.
        plugins: those of the environment, unless given.
        progress: told of long work.

    Raises:
        NeuroscopeError: whatever the user can mend.
    """
    from neuroscope.description.describing import describe_loaded, joined

    plugins = plugins or Plugins.load()
    workspace = Workspace(extraction, progress)
    built = {choice.text: choice.build() for choice in map(plugins.tasks.choose, tasks)}
    if split and not any(isinstance(task, Classification) for task in built.values()):
        raise BadOption(
            f"--split {split}: it is of a task with classes; name one with --task (`neuroscope list tasks`)"
        )
    if save is not None:
        if not built:
            raise BadOption(f"--save {save}: it saves what tasks ask about; name one with --task")
        asked_data.check_folder(save)
    if not built:
        alone = sources.load(data, plugins, progress=progress, cache=workspace.folder)
        return describe_loaded(workspace.segment(alone), {}, workspace, plugins)
    asked = load_data(data, built, [], StudySettings(), plugins, workspace)
    by_data = groupby(asked, key=lambda text: id(asked[text]))
    groups = [{text: built[text] for text in texts} for _, texts in by_data]
    loaded = [asked[next(iter(tasks))] for tasks in groups]
    pairs = zip(groups, loaded, strict=True)
    found = joined([describe_loaded(each, tasks, workspace, plugins, split, data) for tasks, each in pairs])
    if save is not None:
        asked_data.save(save, groups, loaded, split, workspace)
    return found
