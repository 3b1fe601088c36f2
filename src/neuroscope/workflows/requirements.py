"""What a command needs before it can begin: the data, and the weights of its backbones; all that is missing at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.data import sources
from neuroscope.data.missing import MissingTogether
from neuroscope.study.cell_runner import CellRunner
from neuroscope.weights import nothing_downloaded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroscope.data.sources import Data, LoadedData
    from neuroscope.extraction.session import Workspace
    from neuroscope.plugin.loading import Plugins
    from neuroscope.study.settings import StudySettings


def load_data(
    data: Data,
    wanted: Sequence[str],
    backbones: Sequence[str],
    study: StudySettings,
    plugins: Plugins,
    workspace: Workspace,
) -> LoadedData:
    """Read the data; where they are missing, say so together with the weights that are.

    Args:
        data: what the user named.
        wanted: the datasets of the tasks, for when the user named none.
        backbones: canonical texts; no weights are downloaded for them here.
        study: with the layers that are asked for.
        plugins: with the readers and backbones.
        workspace: cuts recordings into segments where its settings say so.

    Raises:
        MissingData: of the data, and of all weights that are not here.
        NeuroscopeError: the data cannot be read.
    """
    missing = MissingTogether()
    with missing:
        loaded = sources.load(data, plugins, wanted, progress=workspace.progress, cache=workspace.folder)
        return workspace.segment(loaded)
    runner = CellRunner(plugins, workspace)
    for backbone in backbones:
        with missing, nothing_downloaded():
            runner.check_backbone(backbone, study)
    raise missing.error
