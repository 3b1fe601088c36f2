"""The example silero-vad installs, is found sound by the compliance kit, and agrees with silero-vad itself.

Its weights come with the distribution silero-vad; where that is not installed, the untrained twin alone is checked.
"""

import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "silero-vad"
README = (EXAMPLE / "README.md").read_text()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the example is installed: a folder of its own."""
    folder = tmp_path_factory.mktemp("silero-vad")
    pip = ["pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", str(folder)]
    subprocess.run([sys.executable, "-m", *pip, str(EXAMPLE)], check=True, capture_output=True)
    return folder


@pytest.fixture
def installed(folder):
    """``installed(*command)``: the exit code, and what a python prints that has the example."""

    path = ":".join(filter(None, [str(folder), os.environ.get("PYTHONPATH", "")]))

    def run(*command, **environment):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "100"} | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return run


def has_weights():
    return any(metadata.distributions(name="silero-vad"))


@pytest.fixture
def weights():
    if not has_weights():
        pytest.skip("silero-vad is not installed: pip install --no-deps silero-vad==6.2.3")


def own_tests(installed, *chosen, **environment):
    return installed("pytest", "-q", "-p", "no:cacheprovider", str(EXAMPLE), *chosen, **environment)


def test_the_package_keeps_its_contract_with_its_weights_and_without(installed):
    code, printed = installed("neuroscope", "check", "plugin", "neuroscope-silero-vad")
    assert code == 0, printed
    assert "failed" not in printed


def test_the_kit_finds_it_sound(installed):
    name = "silero-vad" if has_weights() else "silero-vad,weights=random"
    code, printed = installed("neuroscope", "check", "backbone", name)
    assert code == 0, printed


def test_the_readme_shows_the_layers_that_it_has(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLE / "src")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    from neuroscope_silero_vad.backbone import LAYERS

    rows = [line.split(" | ")[:2] for line in README.splitlines() if line.startswith("| `")]
    assert rows == [[f"| `{layer.name}`", str(layer.width)] for layer in LAYERS]


def test_the_readme_says_how_long_its_files_are():
    counts = re.findall(r"\]\((src/\S+)\) \((\d+)\)", README)
    assert len(counts) == 3
    for path, count in counts:
        assert len((EXAMPLE / path).read_text().splitlines()) == int(count), path


def test_it_agrees_with_the_network_of_silero_vad(weights, installed):
    code, printed = own_tests(installed, "-k", "agrees and jit")
    assert code == 0, printed
    assert "1 passed" in printed


@pytest.mark.slow
def test_the_readme_shows_what_happens(weights, folder, run_page, tmp_path):
    run_page(EXAMPLE / "README.md", tmp_path, PYTHONPATH=str(folder))


@pytest.mark.slow
def test_its_own_tests_pass_on_real_speech(weights, speech, installed):
    code, printed = own_tests(installed, SPEECH=str(speech / "librispeech"))
    assert code == 0, printed
