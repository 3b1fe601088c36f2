"""``neuroscope probe`` and ``extract`` from end to end, on the toy: real files, a real model, a real store."""

import json
import os
import subprocess
import sys
from errno import ENOSPC
from pathlib import Path

import numpy
import polars
import pytest
from typer.testing import CliRunner

from neuroscope import workflows
from neuroscope.cli.main import build
from neuroscope.data import Data
from neuroscope.errors import MissingData
from neuroscope.study.cell_runner import CellRunner
from neuroscope.study.rows_table import rows_of_table

TOY = ["--backbone", "toy", "--dataset", "toy"]


def run(*arguments, code=0):
    result = CliRunner().invoke(build(), [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    return result


def read_rows(folder):
    return rows_of_table(polars.read_parquet(folder / "rows.parquet"))


def accuracies(rows):
    return {row["layer"]: row["value"] for row in rows if row["metric"] == "accuracy" and row["seed"] is None}


def test_the_layer_that_knows_is_found(tmp_path):
    result = run("probe", *TOY, "--task", "toy", "--out", tmp_path / "run")
    assert "Best layer: energy, 100.0 %" in result.stdout
    assert result.stdout.splitlines()[-1] == str(tmp_path / "run")
    found = accuracies(polars.read_parquet(tmp_path / "run" / "rows.parquet").iter_rows(named=True))
    assert list(found) == ["", "energy", "delta", "ALL"]
    assert found["energy"] == found["ALL"] == 1.0
    assert found["delta"] < 0.8


@pytest.mark.usefixtures("drawn_pictures")
def test_the_run_folder_holds_all_that_the_result_stands_on(tmp_path):
    folder = tmp_path / "run"
    run("probe", *TOY, "--task", "toy", "--out", folder, "--runs", 2)
    assert (folder / "layers.png").read_bytes().startswith(b"\x89PNG")
    tables = "manifest.csv manifest.parquet predictions.parquet rows.csv rows.parquet run.json split.parquet"
    names = f"layers.png layers.svg {tables}"
    assert sorted(path.name for path in folder.iterdir()) == names.split()
    about = json.loads((folder / "run.json").read_text())
    (cell,), (extraction,) = about["cells"], about["extractions"]
    assert cell["seeds"] == [0, 1]
    assert extraction["computed"] == 120
    assert extraction["origin"]["licence"] == "Apache-2.0"
    assert "torch" in about["versions"]
    predictions = polars.read_parquet(folder / "predictions.parquet")
    split = polars.read_parquet(folder / "split.parquet")
    of_energy = predictions.filter(layer="energy", condition="probe", seed=0)
    tested = split.filter(seed=0, part="test")
    assert sorted(of_energy["utterance"]) == sorted(tested["utterance"])
    by_part = split.filter(seed=0).group_by("part").agg(polars.col("group").unique())
    train, test = (set(group) for group in by_part["group"].to_list())
    assert not train & test
    assert polars.read_csv(folder / "rows.csv").height == polars.read_parquet(folder / "rows.parquet").height
    manifest = polars.read_parquet(folder / "manifest.parquet")
    assert sorted(manifest.filter(part="test")["id"]) == sorted(tested["utterance"])
    (root,) = about["roots"]
    assert all((Path(root) / path).is_file() for path in manifest["path"])
    assert set(manifest["label"]) == {"high", "low"}


def test_json_is_one_object_and_nothing_else(tmp_path):
    result = run("probe", *TOY, "--task", "toy", "--json", "--runs", 2, "--out", tmp_path / "run")
    printed = json.loads(result.stdout)
    assert set(printed) == {"run", "rows"}
    assert result.stderr == ""
    assert printed["run"] == json.loads((tmp_path / "run" / "run.json").read_text())


def test_a_notebook_gets_the_same_rows(tmp_path):
    run("probe", *TOY, "--task", "toy", "--runs", 2, "--out", tmp_path / "typed")
    called = workflows.probe(
        ["toy"], ["toy"], Data(dataset="toy"), workflows.StudySettings(runs=2), out=tmp_path / "called"
    )
    assert called.rows == read_rows(tmp_path / "typed") == read_rows(tmp_path / "called")


def test_the_second_run_extracts_nothing_and_finds_the_same(tmp_path):
    first = run("probe", *TOY, "--task", "toy", "--out", tmp_path / "one")
    second = run("probe", *TOY, "--task", "toy", "--out", tmp_path / "two")
    assert "120 extracted now, 0 from the store" in first.stdout
    assert "0 extracted now, 120 from the store" in second.stdout
    assert (tmp_path / "one" / "rows.csv").read_bytes() == (tmp_path / "two" / "rows.csv").read_bytes()


def test_a_repeated_probe_loads_no_torch(tmp_path):
    code = (
        "import sys; from neuroscope.cli.main import build\n"
        "try: build()(sys.argv[1:])\n"
        "except SystemExit as end: sys.exit('torch' in sys.modules or end.code)"
    )
    command = [
        sys.executable,
        "-c",
        code,
        "probe",
        *TOY,
        "--task",
        "toy",
        "--runs",
        "1",
        "--out",
        str(tmp_path / "run"),
    ]
    run("extract", *TOY)
    assert subprocess.run(command, env=os.environ, capture_output=True, check=False).returncode == 0


def test_an_earlier_run_is_replaced_and_anything_else_is_not(tmp_path):
    run("probe", *TOY, "--task", "toy", "--out", tmp_path / "run", "--runs", 3)
    run("probe", *TOY, "--task", "toy", "--out", tmp_path / "run", "--runs", 1)
    assert {row.seed for row in read_rows(tmp_path / "run")} == {None, 0}
    assert not [path for path in tmp_path.iterdir() if path.name != "run"]


def test_without_out_the_run_goes_to_the_cache_folder():
    last = run("probe", *TOY, "--task", "toy", "--runs", 1).stdout.splitlines()[-1]
    assert last.startswith(os.environ["NEUROSCOPE_CACHE"])
    assert read_rows(Path(last))


def test_several_backbones_and_tasks_are_cells_of_one_table(tmp_path):
    backbones = ["--backbone", "toy", "--backbone", "toy,weights=random,seed=1"]
    tasks = ["--task", "toy", "--task", "label:tone"]
    result = run("probe", *backbones, *tasks, "--dataset", "toy", "--runs", 1, "--out", tmp_path / "run", "--json")
    printed = json.loads(result.stdout)
    assert len({row["run"] for row in printed["rows"]}) == 4
    assert {(cell["backbone"], cell["task"]) for cell in printed["run"]["cells"]} == {
        (backbone, task) for backbone in ("toy", "toy,weights=random,seed=1") for task in ("toy", "label:tone")
    }


def test_options_of_the_one_backbone():
    found = json.loads(run("probe", *TOY, "-o", "width=8", "--task", "toy", "--runs", 1, "--json").stdout)
    assert {cell["backbone"] for cell in found["run"]["cells"]} == {"toy,width=8"}


def test_only_some_layers_are_another_cell():
    common = ("probe", *TOY, "--task", "toy", "--runs", 1, "--json")
    everything = json.loads(run(*common).stdout)
    found = json.loads(run(*common, "--layers", "delta").stdout)
    assert list(accuracies(found["rows"])) == ["", "delta"]
    assert found["rows"][0]["run"] != everything["rows"][0]["run"]


def test_another_pooling_is_another_representation():
    first, second = (
        json.loads(run("probe", *TOY, "--task", "toy", "--runs", 1, "--json", *more).stdout)["rows"][0]
        for more in ((), ("--pooling", "meanstd"))
    )
    assert (first["pooling"], second["pooling"]) == ("mean", "meanstd")
    assert first["representation"] != second["representation"]


def test_any_scikit_learn_probe_option_is_written_in_the_rows():
    found = json.loads(
        run("probe", *TOY, "--task", "toy", "--runs", 1, "--json", "--probe", "elasticnet,l1=0.1").stdout
    )
    assert {row["probe"] for row in found["rows"]} == {"elasticnet,l1=0.1"}
    assert {row["value"] for row in found["rows"] if row["metric"] == "l1"} == {0.1}


@pytest.mark.parametrize(("preset", "penalty"), [("paper", "1e-05"), ("neurox", "0"), ("neurox-paper", "1e-05")])
def test_a_preset_sets_defaults_and_what_is_typed_wins(preset, penalty):
    common = ("probe", *TOY, "--task", "toy", "--runs", 2, "--json", "--preset", preset)
    plain = json.loads(run(*common).stdout)
    typed = json.loads(run(*common, "--probe", "elasticnet,l1=2,l2=2").stdout)
    assert plain["run"]["cells"][0]["probe"].startswith(f"elasticnet,solver=adam,l1={penalty},l2={penalty},scale=none")
    assert typed["run"]["cells"][0]["probe"].startswith("elasticnet,solver=adam,l1=2,l2=2,scale=none")
    assert plain["run"]["cells"][0]["varied"].startswith("seeds of the probe")


def test_extract_then_again():
    assert "120 extracted now" in run("extract", *TOY).stdout
    assert "0 extracted now, 120 from the store" in run("extract", *TOY).stdout
    about = json.loads(run("extract", *TOY, "--json").stdout)
    assert about["rows"] == []
    assert about["run"]["extractions"][0]["found"] == 120


def test_a_cell_that_fails_is_told_at_the_end_and_the_others_stand(tmp_path, monkeypatch):
    inputs = CellRunner.inputs

    def failing(self, spec):
        if spec.backbone == "toy,width=2":
            raise ValueError("it broke")
        return inputs(self, spec)

    monkeypatch.setattr(CellRunner, "inputs", failing)
    both = ["--backbone", "toy", "--backbone", "toy,width=2", "--dataset", "toy", "--task", "toy", "--runs", 1]
    result = run("probe", *both, "--out", tmp_path / "run", code=1)
    assert "Best layer: energy" in result.stdout
    assert result.stderr == "Error: toy in toy,width=2 has no result: ValueError: it broke\n"
    about = json.loads((tmp_path / "run" / "run.json").read_text())
    assert about["failed"] == [{"backbone": "toy,width=2", "task": "toy", "error": "ValueError: it broke"}]
    assert {row.backbone for row in read_rows(tmp_path / "run")} == {"toy"}


def test_every_backbone_has_its_split_and_its_utterances(tmp_path):
    both = ["--backbone", "toy", "--backbone", "toy,width=2", "--dataset", "toy", "--task", "toy", "--runs", 1]
    run("probe", *both, "--out", tmp_path / "run")
    tables = {name: polars.read_parquet(tmp_path / "run" / f"{name}.parquet") for name in ("split", "manifest")}
    keys = {row.representation for row in read_rows(tmp_path / "run")}
    assert len(keys) == 2
    for table in tables.values():
        assert set(table["representation"]) == keys
    of_one = tables["split"].filter(representation=min(keys)).drop("representation")
    assert of_one.equals(tables["split"].filter(representation=max(keys)).drop("representation"))


@pytest.fixture
def full_disk(monkeypatch):
    """A disk that takes what is written on trial, and nothing of the run folder."""

    def refuse(path, **more):
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr("neuroscope.study.run_folder.whole_folder", refuse)
    monkeypatch.setattr("neuroscope.study.cell_parts.whole_folder", refuse)


def test_numbers_that_cannot_be_kept_are_shown(tmp_path, full_disk):
    result = run("probe", *TOY, "--task", "toy", "--runs", 1, "--out", tmp_path / "run", code=2)
    assert "Best layer: energy, 100.0 %" in result.stdout.splitlines()[-1]
    assert result.stderr == f"Error: cannot write {tmp_path / 'run'}: No space left on device\n"
    printed = json.loads(run("probe", *TOY, "--task", "toy", "--runs", 1, "--json", code=2).stdout)
    assert "energy" in accuracies(printed["rows"])


def test_in_a_notebook_numbers_that_cannot_be_kept_are_there(full_disk):
    result = workflows.probe(["toy"], ["toy"], Data(dataset="toy"), workflows.StudySettings(runs=1))
    assert result.folder is None
    assert result.table()["accuracy"].max() == 1.0
    assert "No space left on device" in result._repr_html_()
    assert "No space left on device" in repr(result)
    with pytest.raises(MissingData, match="there is no table predictions: cannot write"):
        result.table("predictions")


def test_the_numbers_are_written_before_any_picture_is_drawn_and_do_not_depend_on_it(tmp_path, monkeypatch):
    seen = []

    def save(chart, folder, name):
        seen.extend(path.name for path in folder.iterdir())
        return "no memory"

    monkeypatch.setattr("neuroscope.report.pictures.save", save)
    result = run("probe", *TOY, "--task", "toy", "--runs", 1, "--out", tmp_path / "run")
    assert {"rows.csv", "rows.parquet", "run.json", "predictions.parquet"} <= set(seen)
    assert result.stderr == "Warning: no picture: no memory\n"
    assert "Best layer: energy" in result.stdout


def test_after_ctrl_c_while_the_picture_is_drawn_the_run_folder_is_whole(tmp_path, monkeypatch):
    def save(chart, folder, name):
        raise KeyboardInterrupt

    monkeypatch.setattr("neuroscope.report.pictures.save", save)
    result = run("probe", *TOY, "--task", "toy", "--runs", 1, "--out", tmp_path / "run", code=130)
    assert result.stderr.startswith("Interrupted. Stored vectors")
    assert json.loads((tmp_path / "run" / "run.json").read_text())["cells"]
    assert not [path for path in tmp_path.iterdir() if path.name != "run"]


@pytest.mark.usefixtures("drawn_pictures")
def test_names_of_layers_and_tasks_with_control_characters_are_shown_escaped_and_drawn(tmp_path):
    lines, words = ["path,speaker,word"], ("two", "one\x1b[31m")
    for row in range(40):
        lines.append(f"{row}.wav,s{row // 2},{words[row % 2]}")
    (tmp_path / "m.csv").write_text("\n".join(lines) + "\n")
    numpy.savez(tmp_path / "v.npz", ids=[f"{row}.wav" for row in range(40)], values=numpy.eye(40, dtype="float32"))
    run("import", tmp_path / "v.npz", "--name", "v", "--manifest", tmp_path / "m.csv")
    arguments = ["--backbone", "stored:v", "--task", "label:word", "--root", tmp_path / "m.csv", "--runs", 1]
    result = run("probe", *arguments, "--out", tmp_path / "run")
    assert r"20 one\x1b[31m" in result.stdout
    assert "\x1b" not in result.output
    assert (tmp_path / "run" / "layers.png").exists()
