"""The tables of a run folder and the facts beside them, computed by hand."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from neuroscope.contracts.audio import Utterance
from neuroscope.contracts.features import Unit
from neuroscope.contracts.probing import Ranking
from neuroscope.contracts.records import plain
from neuroscope.contracts.target import Target
from neuroscope.contracts.task import Split
from neuroscope.data.labelling import LabelledTask, LabelledUtterances
from neuroscope.probing.cell_result import CellResult
from neuroscope.probing.diagnostics import Diagnostic
from neuroscope.probing.runs import Run, Runs
from neuroscope.study.cell_parts import CellPart
from neuroscope.study.records import cell_record, manifest_table, rankings_table, split_table


def run_of(seed, train, test, weights=None):
    split = Split(
        name="speaker",
        train=np.array(train),
        test=np.array(test),
        groups=np.array([0, 0, 1, 2]),
        group_names=("ann", "bob", "cy"),
        grouped_by="speaker",
        fixed=False,
    )
    return Run(seed, split, None if weights is None else np.array(weights))


@pytest.fixture
def asked():
    """Four utterances of three speakers, of two classes."""
    utterances = tuple(Utterance(id=name, path=None, speaker=name[0]) for name in ("a1", "a2", "b1", "c1"))
    rows = LabelledUtterances(utterances, Target(np.array([0, 1, 0, 1]), ("no", "yes")))
    return LabelledTask("t", rows, 5, "speaker")


RUNS = Runs((run_of(7, [0, 1], [2]), run_of(8, [2, 3], [0, 1], [2, 0])), same_test=False, varied="each its own split")


def test_ranks_count_from_1_in_every_run_and_class_and_entry_mass_is_of_all_classes_alone(cell):
    ranking = Ranking(
        units=(Unit("high", 1), Unit("low", 0, "std")),
        scores=np.array([3.0, 1.0]),
        by_class={"yes": np.array([2.0, 4.0])},
        entry_mass=np.array([0.5, np.nan]),
    )
    table = rankings_table(cell, [(RUNS.each[0], ranking)])
    columns = ["seed", "class", "layer", "neuron", "statistic", "rank", "score", "entry_mass"]
    assert table.select(columns).rows() == [
        (7, "", "high", 1, "mean", 1, 3.0, 0.5),
        (7, "", "low", 0, "std", 2, 1.0, None),
        (7, "yes", "high", 1, "mean", 1, 2.0, None),
        (7, "yes", "low", 0, "std", 2, 4.0, None),
    ]


def test_training_rows_carry_their_weight_in_the_bootstrap_and_test_rows_1(cell, asked):
    table = split_table(cell, asked, RUNS)
    assert table.select("seed", "utterance", "part", "group", "weight").rows() == [
        (7, "a1", "train", "ann", 1),
        (7, "a2", "train", "ann", 1),
        (7, "b1", "test", "bob", 1),
        (8, "b1", "train", "bob", 2),
        (8, "c1", "train", "cy", 0),
        (8, "a1", "test", "ann", 1),
        (8, "a2", "test", "ann", 1),
    ]


def test_the_manifest_has_the_parts_of_the_first_run(cell, asked):
    table = manifest_table(cell, asked, RUNS, SimpleNamespace(roots=()))
    assert table.select("id", "label", "part").rows() == [
        ("a1", "no", "train"),
        ("a2", "yes", "train"),
        ("b1", "no", "test"),
        ("c1", "yes", ""),
    ]


def test_a_cell_counts_the_rows_and_groups_of_its_first_run(cell, asked):
    made = cell_record(cell, asked, RUNS, CellResult())
    assert (made.train, made.test, made.test_groups, made.unlabelled) == (2, 1, 1, 5)
    other = cell_record(cell, asked, Runs(RUNS.each[::-1], same_test=False, varied=""), CellResult())
    assert (other.train, other.test, other.test_groups) == (2, 2, 1)
    assert (made.seeds, other.seeds, made.classes) == ((7, 8), (8, 7), {"no": 2, "yes": 2})


def test_warnings_are_kept_as_data_and_read_again_and_older_ones_are_lines(cell, asked, tmp_path):
    found = (
        Diagnostic("the fit did not converge", "ALL", 7, "", ("top-set",), (5.0,)),
        Diagnostic("the fit did not converge", "ALL", 8, "", ("top-set",), (5.0,)),
        Diagnostic("few groups", "", 7, "3"),
    )
    made = cell_record(cell, asked, RUNS, CellResult(warnings=found))
    assert plain(made)["cautions"] == [
        {
            "kind": "the fit did not converge",
            "line": "the fit did not converge: ALL top-set 5 %; in 2 runs",
            "runs": 2,
            "about": [{"layer": "ALL", "conditions": ["top-set"], "percents": [5.0], "detail": ""}],
        },
        {
            "kind": "few groups",
            "line": "few groups (3); in 1 run",
            "runs": 1,
            "about": [{"layer": "", "conditions": [], "percents": [], "detail": "3"}],
        },
    ]
    part = CellPart(tmp_path / "part")
    part.write(made, [cell.row(layer="a", condition="probe", metric="accuracy", value=1.0, n=1)], {})
    assert part.record.cautions == made.cautions
    (tmp_path / "part" / "cell.json").write_text(json.dumps({**plain(made), "cautions": ["few groups (3); in 1 run"]}))
    (older,) = part.record.cautions
    assert (older.line, older.about) == ("few groups (3); in 1 run", ())
