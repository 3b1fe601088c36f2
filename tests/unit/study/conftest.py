"""The toy backbone, corpus and task, as specs of cells."""

import pytest

from neuroscope.data.places import Data
from neuroscope.data.sources import load
from neuroscope.extraction.session import ExtractionSettings, Workspace
from neuroscope.plugin.loading import Plugins
from neuroscope.study.settings import CellSpec, StudySettings


@pytest.fixture(scope="session")
def plugins():
    return Plugins.load()


@pytest.fixture
def loaded(plugins):
    return load(Data(dataset="toy,speakers=8,utterances=4"), plugins)


@pytest.fixture
def spec(loaded):
    return CellSpec(backbone="toy", task="toy", loaded=loaded, study=StudySettings(runs=2))


@pytest.fixture
def workspace(tmp_path):
    return Workspace(ExtractionSettings(cache=tmp_path / "cache"))
