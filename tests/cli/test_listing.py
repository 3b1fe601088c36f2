"""``list``, ``show`` and ``plugins``."""

import pytest
from typer.testing import CliRunner

from neuroscope.cli.main import build
from neuroscope.plugins import KINDS


def run(*arguments):
    result = CliRunner(env={"COLUMNS": "200"}).invoke(build(), list(arguments))
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


def test_help_of_every_command():
    assert "layer" in run("--help")
    for command in ("probe", "extract", "list", "show", "plugins"):
        assert "--help" in run(command, "--help")
