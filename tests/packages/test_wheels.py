"""What ``make dist`` makes: whole archives, and wheels that work where nothing is editable."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

REPOSITORY = Path(__file__).parents[2]
FOLDERS = {"neuroscope-speech": REPOSITORY} | {
    file.parent.name: file.parent for file in sorted(REPOSITORY.glob("plugins/*/pyproject.toml"))
}
MAKE = ("make", "--old-file=.venv/.installed", f"--makefile={REPOSITORY / 'Makefile'}")
WHERE = """
import importlib.metadata, json, neuroscope
points = importlib.metadata.entry_points(group="neuroscope")
found = {point.dist.name: str(point.dist.locate_file("")) for point in points}
print(json.dumps([neuroscope.__file__, found]))
"""


def do(*command, cwd, code=0, **variables):
    """Run a command, which has to end with ``code``; what it printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHONPATH", "PIP_"))}
    environment = kept | {"PIP_CONFIG_FILE": os.devnull} | variables
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def make_dist(into):
    do(*MAKE, "dist", f"BIN={Path(sys.executable).parent}", f"DIST={into}", cwd=REPOSITORY)
    return into


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    return make_dist(tmp_path_factory.mktemp("dist") / "dist")


def archives(dist, name):
    """The wheel and the sdist of a distribution."""
    (wheel,) = dist.glob(f"{name.replace('-', '_')}-[0-9]*.whl")
    (sdist,) = dist.glob(f"{name.replace('-', '_')}-[0-9]*.tar.gz")
    return wheel, sdist


def source(name):
    """The files below ``src`` of a distribution."""
    files = (FOLDERS[name] / "src").rglob("*")
    return {
        path.relative_to(FOLDERS[name]).as_posix()
        for path in files
        if path.is_file() and path.parent.name != "__pycache__" and not path.parent.name.endswith("_cache")
    }


@pytest.mark.parametrize("name", FOLDERS)
def test_archives_hold_the_source_and_nothing_else(dist, name):
    wheel, sdist = archives(dist, name)
    stem = sdist.name.removesuffix(".tar.gz")
    about = {f"{stem}.dist-info/{file}" for file in ("METADATA", "RECORD", "WHEEL", "entry_points.txt")}
    with ZipFile(wheel) as file:
        assert set(file.namelist()) == about | {path.removeprefix("src/") for path in source(name)}
        text = file.read(f"{stem}.dist-info/METADATA").decode()
    head, _, body = text.partition("\n\n")
    assert "License-Expression: Apache-2.0" in head.splitlines()
    assert "Description-Content-Type: text/markdown" in head
    assert body == (FOLDERS[name] / "README.md").read_text()
    beside = {"PKG-INFO", "README.md", "pyproject.toml", ".gitignore"}  # the builder leaves none of them out
    beside |= {"CHANGELOG.md"} if name == "neuroscope-speech" else set()
    with tarfile.open(sdist) as file:
        assert set(file.getnames()) == {f"{stem}/{path}" for path in source(name) | beside}


def test_the_same_source_gives_the_same_bytes_from_its_sdist_too(dist, tmp_path):
    again = make_dist(tmp_path / "again")
    assert {path.name: path.read_bytes() for path in again.iterdir()} == {
        path.name: path.read_bytes() for path in dist.iterdir()
    }
    for name in FOLDERS:
        wheel, sdist = archives(dist, name)
        with tarfile.open(sdist) as file:
            file.extractall(tmp_path, filter="data")
            dated = str(file.getmembers()[0].mtime)
        folder = tmp_path / sdist.name.removesuffix(".tar.gz")
        build = (sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", tmp_path)
        do(*build, cwd=folder, SOURCE_DATE_EPOCH=dated)
        assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def lend(target):
    """Links to what is installed in this environment, without what ``make dist`` makes and without Resemblyzer."""
    target.mkdir()
    for place in map(Path, sys.path):
        for path in place.iterdir() if place.name == "site-packages" else ():
            own = path.name.lower().startswith(("neuroscope", "_neuroscope", "_editable", "__editable", "resemblyzer"))
            if not own and path.suffix != ".pth" and not (target / path.name).exists():
                (target / path.name).symlink_to(path)


@pytest.fixture(scope="module")
def fresh(dist, tmp_path_factory):
    """The ``bin`` of an environment with the wheels of ``neuroscope-speech[paper]``.

    What the wheels require is lent by a folder of links, so that no index is asked and pip resolves it all the same.
    """
    folder = tmp_path_factory.mktemp("fresh")
    lend(folder / "lent")
    do(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    do(folder / "venv/bin/python", "-m", "pip", "uninstall", "--yes", "setuptools", cwd=folder)  # the lent one is newer
    (packages,) = folder.glob("venv/lib/python*/site-packages")
    (packages / "lent.pth").write_text(f"{folder / 'lent'}\n")
    install(folder / "venv/bin", dist, "neuroscope-speech[paper]")
    return folder / "venv/bin"


def install(fresh, dist, *names):
    quiet = ("--quiet", "--disable-pip-version-check")
    do(fresh / "python", "-m", "pip", "install", *quiet, "--no-index", "--find-links", dist, *names, cwd=fresh)


def installed(fresh):
    """Where neuroscope was imported from, and where each distribution with plugins lies."""
    return json.loads(do(fresh / "python", "-c", WHERE, cwd=fresh))


def test_the_wheels_are_installed_by_name_listed_and_pass_their_checks(dist, fresh, tmp_path):
    (packages,) = fresh.parent.glob("lib/python*/site-packages")
    paper = set(FOLDERS) - {"neuroscope-toy", "neuroscope-espeak"}
    assert installed(fresh) == [str(packages / "neuroscope/__init__.py"), dict.fromkeys(sorted(paper), str(packages))]
    install(fresh, dist, *FOLDERS)
    assert set(installed(fresh)[1]) == set(FOLDERS)
    listed = do(fresh / "neuroscope", "list", cwd=tmp_path)
    for name in ("adi-cnn", "ge2e", "toy", "espeak", "csv", "gc", "elasticnet", "weight-mass", "mean"):
        assert name in listed.replace(",", " ").split(), listed
    for name in FOLDERS:
        do(fresh / "neuroscope", "check", "plugin", name, cwd=tmp_path)
    do(fresh / "neuroscope", "new", "plugin", "mine", "--kind", "backbone", cwd=tmp_path)
    assert (tmp_path / "neuroscope-mine" / "src" / "neuroscope_mine" / "py.typed").is_file()


def test_the_demo_runs_once_the_weights_are_there(dist, fresh, tmp_path):
    install(fresh, dist, "neuroscope-espeak")
    probe = ("probe", "--backbone", "ge2e", "--task", "gc", "--dataset", "espeak,texts=1,rates=150")
    told = do(fresh / "neuroscope", *probe, cwd=tmp_path, code=2).splitlines()
    assert "pip install --no-deps Resemblyzer==0.1.4" in told[-1]
    for place in map(Path, sys.path):
        for path in place.glob("[Rr]esemblyzer*"):
            (fresh.parents[1] / "lent" / path.name).symlink_to(path)
    do(fresh / "neuroscope", "check", "backbone", "ge2e", cwd=tmp_path)
    assert "in ge2e, on espeak" in do(*MAKE, "demo", f"BIN={fresh}", cwd=tmp_path)
