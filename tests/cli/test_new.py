"""``neuroscope new plugin``: what is written installs, is listed, passes the kit and its own tests, for every kind."""

import os
import subprocess
import sys
import wave
from importlib.metadata import version
from pathlib import Path
from zipfile import ZipFile

import pytest
from typer.testing import CliRunner

from neuroscope import scaffold
from neuroscope.cli.main import build
from neuroscope.plugin.loading import KINDS


def new(*arguments):
    return CliRunner(env={"COLUMNS": "200"}).invoke(build(), ["new", "plugin", *map(str, arguments)])


def written(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def do(*command, cwd, path):
    """Run a module in a process of its own, with what was installed on its path."""
    environment = os.environ | {"PYTHONPATH": str(path), "NEUROSCOPE_STRICT": "1", "COLUMNS": "300"}
    done = subprocess.run(
        [sys.executable, "-m", *map(str, command)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def install(packages, target):
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check", "--target", target]
    do("pip", "install", *options, *packages, cwd=target.parent, path="")


def data_for(kind, folder):
    """What ``neuroscope check`` is given beside the name."""
    if kind == "dataset":
        for label in ("one", "two"):
            (folder / label).mkdir()
            for number, speaker in enumerate(("anna", "bert")):
                with wave.open(str(folder / label / f"{speaker}-1.wav"), "wb") as file:
                    file.setnchannels(1)
                    file.setsampwidth(2)
                    file.setframerate(16_000)
                    file.writeframes(bytes([number, 1]) * 1600)
        return [folder]
    if kind == "task":
        rows = [f"{label}{n},{label}{n}.wav,{label}{n},{label}" for label in ("one", "two") for n in range(4)]
        (folder / "manifest.csv").write_text("\n".join(["id,path,speaker,label", *rows]))
        return [folder / "manifest.csv"]
    return []


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with a package of every kind, and all of them installed beside them."""
    folder = tmp_path_factory.mktemp("scaffold")
    for kind in KINDS:
        assert new(f"my-{kind}", "--kind", kind, "--into", folder).exit_code == 0
    install([folder / f"neuroscope-my-{kind}" for kind in KINDS], folder / "installed")
    return folder


@pytest.mark.timeout(400)
def test_every_installed_package_is_listed(installed):
    listed = do("neuroscope", "plugins", cwd=installed, path=installed / "installed")
    assert all(f"{kind} my-{kind}" in listed for kind in KINDS)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", KINDS)
def test_an_installed_package_of_each_kind_passes_its_own_tests(installed, kind):
    """They are the checks of the kit, as an author gets them."""
    target, package = installed / "installed", installed / f"neuroscope-my-{kind}"
    do("neuroscope", "check", "plugin", package.name, cwd=installed, path=target)
    assert "passed" in do("pytest", "-p", "no:cacheprovider", cwd=package, path=target)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", KINDS)
def test_neuroscope_check_says_the_same(installed, tmp_path, kind):
    target = installed / "installed"
    do("neuroscope", "check", kind, f"my-{kind}", *data_for(kind, tmp_path), cwd=tmp_path, path=target)


def test_there_is_a_template_for_every_kind():
    assert tuple(scaffold.KINDS) == KINDS


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["x", "-".join(["long"] * 8)])
def test_what_is_written_is_formatted_and_clean(tmp_path, kind, name):
    result = new(name, "--kind", kind, "--into", tmp_path)
    assert result.exit_code == 0, result.output
    folder = tmp_path / f"neuroscope-{name}"
    for check in (["check", "--no-cache", "."], ["format", "--no-cache", "--check", "."]):
        do("ruff", *check, cwd=folder, path="")
    for file in written(folder):
        assert "${" not in (folder / file).read_text()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_what_is_written_is_typed(tmp_path):
    for kind in KINDS:
        new(f"typed-{kind}", "--kind", kind, "--into", tmp_path)
    packages = sorted(tmp_path.iterdir())
    options = ["--cache-dir", tmp_path / "cache", "--config-file", packages[0] / "pyproject.toml"]
    do("mypy", *options, *(package / "src" for package in packages), cwd=tmp_path, path="")


def test_the_package_is_complete(tmp_path):
    result = new("my-model", "--kind", "backbone", "--into", tmp_path)
    folder = tmp_path / "neuroscope-my-model"
    assert str(folder) in result.stdout
    assert "neuroscope check backbone my-model" in result.stdout
    assert written(folder) == [
        ".gitignore",
        "README.md",
        "pyproject.toml",
        "src/neuroscope_my_model/__init__.py",
        "src/neuroscope_my_model/backbone.py",
        "src/neuroscope_my_model/model.py",
        "src/neuroscope_my_model/py.typed",
        "tests/test_neuroscope_my_model.py",
    ]
    assert "neuroscope_api = 1" in (folder / "src/neuroscope_my_model/__init__.py").read_text()
    assert "None is chosen yet" in (folder / "README.md").read_text()
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("My Model", "backbone", "lower-case letters"),
        ("-x", "backbone", "No such option"),
        ("a--b", "backbone", "lower-case letters"),
        ("", "backbone", "lower-case letters"),
        ("x" * 41, "backbone", "40 at most"),
        ("ä", "backbone", "lower-case letters"),
        ("../x", "backbone", "lower-case letters"),
        ("neuroscope-x", "backbone", "write x"),
        ("toy", "backbone", "backbone 'toy' is brought by neuroscope-toy:toy"),
        ("toy", "probe", f"neuroscope-toy {version('neuroscope-toy')} is installed already"),
        ("speech", "task", "neuroscope-speech"),
        ("x", "backbones", "Did you mean 'backbone'?"),
    ],
)
def test_what_cannot_be_made_is_told_in_one_line_and_nothing_is_written(tmp_path, name, kind, told):
    result = new(name, "--kind", kind, "--into", tmp_path)
    assert result.exit_code == 2
    assert told in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_exists_is_left_as_it_is(tmp_path):
    (tmp_path / "neuroscope-mine").mkdir()
    result = new("mine", "--kind", "task", "--into", tmp_path)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "exists already" in result.stderr
    assert list((tmp_path / "neuroscope-mine").iterdir()) == []
    assert "no such folder" in new("mine", "--kind", "task", "--into", tmp_path / "nowhere").stderr


def test_an_interrupted_writing_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        yield Path("a"), "text"
        raise OSError(28, "No space left on device", "a")

    monkeypatch.setattr(scaffold, "_files", full)
    result = new("mine", "--kind", "task", "--into", tmp_path)
    assert result.exit_code == 2
    assert "No space left" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_templates_are_part_of_the_wheel(tmp_path):
    repository = Path(scaffold.__file__).parents[3]
    do("hatchling", "build", "-t", "wheel", "-d", tmp_path, cwd=repository, path="")
    (wheel,) = tmp_path.glob("*.whl")
    package = Path(scaffold.__file__).parent
    templates = {f"neuroscope/scaffold/{each.relative_to(package).as_posix()}" for each in package.rglob("*.in")}
    assert len(templates) > 15
    assert templates <= set(ZipFile(wheel).namelist())
