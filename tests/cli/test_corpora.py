"""The paper's tasks on trees of their corpora's form, each with the paper's kinds of networks, as a user runs them."""

import polars
import pytest
from typer.testing import CliRunner

from neuroscope.cli.main import build

BACKBONES = ("ge2e", "adi-cnn,weights=random", "mockingjay-base,weights=random")
TASKS = {
    "gc": ({"voxceleb1": {}}, {"female": 16, "male": 16}),
    "lid": (
        {"common-voice": {"locales": ("ar", "en", "es", "de", "fr", "ru", "zh-CN")}},
        dict.fromkeys(["ar", "de", "en", "es", "fr", "ru", "zh"], 16),
    ),
    "did": ({"adi5": {}}, dict.fromkeys(["EGY", "GLF", "LAV", "MSA", "NOR"], 8)),
    "cc,segments=transcript": ({"adi5": {}, "callhome": {}}, dict.fromkeys(("HQ", "SatQ", "TF"), 20)),
}


def run(*arguments, code=0):
    result = CliRunner().invoke(build(), [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def place(tree, tmp_path, monkeypatch):
    """Trees of corpora lie where a task looks for its default data."""
    monkeypatch.setenv("NEUROSCOPE_DATA", str(tmp_path))
    return tree


@pytest.mark.parametrize("task", TASKS)
def test_a_task_is_asked_of_its_corpora_as_they_lie_on_disk(task, place, tmp_path):
    corpora, classes = TASKS[task]
    for name, options in corpora.items():
        place(name, **options)
    named = [part for backbone in BACKBONES for part in ("--backbone", backbone)]
    run("probe", *named, "--task", task, "--runs", 1, "--out", tmp_path / "run")
    rows = (
        polars.read_parquet(tmp_path / "run" / "rows.parquet").filter(layer="ALL", metric="accuracy").drop_nulls("seed")
    )
    assert sorted(rows.filter(condition="probe")["backbone"]) == sorted(BACKBONES)
    labels = polars.read_parquet(tmp_path / "run" / "manifest.parquet")["label"].value_counts()
    assert {name: count // len(BACKBONES) for name, count in labels.rows()} == classes
