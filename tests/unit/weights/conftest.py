"""A hub with one repository, and no waiting between tries."""

import pytest

from neuroscope.testing.hub import LocalHub

MODEL = bytes(range(256)) * 40


@pytest.fixture
def repositories(tmp_path):
    folder = tmp_path / "repositories" / "owner" / "name"
    folder.mkdir(parents=True)
    (folder / "pytorch_model.bin").write_bytes(MODEL)
    (folder / "config.json").write_text('{"layers": 2}')
    return tmp_path / "repositories"


@pytest.fixture
def hub(repositories, tmp_path, monkeypatch):
    monkeypatch.setattr("neuroscope.weights.transfer.PAUSES", (0.0,))
    with LocalHub(repositories) as hub, hub.used(tmp_path / "home"):
        yield hub
