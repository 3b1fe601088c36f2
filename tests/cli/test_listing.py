"""``list``, ``show`` and ``plugins``."""

import json
import sys
from importlib import metadata

import pytest
from typer.testing import CliRunner

from neuroscope.cli.main import build
from neuroscope.plugin.loading import KINDS, Plugins


def run(*arguments, load=Plugins.load):
    result = CliRunner(env={"COLUMNS": "200"}).invoke(build(load), list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_list_names_every_kind():
    text = run("list")
    assert all(f"{kind}s" in text for kind in KINDS)
    assert all(
        name in text for name in ("ge2e", "toy", "espeak", "csv", "folder", "gc", "label:", "meanstd", "elasticnet")
    )


@pytest.mark.parametrize("kind", KINDS)
def test_list_one_kind(kind):
    assert run("list", f"{kind}s") == run("list", kind)


def test_show_gives_options_with_defaults_and_what_they_expect():
    text = run("show", "backbone", "ge2e")
    assert "neuroscope-ge2e" in text
    assert "pretrained" in text
    assert "one of pretrained, random" in text


def test_show_a_family():
    assert "any column" in run("show", "task", "label:channel")


def test_plugins_tells_what_each_brings():
    text = run("plugins")
    assert "neuroscope-toy" in text
    assert "backbone toy, dataset toy, task toy" in text


@pytest.fixture
def with_broken(tmp_path, monkeypatch):
    """How to load the plugins where one of them cannot be."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "nsl_broken.py").write_text("import nsl_missing")
    (tmp_path / "nsl_broken-1.0.dist-info").mkdir()
    info = tmp_path / "nsl_broken-1.0.dist-info"
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: nsl-broken\nVersion: 1.0\nRequires-Dist: nsl-missing\n"
    )
    (info / "entry_points.txt").write_text("[neuroscope]\nbroken = nsl_broken\n")
    yield lambda: Plugins.load(metadata.entry_points(group="neuroscope"), strict=False)
    sys.modules.pop("nsl_broken", None)


REASON = "there is no module nsl_missing. nsl-broken requires it; to install it: pip install nsl-broken"


def test_plugins_tells_why_one_failed_beneath_the_table(with_broken):
    text = run("plugins", load=with_broken)
    assert "nothing: it failed to load" in text
    assert text.endswith(f"\nbroken of nsl-broken failed to load: {REASON}\n")
    assert "backbone toy, dataset toy, task toy" in text


def test_plugins_as_json(with_broken):
    found = json.loads(run("plugins", "--json", load=with_broken))
    assert found["api"] == 1
    plugins = {plugin["name"]: plugin for plugin in found["plugins"]}
    about = {"name": "broken", "distribution": "nsl-broken", "version": "1.0"}
    assert plugins["broken"] == {**about, "registers": [], "contested": [], "error": REASON}
    assert {"kind": "backbone", "name": "toy"} in plugins["toy"]["registers"]
    assert plugins["toy"]["error"] == ""


def test_help_of_every_command():
    assert "layer" in run("--help")
    for command in ("probe", "extract", "list", "show", "plugins", "new"):
        assert "--help" in run(command, "--help")
