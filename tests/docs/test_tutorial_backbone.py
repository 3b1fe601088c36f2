"""Every block of the tutorial on backbones is run, on a package that is installed into an environment of its own."""

import os
import site
import sys
import venv
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "tutorials" / "a-backbone-of-your-own.md"


@pytest.fixture
def environment(tmp_path):
    """An empty environment above this one: what is installed here is there, what is installed there is not here."""
    folder = tmp_path / "environment"
    venv.create(folder, symlinks=True)
    here = site.getsitepackages()[0]
    there = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    (there / "here.pth").write_text(f"import site; site.addsitedir({here!r})\n")
    for command, module in {"pip": "pip", "neuroscope": "neuroscope"}.items():
        script = folder / "bin" / command
        script.write_text(f'#!/bin/sh\nexec "{folder}/bin/python" -m {module} "$@"\n')
        script.chmod(0o755)
    return folder


@pytest.mark.timeout(300)
def test_every_block_does_what_it_shows(environment, run_page, tmp_path):
    before = sorted(Path(site.getsitepackages()[0]).glob("*.dist-info"))
    run_page(
        PAGE,
        tmp_path,
        PATH=f"{environment / 'bin'}:{os.environ['PATH']}",
        PIP_NO_INDEX="1",  # its dependencies are there
        PIP_NO_BUILD_ISOLATION="0",  # pip's way to say that there is no isolation
        PIP_DISABLE_PIP_VERSION_CHECK="1",
    )
    assert sorted(Path(site.getsitepackages()[0]).glob("*.dist-info")) == before


def test_the_wrapper_is_as_short_as_is_said(blocks_of):
    (wrapper,) = [block.text for block in blocks_of(PAGE.read_text()) if block.title.endswith("model.py")]
    assert len([line for line in wrapper.splitlines() if line.strip()]) <= 30
