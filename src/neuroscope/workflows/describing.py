"""What is in the data, before anything is computed on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.contracts.progress import Progress, silent
from neuroscope.contracts.task import Classification
from neuroscope.data import sources
from neuroscope.errors import BadOption
from neuroscope.extraction.session import ExtractionSettings, Workspace
from neuroscope.plugin.loading import Plugins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroscope.data.sources import Data
    from neuroscope.description.result import Description


def describe(
    data: Data,
    tasks: Sequence[str] = (),
    *,
    split: str = "",
    extraction: ExtractionSettings | None = None,
    plugins: Plugins | None = None,
    progress: Progress = silent,
) -> Description:
    """What is in the data, and what do tasks ask of them? Audio files are looked at, and nothing is computed.

    Args:
        data: where the utterances come from.
        tasks: in the component grammar; none = the data alone.
        split: in the grammar of splits; empty = the task's own, else a split column, else unseen speakers.
        extraction: with the cache folder, and the length of segments.
        plugins: those of the environment, unless given.
        progress: told of long work.

    Raises:
        NeuroscopeError: whatever the user can mend.
    """
    from neuroscope.description.describing import describe_loaded

    plugins = plugins or Plugins.load()
    workspace = Workspace(extraction, progress)
    built = {choice.text: choice.build() for choice in map(plugins.tasks.choose, tasks)}
    if split and not any(isinstance(task, Classification) for task in built.values()):
        raise BadOption(
            f"--split {split}: it is of a task with classes; name one with --task (`neuroscope list tasks`)"
        )
    found = [sources.find(data, plugins, task.datasets) for task in built.values()] or [sources.find(data, plugins)]
    if len({tuple(each.key for each in of_task) for of_task in found}) > 1:
        raise BadOption(f"tasks {', '.join(built)} are asked of different data; describe one at a time")
    loaded = workspace.segment(sources.read(found[0], data, progress=progress, cache=workspace.folder))
    return describe_loaded(loaded, built, workspace, plugins, split)
