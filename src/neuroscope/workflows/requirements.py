"""What a command needs before it can begin: the data, and the weights of its backbones; all that is missing at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.contracts.task import Verification
from neuroscope.data import places, sources
from neuroscope.data.missing import MissingTogether
from neuroscope.errors import BadOption
from neuroscope.study.cell_runner import CellRunner
from neuroscope.weights import nothing_downloaded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from neuroscope.contracts.task import Task
    from neuroscope.data.places import Data
    from neuroscope.data.sources import LoadedData
    from neuroscope.extraction.session import Workspace
    from neuroscope.plugin.loading import Plugins
    from neuroscope.study.settings import StudySettings

    Key = tuple[tuple[str, Path], ...]


def load_data(
    data: Data,
    tasks: Mapping[str, Task],
    backbones: Sequence[str],
    study: StudySettings,
    plugins: Plugins,
    workspace: Workspace,
) -> dict[str, LoadedData]:
    """Read the data of each task, what several are asked of once; what is missing is told together with weights.

    Args:
        data: what the user named.
        tasks: by canonical text; their default data are read where the user names none.
        backbones: canonical texts; no weights are downloaded for them here.
        study: with the layers that are asked for.
        plugins: with the readers and backbones.
        workspace: cuts recordings into segments where its settings say so.

    Returns:
        Task -> its data; tasks of the same data have the same object, and stand beside each other.

    Raises:
        MissingData: of the data, and of all weights that are not here.
        NeuroscopeError: the data cannot be read.
    """
    missing = MissingTogether()
    loaded: dict[Key, LoadedData] = {}
    known = [name for task in tasks.values() for name in (*task.datasets, *_proxy_of(task))]
    found = {text: _find(text, data, plugins, task.datasets, known) for text, task in tasks.items()}
    keys = {text: tuple(source.key for source in each) for text, each in found.items()}
    for key, each in {keys[text]: found[text] for text in tasks}.items():
        with missing:
            read = sources.read(each, data, progress=workspace.progress, cache=workspace.folder)
            loaded[key] = workspace.segment(read)
    if missing.found:
        with nothing_downloaded():
            check_backbones(backbones, study, CellRunner(plugins, workspace), missing)
    missing.check()
    return {text: data for key, data in loaded.items() for text in tasks if keys[text] == key}


def _proxy_of(task: Task) -> tuple[str, ...]:
    return (task.proxy,) if isinstance(task, Verification) and task.proxy else ()


def _find(
    text: str, data: Data, plugins: Plugins, wanted: Sequence[str], known: Sequence[str]
) -> tuple[places.Source, ...]:
    """Find the data of a task.

    Raises:
        BadOption: neither the user nor the task names any, or too much is named.
    """
    try:
        return places.find(data, plugins, wanted, known)
    except BadOption as error:
        raise BadOption(f"task {text}: {error}") from None


def check_backbones(
    backbones: Sequence[str], study: StudySettings, runner: CellRunner, missing: MissingTogether
) -> None:
    """Check every backbone and its layers, and note in ``missing`` whose weights are not there."""
    for backbone in backbones:
        with missing:
            runner.check_backbone(backbone, study)
