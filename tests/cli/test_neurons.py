"""``neuroscope neurons`` from end to end, on the toy: real files, a real model, a real store."""

import json
import sys
from errno import ENOSPC

import polars
import pytest
from typer.testing import CliRunner

from neuroscope.cli.main import build
from neuroscope.errors import NeuroscopeError

TOY = ["--backbone", "toy,width=24", "--dataset", "toy", "--task", "toy"]


def run(*arguments, code=0):
    result = CliRunner().invoke(build(), ["neurons", *map(str, arguments)], env={"COLUMNS": "100"})
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def done(tmp_path_factory, undrawn_pictures):
    """One run, its folder and its list: the tests below look at different parts of it."""
    folder = tmp_path_factory.mktemp("neurons")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEUROSCOPE_CACHE", str(folder / "cache"))
        patch.setenv("NEUROSCOPE_DATA", str(folder / "data"))
        patch.setattr("neuroscope.report.pictures._draw", undrawn_pictures)
        result = run(*TOY, "--runs", 2, "--out", folder / "run", "--list", folder / "sub" / "list.csv")
    return result, folder


def test_what_people_read(done):
    result, folder = done
    lines = result.stdout.splitlines()
    assert lines[-1] == str(folder / "run")
    prose = next(number for number, line in enumerate(lines) if line.startswith("Selectivity"))
    assert max(map(len, lines[:prose])) <= 100  # a table that is wrapped cannot be read; sentences can
    for begin in (
        "Ranking: weight-mass. Neurons: 48 (24 energy, 24 delta).",
        "probe on all neurons",
        "random features",
        "control task",
        "majority class",
        "top 20 %, others masked",
        "Trained anew on a share of the neurons",
        "lost at most a point",
        "paper's, chosen on test",
        "The minimal set over the layers",
        "Selectivity: ",
        "Sizes are chosen on the training part, the paper's on test; a point is 0.4 test utterances.",
        "Trained anew, the top 5 % less as many at random: +",
        "The minimal set less as many at random: +",
        "Stability (overlap of the top 10 %): two runs ",
        "The same overlap with an unlike ranking, t: ",
        "2 runs: each its own split (speaker). ± is the sd of the number over new draws of speakers; ",
        "a Warning: ",
    ):
        assert any(line.startswith(begin) for line in lines), begin


def test_the_run_folder_holds_all_that_the_result_stands_on(done):
    _, root = done
    folder = root / "run"
    tables = "manifest minimal_neurons predictions rankings rows split"
    files = "manifest.csv neurons.png neurons.svg rows.csv run.json"
    names = [*(f"{name}.parquet" for name in tables.split()), *files.split()]
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    (cell,) = json.loads((folder / "run.json").read_text())["cells"]
    assert cell["ranking"] == "weight-mass"
    assert cell["neurons"] == {"energy": 24, "delta": 24}
    assert "</svg>" in (folder / "neurons.svg").read_text()
    predictions = polars.read_parquet(folder / "predictions.parquet")
    (against,) = polars.read_parquet(folder / "rows.parquet").filter(metric="overlap_rankers")["against"].unique()
    assert against == "t"
    of_top = predictions.filter(condition="top-set", seed=0)
    assert sorted(of_top["percent"].unique()) == [5, 10, 15, 20, 25, 50, 75]
    assert predictions.filter(condition="probe")["percent"].null_count() == predictions.filter(condition="probe").height
    keys = ["condition", "percent", "seed", "draw", "utterance", "layer"]
    assert not predictions.select(keys).is_duplicated().any()


def test_the_rows_and_the_predictions_say_the_same(done):
    _, root = done
    predictions = polars.read_parquet(root / "run" / "predictions.parquet")
    right = predictions.group_by("condition", "percent", "seed").agg(
        (polars.col("truth") == polars.col("prediction")).mean().alias("right")
    )
    rows = polars.read_parquet(root / "run" / "rows.parquet").filter(metric="accuracy").drop_nulls("seed")
    same = rows.join(right, on=["condition", "percent", "seed"], nulls_equal=True)
    assert same.height == rows.height == right.height
    assert (same["value"] - same["right"]).abs().max() < 1e-12


def test_rankings_hold_every_neuron_of_every_run_once(done):
    _, root = done
    table = polars.read_parquet(root / "run" / "rankings.parquet")
    assert sorted(table["class"].unique()) == ["", "high", "low"]
    for seed in (0, 1):
        whole = table.filter(seed=seed).filter(polars.col("class") == "")
        assert whole["rank"].to_list() == list(range(1, 49))
        assert whole.select("layer", "neuron").n_unique() == 48
        assert whole["score"].is_sorted(descending=True)
        assert whole["layer"][0] == "energy"
        assert whole["entry_mass"].drop_nulls().is_sorted()
    assert table.filter(polars.col("class") != "")["entry_mass"].null_count() == 2 * 2 * 48


def test_the_list_is_for_other_programs(done):
    _, root = done
    table = polars.read_csv(root / "sub" / "list.csv")
    assert table.columns[:7] == ["layer", "neuron", "statistic", "runs", "rank", "score", "entry_mass"]
    assert table["entry_mass"].is_between(0, 1).all()
    assert {"score:high", "score:low"} <= set(table.columns)
    assert set(table["layer"]) == {"energy"}
    assert table["runs"].is_between(1, 2).all()
    sizes = polars.read_parquet(root / "run" / "rows.parquet").filter(
        condition="minimal", metric="neurons", layer="ALL"
    )
    assert table["runs"].sum() == sizes.drop_nulls("seed")["value"].sum()


def test_the_same_command_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        run(*TOY, "--runs", 1, "--ranking", "probeless", "--out", tmp_path / name, "--list", tmp_path / f"{name}.csv")
    for name in ("a/rows.csv b/rows.csv", "a.csv b.csv", "a/rankings.parquet b/rankings.parquet"):
        one, other = ((tmp_path / each).read_bytes() for each in name.split())
        assert one == other


def test_json_is_one_object_and_nothing_else(tmp_path):
    result = run(*TOY, "--runs", 1, "--ranking", "probeless", "--json", "--out", tmp_path / "run")
    printed = json.loads(result.stdout)
    assert set(printed) == {"run", "rows"}
    assert {row["ranking"] for row in printed["rows"]} == {"probeless"}
    assert result.stderr == ""


def test_the_paper_preset_on_one_layer_with_an_untrained_twin(tmp_path):
    more = ["--preset", "paper", "--layers", "energy", "--control", "untrained", "--runs", 1]
    result = run(*TOY, *more, "--out", tmp_path / "run")
    assert "Ranking: weight-mass,weights=probe. Neurons: 24 (24 energy)." in result.stdout
    assert "untrained network" in result.stdout
    assert "random features" not in result.stdout
    assert "lost at most a point" not in result.stdout
    assert "over the layers" not in result.stdout
    rows = polars.read_parquet(tmp_path / "run" / "rows.parquet")
    assert set(rows["layer"]) == {"", "energy"}


def test_random_features_of_other_distributions_are_conditions_of_their_own(tmp_path):
    drawn = ("random,distribution=normal", "random,distribution=matched")
    more = [word for each in drawn for word in ("--control", each)]
    result = run(*TOY, "--runs", 1, "--ranking", "probeless", *more, "--out", tmp_path / "run")
    assert "random features, matched" in result.stdout
    rows = polars.read_parquet(tmp_path / "run" / "rows.parquet")
    assert {"random", "random,distribution=matched"} <= set(rows["condition"])
    assert not {"permuted", "random,distribution=normal"} & set(rows["condition"])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--control", "nope"], "expected one of random; random,distribution=uniform; "),
        (["--ranking", "nope"], "unknown ranking 'nope'. Known: "),
        (["--ranking", "weight-mass,nope=1"], "unknown option of weight-mass 'nope'. Known: "),
        (["--layers", "nope"], "unknown layer of toy,width=24 'nope'. Known: delta, energy"),
        (["--task", "nope"], "unknown task 'nope'"),
        (["--runs", "0"], "runs"),
        (["--backbone", "toy,width=0"], "width 0 is not from 1 to 200"),
    ],
)
def test_bad_input_is_one_line(more, said, tmp_path):
    result = run(*TOY, *more, "--out", tmp_path / "run", code=2)
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert said in line
    assert not (tmp_path / "run").exists()


def test_the_list_is_tried_before_the_work(tmp_path):
    (tmp_path / "file").write_text("mine")
    for where, said in ((tmp_path, "is a folder; name a file"), (tmp_path / "file" / "list.csv", "cannot be written")):
        result = run(*TOY, "--list", where, "--out", tmp_path / "run", code=2)
        assert f"--list {where} " in result.stderr
        assert said in result.stderr
        assert "Extracting" not in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_list_that_is_there_stays_until_the_new_one_is_whole(tmp_path):
    (tmp_path / "list.csv").write_text("earlier")
    run(*TOY, "--layers", "nope", "--list", tmp_path / "list.csv", code=2)
    assert (tmp_path / "list.csv").read_text() == "earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]


QUICK = ["--backbone", "toy", "--dataset", "toy", "--task", "toy", "--runs", 1, "--ranking", "probeless"]


def test_the_list_is_written_also_where_the_run_folder_cannot_be(tmp_path, monkeypatch):
    def refuse(path, **more):
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr("neuroscope.study.run_folder.whole_folder", refuse)
    monkeypatch.setattr("neuroscope.study.cell_parts.whole_folder", refuse)
    result = run(*QUICK, "--out", tmp_path / "run", "--list", tmp_path / "list.csv", code=2)
    assert "Selectivity" in result.stdout
    assert result.stderr == f"Error: cannot write {tmp_path / 'run'}: No space left on device\n"
    assert "neuron" in polars.read_csv(tmp_path / "list.csv").columns


def test_a_list_that_cannot_be_written_costs_itself_alone(tmp_path, monkeypatch):
    def refuse(file, table):
        raise NeuroscopeError(f"cannot write {file}: No space left on device")

    monkeypatch.setattr(sys.modules["neuroscope.workflows.neurons"], "write_csv", refuse)
    result = run(*QUICK, "--out", tmp_path / "run", "--list", tmp_path / "list.csv", code=2)
    assert result.stdout.splitlines()[-1] == str(tmp_path / "run")
    assert result.stderr == f"Error: cannot write {tmp_path / 'list.csv'}: No space left on device\n"
    assert (tmp_path / "run" / "minimal_neurons.parquet").exists()
