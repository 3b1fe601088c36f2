"""Several backbones in one command: one table a task, and differences where they were asked the same."""

import json
from dataclasses import replace

import numpy as np
import polars
import pytest
import soundfile
from typer.testing import CliRunner

import neuroscope
from neuroscope.cli import terminal
from neuroscope.cli.main import build
from neuroscope.report.layer_curve import curves

SEVERAL = ["--backbone", "toy", "--backbone", "toy,weights=random", "--backbone", "toy,width=8"]


def run(*arguments, code=0):
    result = CliRunner().invoke(build(), [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    return result


def differences(folder):
    rows = polars.read_parquet(folder / "rows.parquet")
    runs = rows["run"].unique().to_list()
    return rows.filter(polars.col("metric") == "accuracy_difference", polars.col("against").is_in(runs))


def test_one_table_a_task_and_every_pair_is_compared(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    tasks = ["--task", "toy", "--task", "label:tone"]
    out = run("probe", *SEVERAL, *tasks, "--dataset", "toy", "--runs", 2, "--out", tmp_path / "run").stdout
    assert [line for line in out.splitlines() if " in 3 backbones" in line] == [
        "toy in 3 backbones, on toy",
        "label:tone in 3 backbones, on toy",
    ]
    heads = [line for line in out.splitlines() if line.startswith("A ") and " C " in line and "interval" in line]
    assert len(heads) == 2
    assert out.count("Best layer:") == 6
    found = differences(tmp_path / "run")
    pairs = [("toy", "toy,weights=random"), ("toy", "toy,width=8"), ("toy,weights=random", "toy,width=8")]
    rows = polars.read_parquet(tmp_path / "run" / "rows.parquet")
    names = dict(zip(rows["run"], rows["backbone"], strict=True))
    for task in ("toy", "label:tone"):
        of_task = found.filter(task=task)
        assert [(row["backbone"], names[row["against"]]) for row in of_task.iter_rows(named=True)] == pairs
    assert set(found["layer"]) == {"ALL"}
    accuracy = rows.filter(layer="ALL", condition="probe", metric="accuracy").filter(polars.col("seed").is_null())
    of = dict(zip(accuracy["run"], accuracy["value"], strict=True))
    for row in found.iter_rows(named=True):
        assert row["value"] == pytest.approx(of[row["run"]] - of[row["against"]])
        assert row["low"] < row["value"] < row["high"]


def test_what_an_earlier_try_finished_is_compared_too(tmp_path, monkeypatch):
    from neuroscope.study.cell_runner import CellRunner

    common = ["--dataset", "toy", "--task", "toy", "--runs", 1, "--out", tmp_path / "run"]
    whole = CellRunner.inputs

    def failing(self, spec):
        if spec.backbone == "toy,width=8":
            raise ValueError("it broke")
        return whole(self, spec)

    monkeypatch.setattr(CellRunner, "inputs", failing)
    run("probe", *SEVERAL, *common, code=1)
    assert differences(tmp_path / "run").height == 1
    monkeypatch.setattr(CellRunner, "inputs", whole)
    run("probe", *SEVERAL, *common)
    assert differences(tmp_path / "run").height == 3


@pytest.fixture
def corpus(tmp_path):
    """Tones of two pitches and twelve speakers; one utterance is too short for the toy, and not for ge2e."""
    rng, lines = np.random.default_rng(0), ["id,path,speaker,pitch"]
    (tmp_path / "audio").mkdir()
    for number in range(36):
        length = 300 if number == 35 else 16_000
        tone = np.sin(np.arange(length) * 2 * np.pi * (300 if number % 2 else 2_000) / 16_000)
        path = tmp_path / "audio" / f"{number}.wav"
        soundfile.write(path, 0.1 * tone + 0.01 * rng.standard_normal(length), 16_000)
        lines.append(f"u{number},audio/{number}.wav,s{number % 12},{'low' if number % 2 else 'high'}")
    (tmp_path / "manifest.csv").write_text("\n".join(lines))
    return tmp_path / "manifest.csv"


def test_backbones_that_could_use_other_utterances_are_not_compared_and_it_is_said(corpus, tmp_path):
    both = ["--backbone", "toy", "--backbone", "ge2e,weights=random"]
    common = ["--root", corpus, "--task", "label:pitch", "--runs", 1, "--max-errors", 0.5, "--out", tmp_path / "run"]
    out = run("probe", *both, *common).stdout
    assert "A: Classes: 18 high, 17 low." in out
    assert "Not compared, as they are not of the same utterances in the same split: A with B." in out
    assert differences(tmp_path / "run").height == 0


def test_json_holds_the_differences_and_nothing_else_is_new(tmp_path):
    found = json.loads(run("probe", *SEVERAL, "--dataset", "toy", "--task", "toy", "--runs", 1, "--json").stdout)
    alone = json.loads(
        run("probe", "--backbone", "toy", "--dataset", "toy", "--task", "toy", "--runs", 1, "--json").stdout
    )
    own = [row for row in found["rows"] if row["backbone"] == "toy"]
    runs = {row["run"] for row in found["rows"]}
    assert [row for row in own if row["against"] not in runs] == alone["rows"]
    assert [row["metric"] for row in own if row["against"] in runs] == ["accuracy_difference"] * 2


def test_a_notebook_has_them_as_a_table_and_in_its_lines():
    result = neuroscope.probe(["toy", "toy,weights=random"], "toy", dataset="toy", runs=2)
    ((task, backbone, layer, against, *_),) = result.table("differences").rows()
    assert (task, backbone, layer, against) == ("toy", "toy", "ALL", "toy,weights=random")
    assert ">B</th>" in result._repr_html_()


@pytest.fixture(scope="module")
def nine(tmp_path_factory):
    """A result of nine backbones: one of the toy in nine names."""
    out = tmp_path_factory.mktemp("nine")
    names = [f"toy,width={width}" for width in range(4, 13)]
    return neuroscope.probe(names, "toy", dataset="toy", runs=1, out=out / "run", cache=out / "cache")


@pytest.mark.parametrize("width", [60, 80, 100, 120])
@pytest.mark.parametrize("count", [1, 2, 3, 9])
def test_in_a_terminal_of_any_width_every_number_is_there(nine, width, count, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(width))
    cells = nine.run.cells[:count]
    kept = [row for row in nine.rows if row.backbone in {cell.backbone for cell in cells}]
    terminal.show_result(replace(nine, run=replace(nine.run, cells=cells), rows=kept), json=False, debug=False)
    shown = capsys.readouterr().out
    assert "…" not in shown
    tables = [line for line in shown.splitlines() if "  " in line.strip()]
    assert max(map(len, tables)) <= width
    text = " ".join(shown.replace("–", " – ").split())
    for curve in curves(kept):
        for point in (*curve.points, curve.majority):
            assert f"{100 * point.value:.1f}" in text
            if point.low is not None:
                assert f"{100 * point.low:.1f} – {100 * point.high:.1f}" in text
        for gap in curve.beyond.values():
            if count > 1:
                assert f"{100 * gap.value:+.1f}" in text
    pairs = count * (count - 1) // 2
    words = ["is ahead", "not told apart", "neither is shown"]
    assert sum(shown.count(each) for each in words) >= (pairs if width > 60 else 0)
