"""Every test has its own cache and data folders; real speech is a fixture that skips where it is absent."""

import os
import runpy
import time
from pathlib import Path

import pytest
from hypothesis import settings

from neuroscope.report import pictures

REPOSITORY = Path(__file__).parent
LONG = 480.0
"""Seconds after which a run of the suite names its slowest tests."""
_BEGAN = time.monotonic()

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


@pytest.fixture(autouse=True, scope="session")
def undrawn_pictures():
    """Charts are made, and not drawn, which takes a second in a process of its own; what draws them is handed over."""
    draw = pictures._draw

    def write(spec, folder, name):
        for ending in ("svg", "png"):
            (folder / f"{name}.{ending}").write_text("not drawn in tests")
        return ""

    pictures._draw = write
    yield draw
    pictures._draw = draw


@pytest.fixture
def drawn_pictures(undrawn_pictures, monkeypatch):
    """Charts are drawn, for a test of what becomes of them."""
    monkeypatch.setattr(pictures, "_draw", undrawn_pictures)


@pytest.fixture
def speech():
    """The folder of real speech: ``$NEUROSCOPE_SHARED``, else ``../shared`` beside the repository."""
    shared = Path(os.environ.get("NEUROSCOPE_SHARED", REPOSITORY.parent / "shared"))
    folder = shared / "data" / "speech"
    if not (folder / "manifest.csv").exists():
        pytest.skip(f"there is no real speech at {folder}; NEUROSCOPE_SHARED names the folder that has it")
    return folder


@pytest.fixture
def tree(tmp_path):
    """``tree("voxceleb1", layout="old")``: a small tree of a corpus's form, with real audio; the folder of its root."""
    folder = REPOSITORY / "plugins" / "neuroscope-speech-tasks" / "tests" / "trees"

    def write(corpus, **options):
        root = tmp_path / corpus
        runpy.run_path(str(folder / f"{corpus.replace('-', '_')}.py"))["write"](root, **options)
        return root

    return write


def pytest_terminal_summary(terminalreporter):
    """Name the ten slowest tests where the whole suite took too long."""
    if time.monotonic() - _BEGAN > LONG:
        reports = [each for kind in ("passed", "failed") for each in terminalreporter.getreports(kind)]
        terminalreporter.section(f"the suite took more than {LONG / 60:g} minutes; its slowest tests")
        for line in slowest(reports):
            terminalreporter.write_line(line)


def slowest(reports, count=10):
    """Seconds and name of the tests that took longest, with what was set up for them."""
    seconds = {}
    for each in reports:
        seconds[each.nodeid] = seconds.get(each.nodeid, 0.0) + each.duration
    longest = sorted(seconds, key=lambda name: (-seconds[name], name))[:count]
    return [f"{seconds[name]:8.1f} s  {name}" for name in longest]
