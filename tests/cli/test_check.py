"""``neuroscope check``: the table, the verdict as an exit code, and what cannot be asked."""

import json
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from neuroscope import testing
from neuroscope.cli.main import build
from neuroscope.contracts.features import Unit
from neuroscope.extraction.poolings import Mean
from neuroscope.plugin.loading import Plugins
from neuroscope.plugin.registry import Entry


class OneUnitLess(Mean):
    def units(self, layer):
        return super().units(layer)[:-1]


class OtherLayer(Mean):
    def units(self, layer):
        return tuple(Unit("[bold]another", unit.neuron) for unit in super().units(layer))


def load():
    plugins = Plugins.load()
    for name, pooling in (("less", OneUnitLess), ("other", OtherLayer), ("odd", lambda: 1 / 0)):
        plugins.poolings.add(Entry("pooling", name, pooling, "a test", "", "tests:tests"))
    return plugins


def run(*arguments, code=0, columns=200):
    result = CliRunner(env={"COLUMNS": str(columns)}).invoke(build(load), ["check", *arguments])
    assert result.exit_code == code, result.output
    return result


def test_a_sound_component_is_a_table_of_passes_and_exit_code_0():
    lines = run("pooling", "mean").stdout.splitlines()
    assert lines[0].split() == ["check", "verdict", "about,", "or", "reason"]
    assert [line.split()[:2] for line in lines[1:3]] == [
        ["makes_float32_rows", "passed"],
        ["has_a_unit_for_each_column", "passed"],
    ]
    assert lines[-1] == "11 checks: 11 passed"


def test_a_broken_one_fails_with_its_reason_and_exit_code_1():
    text = run("pooling", "less", code=1).stdout
    assert "failed   a layer of width 5: 4 units and 5 columns" in text
    assert text.splitlines()[-1] == "11 checks: 10 passed, 1 failed"


def test_a_long_reason_is_wrapped_and_no_markup_is_read_in_it():
    text = run("pooling", "other", code=1, columns=80).stdout
    assert max(map(len, text.splitlines())) <= 80
    assert "[bold]another" in text


def test_an_expected_failure_is_no_failure_and_has_to_fail():
    expect = ("--expect", "has_a_unit_for_each_column=issue 7, to come")
    text = run("pooling", "less", *expect).stdout
    assert "expected failure  issue 7, to come: a layer of width 5" in text
    text = run("pooling", "mean", *expect, code=1).stdout
    assert "unexpected pass" in text
    assert text.splitlines()[-1] == "11 checks: 10 passed, 1 unexpected pass"


def test_json_is_one_object():
    found = json.loads(run("pooling", "less", "--json", code=1).stdout)
    assert (found["kind"], found["name"], found["ok"]) == ("pooling", "less", False)
    (failed,) = [each for each in found["checks"] if not each["ok"]]
    assert failed == {
        "check": "has_a_unit_for_each_column",
        "about": "units() has as many units as the vectors have columns.",
        "verdict": "failed",
        "reason": "a layer of width 5: 4 units and 5 columns",
        "ok": False,
    }


def test_only_what_failed_is_shown_where_that_is_asked_for():
    lines = run("pooling", "less", "--failed", code=1).stdout.splitlines()
    assert [line.split()[:2] for line in lines[1:-1]] == [["has_a_unit_for_each_column", "failed"]]
    assert lines[-1] == "11 checks: 10 passed, 1 failed"
    assert run("pooling", "mean", "--failed").stdout == "11 checks: 11 passed\n"
    found = json.loads(run("pooling", "less", "--failed", "--json", code=1).stdout)
    assert [each["check"] for each in found["checks"]] == ["has_a_unit_for_each_column"]


def test_progress_is_told_check_by_check():
    told = []

    @contextmanager
    def progress(label, total, seconds=0.0, /):
        told.append((label, total))
        yield lambda steps, seconds=0.0, /: told.append(steps)

    outcomes = testing.run("pooling", "less", plugins=load(), progress=progress)
    assert told == [("Checking pooling less", len(outcomes)), *[1] * len(outcomes)]


def test_a_dataset_and_a_task_are_checked_on_data(tmp_path):
    assert "ids_are_unique" in run("dataset", "toy,speakers=4,utterances=2", str(tmp_path)).stdout
    assert "ids_are_unique" in run("dataset", "toy,speakers=4,utterances=2", "--root", str(tmp_path)).stdout
    assert "passed" in run("task", "toy", "--dataset", "toy", "--root", str(tmp_path)).stdout
    twice = run("dataset", "toy", str(tmp_path), "--root", str(tmp_path), code=2)
    assert "given twice" in twice.stderr


def test_a_backbone_and_a_distribution_are_checked():
    assert run("backbone", "toy,width=3").stdout.splitlines()[-1] == "27 checks: 21 passed, 6 skipped"
    assert "is_light_to_import" in run("plugin", "neuroscope-toy").stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("model", "toy"), "unknown kind 'model'. Known: backbone"),
        (("pooling", "men"), "Did you mean 'mean'"),
        (("pooling", "mean,width=3"), "unknown option of mean"),
        (("plugin", "nothing"), "Known: neuroscope-"),
        (("pooling", "mean", "--root", "x"), "checked without data"),
        (("pooling", "mean", "--expect", "nothing=x"), "unknown check of a pooling 'nothing'"),
        (("pooling", "mean", "--expect", "takes_blocks"), "is no key=value"),
        (("pooling", "mean", "--expect", "takes_blocks="), "say why takes_blocks"),
        (("pooling", "odd"), "cannot be built: ZeroDivisionError"),
    ],
)
def test_what_cannot_be_asked_is_one_line_and_exit_code_2(arguments, told):
    result = run(*arguments, code=2)
    assert result.stdout == ""
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1
