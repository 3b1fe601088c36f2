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
from neuroscope.workflows.requirements import load_data

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from neuroscope.data.sources import Data, LoadedData
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
        tasks: in the component grammar; none = the data alone. Where no data are named, each is asked of its own.
        split: in the grammar of splits; empty = the task's own, else a split column, else unseen speakers.
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
    if not built:
        loaded = sources.load(data, plugins, progress=progress, cache=workspace.folder)
        return describe_loaded(workspace.segment(loaded), {}, workspace, plugins)
    asked = load_data(data, built, [], StudySettings(), plugins, workspace)
    described = [
        describe_loaded(asked[tasks[0]], {text: built[text] for text in tasks}, workspace, plugins, split)
        for tasks in _by_data(asked)
    ]
    return joined(described)


def _by_data(asked: Mapping[str, LoadedData]) -> list[list[str]]:
    """List the tasks of each data, which stand beside each other."""
    return [[text for text, _ in group] for _, group in groupby(asked.items(), key=lambda pair: id(pair[1]))]
