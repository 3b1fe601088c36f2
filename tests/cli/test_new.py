"""``neuroscope new plugin``: what is written installs, is listed, passes the kit and its own tests, for every kind."""

import json
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

WHAT = {f"my-{kind}": ["--kind", kind] for kind in KINDS} | {"my-net": ["--kind", "backbone", "--wraps", "module"]}
"""Name of a package -> how it is asked for."""

RESEARCH = """
import os, sys
from pathlib import Path
import numpy as np
sys.path.insert(0, os.getcwd())
import json

class Encoder:
    def forward(self, X, W, l=0, mask=None):
        B, T, D = X.shape
        f = lambda x: np.maximum(x, 0)
        for i in range(3):
            X = f(X @ W)
        try:
            out = json.loads("[]")
        except ValueError:
            raise RuntimeError(f"no luck")
        for (a, b) in zip(X, W): print(LONG)
        unused = 3
        return X, out

def run(path=Path("."), K=5):
    enc = Encoder()
    if K == None: K = 5
    for k in range(K):
        X, _ = enc.forward(np.random.randn(2, 3, 4), np.random.randn(4, 4))
    return X
"""
"""A module as people write them who are no programmers by trade."""

FAULTY = """
def collect(x, into=[]):
    into.append(x + undefined)
    return into is "a"
"""


def new(*arguments):
    return CliRunner(env={"COLUMNS": "200"}).invoke(build(), ["new", "plugin", *map(str, arguments)])


def written(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def do(*command, cwd, path):
    """Run a module in a process of its own, with what was installed on its path (several with colons between)."""
    environment = os.environ | {"PYTHONPATH": own_path(path), "NEUROSCOPE_STRICT": "1", "COLUMNS": "300"}
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


def own_path(path):
    """A path before the one that these tests run with."""
    return ":".join(filter(None, [str(path), os.environ.get("PYTHONPATH", "")]))


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
    for name, options in WHAT.items():
        assert new(name, *options, "--into", folder).exit_code == 0
    install([folder / f"neuroscope-{name}" for name in WHAT], folder / "installed")
    return folder


@pytest.mark.timeout(400)
def test_every_installed_package_is_listed(installed):
    listed = do("neuroscope", "plugins", cwd=installed, path=installed / "installed")
    assert all(f"{options[1]} {name}" in listed for name, options in WHAT.items())


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", WHAT)
def test_an_installed_package_of_each_kind_passes_its_own_tests(installed, name):
    """They are the checks of the kit, as an author gets them."""
    target, package = installed / "installed", installed / f"neuroscope-{name}"
    do("neuroscope", "check", "plugin", package.name, cwd=installed, path=target)
    assert "passed" in do("pytest", "-p", "no:cacheprovider", cwd=package, path=target)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_what_wraps_a_network_takes_its_trained_weights_from_a_wheel(installed, tmp_path):
    """Its own tests then check those, and not the untrained twin."""
    make = """
import sys, torch
from pathlib import Path
from safetensors.torch import save_file
from neuroscope_my_net.backbone import FILE, WHEEL
from neuroscope_my_net.net import Net
torch.manual_seed(7)
there = Path(sys.argv[1])
(there / FILE).parent.mkdir()
save_file(Net().state_dict(), there / FILE)
about = there / f"{WHEEL.replace('-', '_')}-1.0.dist-info" / "METADATA"
about.parent.mkdir()
about.write_text(f"Metadata-Version: 2.1\\nName: {WHEEL}\\nVersion: 1.0\\n")
"""
    target, package = installed / "installed", installed / "neuroscope-my-net"
    script, brought = tmp_path / "make_wheel.py", tmp_path / "brought"
    script.write_text(make)
    brought.mkdir()
    do("make_wheel", brought, cwd=tmp_path, path=f"{tmp_path}:{target}")
    shown = do("pytest", "-v", "-p", "no:cacheprovider", cwd=package, path=f"{brought}:{target}")
    assert "test_my_net[has_an_untrained_twin] PASSED" in shown
    checked = do("neuroscope", "check", "backbone", "my-net", "--json", cwd=tmp_path, path=f"{brought}:{target}")
    assert json.loads(checked)["ok"]


@pytest.mark.timeout(400)
def test_the_layers_of_what_wraps_a_network_are_those_that_are_proposed(installed):
    found = json.loads(
        do("neuroscope", "modules", "neuroscope_my_net.net:Net", "--json", cwd=installed, path=installed / "installed")
    )
    text = (installed / "neuroscope-my-net" / "src" / "neuroscope_my_net" / "backbone.py").read_text()
    assert len(found["layers"]) == text.count("    LayerSpec(")
    for layer in found["layers"]:
        assert f'LayerSpec("{layer["name"]}", {layer["width"]}, tap=Tap("{layer["module"]}"' in text


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", KINDS)
def test_neuroscope_check_says_the_same(installed, tmp_path, kind):
    target = installed / "installed"
    do("neuroscope", "check", kind, f"my-{kind}", *data_for(kind, tmp_path), cwd=tmp_path, path=target)


def test_there_is_a_template_for_every_kind():
    assert tuple(scaffold.KINDS) == KINDS


@pytest.mark.parametrize("what", WHAT)
@pytest.mark.parametrize("name", ["x", "-".join(["long"] * 8)])
def test_what_is_written_is_formatted_and_clean(tmp_path, what, name):
    """By its own rules, and by stricter ones."""
    result = new(name, *WHAT[what], "--into", tmp_path)
    assert result.exit_code == 0, result.output
    folder = tmp_path / f"neuroscope-{name}"
    strict = ["--select", "E,F,W,I,B,UP,D,ANN", "--ignore", "D107", "--config", "lint.pydocstyle.convention='google'"]
    for check in (["check", "."], ["check", *strict, "."], ["format", "--check", "."]):
        do("ruff", *check, "--no-cache", cwd=folder, path="")
    for file in written(folder):
        assert "${" not in (folder / file).read_text()


def test_code_of_research_passes_the_rules_that_are_written_and_faults_do_not(tmp_path):
    new("x", "--kind", "backbone", "--into", tmp_path)
    folder = tmp_path / "neuroscope-x"
    module = folder / "src" / "neuroscope_x" / "research.py"
    module.write_text(RESEARCH.replace("LONG", repr("a line that nobody has broken " * 6)))
    do("ruff", "check", "--no-cache", ".", cwd=folder, path="")
    module.write_text(FAULTY)
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "concise", "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert all(rule in done.stdout for rule in ("B006", "F821", "F632")), done.stdout


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_what_is_written_is_typed(tmp_path):
    for name, options in WHAT.items():
        new(f"typed-{name}", *options, "--into", tmp_path)
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


def test_what_is_wrapped_is_told_where_it_cannot_be(tmp_path):
    for options, told in {
        ("--kind", "task", "--wraps", "module"): "a backbone wraps a network, a task does not",
        ("--kind", "backbone", "--wraps", "modul"): "Did you mean 'module'?",
    }.items():
        result = new("x", *options, "--into", tmp_path)
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
        assert told in result.stderr
    assert list(tmp_path.iterdir()) == []
    shown = new("x", *WHAT["my-net"], "--into", tmp_path).stdout
    assert "neuroscope check backbone x,weights=random" in shown


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
