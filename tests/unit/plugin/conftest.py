"""Distributions of strangers, installed in a folder of their own on the path."""

import sys
import textwrap

import pytest


@pytest.fixture
def install(tmp_path, monkeypatch):
    """``install(dist, source)``: a distribution on the path, with one module as its entry point ``name``."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("NEUROSCOPE_STRICT", raising=False)
    monkeypatch.delenv("NEUROSCOPE_BLOCK_PLUGINS", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)

    def make(dist, source, *, name=None, target=None, direct_url=None, metadata_text=None):
        module = dist.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(textwrap.dedent(source))
        info = tmp_path / f"{module}-1.2.dist-info"
        info.mkdir()
        text = f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.2\n" if metadata_text is None else metadata_text
        if text:
            (info / "METADATA").write_text(text)
        (info / "entry_points.txt").write_text(f"[neuroscope]\n{name or dist} = {target or module}\n")
        if direct_url is not None:
            (info / "direct_url.json").write_text(direct_url)
        return tmp_path / f"{module}.py"

    yield make
    for module in set(sys.modules) - before:
        if module.startswith("nsx_"):
            del sys.modules[module]
