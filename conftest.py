"""Every test has its own cache and data folders; real speech is a fixture that skips where it is absent."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).parent

settings.register_profile("suite", deadline=None)  # the first example pays for imports
settings.load_profile("suite")


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory, monkeypatch):
    """Nothing that a test does touches the user's store or data."""
    folder = tmp_path_factory.mktemp("neuroscope")
    monkeypatch.setenv("NEUROSCOPE_CACHE", str(folder / "cache"))
    monkeypatch.setenv("NEUROSCOPE_DATA", str(folder / "data"))
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "home"))
    return folder


@pytest.fixture
def speech():
    """The folder of real speech: ``$NEUROSCOPE_SHARED``, else ``../shared`` beside the repository."""
    shared = Path(os.environ.get("NEUROSCOPE_SHARED", REPOSITORY.parent / "shared"))
    folder = shared / "data" / "speech"
    if not (folder / "manifest.csv").exists():
        pytest.skip(f"there is no real speech at {folder}; NEUROSCOPE_SHARED names the folder that has it")
    return folder
