"""A finished cell, or fit, is kept, whatever stops the others."""

import json
from contextlib import closing
from dataclasses import replace
from errno import ENOSPC

import polars
import pytest
from polars.exceptions import ComputeError

from neuroscope.contracts.records import RunRecord
from neuroscope.errors import BadOption, BadSplit, NeuroscopeError, TooManyFailures, UnknownName
from neuroscope.probing import layerwise
from neuroscope.runtime.clock import Clock
from neuroscope.study.cell_loop import FinishedCells, check_cells, run_cells
from neuroscope.study.cell_parts import one_line_write_errors
from neuroscope.study.cell_runner import CellRunner
from neuroscope.study.result import ProbeResult, finish
from neuroscope.study.run_folder import RunFolder, check_out

EMPTY = polars.DataFrame({"id": []})


@pytest.fixture
def fits(monkeypatch):
    """Counts the fits of layers; with ``fits.stop_after`` set, that many are made."""

    class Fits:
        made = 0
        stop_after = None

    fit = layerwise.fit

    def counting(*arguments, **more):
        if Fits.made == Fits.stop_after:
            raise KeyboardInterrupt
        Fits.made += 1
        return fit(*arguments, **more)

    monkeypatch.setattr(layerwise, "fit", counting)
    return Fits


def test_the_same_command_goes_on_behind_the_last_finished_fit(spec, plugins, workspace, tmp_path, fits):
    whole = run_cells([spec], CellRunner(plugins, workspace), tmp_path / "whole", tmp_path).rows
    assert fits.made == 6  # three layers in two runs
    fits.made, fits.stop_after = 0, 4
    with pytest.raises(KeyboardInterrupt):
        run_cells([spec], CellRunner(plugins, workspace), tmp_path / "run", tmp_path)
    fits.made, fits.stop_after = 0, None
    again = run_cells([spec], CellRunner(plugins, workspace), tmp_path / "run", tmp_path)
    assert fits.made == 2
    assert again.rows == whole


def test_a_fit_that_was_kept_without_the_score_of_its_training_rows_is_done_again(
    spec, plugins, workspace, tmp_path, fits
):
    fits.stop_after = 4
    with pytest.raises(KeyboardInterrupt):
        run_cells([spec], CellRunner(plugins, workspace), tmp_path / "run", tmp_path)
    kept = next((tmp_path / "run").rglob("*.fits/*.json"))
    read = json.loads(kept.read_text())
    del read["metrics"]["training_accuracy"]
    kept.write_text(json.dumps(read))
    fits.made, fits.stop_after = 0, None
    run_cells([spec], CellRunner(plugins, workspace), tmp_path / "run", tmp_path)
    assert fits.made == 3


def test_without_a_named_folder_the_unfinished_one_is_found(spec, plugins, workspace, tmp_path, fits):
    fits.stop_after = 4
    with pytest.raises(KeyboardInterrupt):
        run_cells([spec], CellRunner(plugins, workspace), None, tmp_path / "runs")
    fits.made, fits.stop_after = 0, None
    done = run_cells([spec], CellRunner(plugins, workspace), None, tmp_path / "runs")
    assert fits.made == 2
    assert [done.folder.out] == [each for each in (tmp_path / "runs").iterdir() if each.is_dir()]


def test_other_settings_find_nothing_of_it(spec, plugins, workspace, tmp_path, fits):
    run_cells([spec], CellRunner(plugins, workspace), tmp_path / "run", tmp_path).folder.close()
    fits.made = 0
    other = replace(spec, study=replace(spec.study, seed=1))
    run_cells([other], CellRunner(plugins, workspace), tmp_path / "run", tmp_path)
    assert fits.made == 6


def test_a_finished_cell_is_read_and_not_computed_again(spec, plugins, workspace, tmp_path, fits):
    first = run_cells([spec], CellRunner(plugins, workspace), tmp_path / "run", tmp_path)
    first.folder.close()
    fits.made = 0
    second = run_cells([spec], CellRunner(plugins, workspace), tmp_path / "run", tmp_path)
    assert fits.made == 0
    assert (second.rows, second.records) == (first.rows, first.records)


def test_a_part_that_is_damaged_is_computed_again(spec, plugins, workspace, tmp_path, fits):
    fits.stop_after = 4
    with pytest.raises(KeyboardInterrupt):
        run_cells([spec], CellRunner(plugins, workspace), tmp_path / "run", tmp_path)
    kept = sorted((tmp_path / "run").glob("parts/*.fits/*.json"))
    kept[0].write_text("{")
    kept[1].write_text(json.dumps({"layer": "energy"}))
    fits.made, fits.stop_after = 0, None
    run_cells([spec], CellRunner(plugins, workspace), tmp_path / "run", tmp_path)
    assert fits.made == 4


@pytest.mark.parametrize("name", ["cell.json", "rows.parquet", "split.parquet"])
def test_a_finished_cell_that_is_damaged_is_computed_again(spec, plugins, workspace, tmp_path, fits, name):
    first = run_cells([spec], CellRunner(plugins, workspace), tmp_path / "run", tmp_path)
    first.folder.close()
    (damaged,) = (tmp_path / "run").glob(f"parts/*/{name}")
    rows = first.rows
    damaged.write_text("x")
    fits.made = 0
    second = run_cells([spec], CellRunner(plugins, workspace), tmp_path / "run", tmp_path)
    assert second.rows == rows
    assert fits.made == 0  # its fits are there


def test_a_cell_that_fails_stops_no_other(spec, plugins, workspace, tmp_path, monkeypatch):
    extract = CellRunner.extract

    def failing(self, specs):
        if specs[0].backbone == "toy,width=2":
            raise TooManyFailures("2 of 2 utterances cannot be used")
        return extract(self, specs)

    monkeypatch.setattr(CellRunner, "extract", failing)
    specs = [replace(spec, backbone=name) for name in ("toy,width=2", "toy")]
    done = run_cells(specs, CellRunner(plugins, workspace), tmp_path / "run", tmp_path)
    assert [record.backbone for record in done.records] == ["toy"]
    assert [(each.backbone, each.error) for each in done.failed] == [
        ("toy,width=2", "2 of 2 utterances cannot be used")
    ]
    with pytest.raises(TooManyFailures):
        run_cells(specs[:1], CellRunner(plugins, workspace), tmp_path / "other", tmp_path)


def test_a_task_that_cannot_be_asked_of_the_data_stops_no_other(spec, plugins, workspace, tmp_path):
    asked = [replace(spec, task="label:speaker"), spec]
    runner, done = CellRunner(plugins, workspace), FinishedCells()
    checked = check_cells(asked, runner, done)
    assert checked == [spec]
    found = run_cells(checked, runner, tmp_path / "run", tmp_path, done)
    assert [part.record.task for part in found.parts] == ["toy"]
    ((failed,), (error,)) = found.failed, found.errors
    assert isinstance(error, BadSplit)
    assert failed.error.startswith("task label:speaker (32 rows with a label): ")
    with pytest.raises(BadSplit, match="task label:speaker"):
        check_cells(asked[:1], runner, FinishedCells())
    with pytest.raises(UnknownName, match="column 'nothing'"):  # a slip of the pen is no property of the data
        check_cells([spec, replace(spec, task="label:nothing")], runner, FinishedCells())


def test_both_tasks_of_a_backbone_that_fails_are_named(spec):
    done = FinishedCells()
    specs = [spec, replace(spec, task="gc")]
    done.add_failure(specs, TooManyFailures("none can be used"))
    assert [each.task for each in done.failed] == ["toy", "gc"]
    assert len(done.errors) == 2


def test_a_folder_that_could_not_be_written_can_be_written_again(tmp_path):
    class Broken:
        def write_parquet(self, file):
            raise OSError(ENOSPC, "No space left on device")

    record = RunRecord(command=(), began="", seconds={}, extractions=(), cells=())
    folder = RunFolder(tmp_path / "run")
    with pytest.raises(NeuroscopeError, match="No space left on device"):
        folder.write([], record, {"t": Broken()}, {"manifest.csv": EMPTY})
    folder.close()
    assert list(tmp_path.iterdir()) == []
    with closing(RunFolder(tmp_path / "run")) as again:
        again.write([], record, {}, {"manifest.csv": EMPTY})
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_two_runs_do_not_write_to_one_folder(tmp_path):
    first = RunFolder(tmp_path / "run")
    with pytest.raises(BadOption, match="written by another run"):
        RunFolder(tmp_path / "run")
    first.close()
    RunFolder(tmp_path / "run").close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_and_the_folder_that_it_leads_to_are_one_folder(tmp_path, is_there):
    link, real = tmp_path / "link", tmp_path / "disk" / "run"
    link.symlink_to(real)
    if is_there:
        real.mkdir(parents=True)
    check_out(link, tmp_path)
    first = RunFolder(link)
    with pytest.raises(BadOption, match="written by another run"):
        RunFolder(real)
    first.write([], RunRecord(command=(), began="", seconds={}, extractions=(), cells=()), {}, {"manifest.csv": EMPTY})
    first.close()
    second = RunFolder(real)
    with pytest.raises(BadOption, match=f"--out {link} is being written by another run"):
        RunFolder(link)
    second.close()
    assert link.is_symlink()
    assert (real / "run.json").is_file()
    assert sorted(each.name for each in tmp_path.rglob("*") if each.is_dir() or each.is_symlink()) == [
        "disk",
        "link",
        "run",
    ]


@pytest.mark.parametrize("named", [True, False])
def test_after_a_cell_that_failed_the_same_command_computes_what_is_missing_alone(
    spec, plugins, workspace, tmp_path, fits, monkeypatch, named
):
    specs = [spec, replace(spec, backbone="toy,width=2")]
    out = tmp_path / "run" if named else None

    def run():
        done = run_cells(specs, CellRunner(plugins, workspace), out, tmp_path / "runs")
        return finish(ProbeResult, done, (), Clock())

    counting = layerwise.fit

    def broken(*arguments, **more):
        if fits.made == 10:
            raise ValueError("singular")
        return counting(*arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(layerwise, "fit", broken)
        first = run()
    assert [each.error for each in first.failed] == ["ValueError: singular"]
    fits.made = 0
    second = run()
    assert fits.made == 2
    assert second.failed == ()
    assert second.folder == first.folder
    assert not (second.folder / "parts").exists()


def test_another_command_takes_no_unfinished_folder_with_the_same_first_cell(spec, plugins, workspace, tmp_path, fits):
    both = [spec, replace(spec, backbone="toy,width=2")]
    fits.stop_after = 10
    with pytest.raises(KeyboardInterrupt):
        run_cells(both, CellRunner(plugins, workspace), None, tmp_path / "runs")
    fits.stop_after = None
    done = run_cells([spec], CellRunner(plugins, workspace), None, tmp_path / "runs")
    finish(ProbeResult, done, (), Clock())
    fits.made = 0
    run_cells(both, CellRunner(plugins, workspace), None, tmp_path / "runs")
    assert fits.made == 2


def test_a_full_disk_is_one_line_also_where_polars_found_it(tmp_path):
    with (
        pytest.raises(NeuroscopeError, match=r"cannot write .*run: no space left"),
        one_line_write_errors(tmp_path / "run"),
    ):
        raise ComputeError("no space left")


def test_what_a_killed_process_left_beside_the_folder_is_removed(tmp_path):
    for name in (".run.0a.partial", ".other.0a.partial"):
        (tmp_path / name).mkdir()
    RunFolder(tmp_path / "run").close()
    assert [each.name for each in tmp_path.iterdir()] == [".other.0a.partial"]


def test_a_run_that_a_killed_process_had_moved_away_comes_back(tmp_path):
    (tmp_path / ".run.0a.former").mkdir()
    (tmp_path / ".run.0a.former" / "run.json").write_text("{}")
    RunFolder(tmp_path / "run").close()
    assert [str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*")] == ["run", "run/run.json"]
