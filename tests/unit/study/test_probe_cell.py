"""Which cells of a command are compared with each other."""

from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import numpy as np
import polars
import pytest

from neuroscope.contracts.rows import ALL
from neuroscope.contracts.target import Target
from neuroscope.contracts.task import Split
from neuroscope.probing.runs import Run, Runs
from neuroscope.study.probe_cell import compare_backbones

ROWS = np.arange(20)
TARGET = Target((ROWS % 2).astype(np.int64), ("even", "odd"))


def drawn():
    split = Split(
        name="s",
        train=ROWS[12:],
        test=ROWS[:12],
        groups=ROWS // 2,
        group_names=tuple(map(str, range(10))),
        grouped_by="speaker",
        fixed=False,
    )
    return Runs((Run(0, split), Run(1, split)), False, "")


@dataclass
class Part:
    """A finished cell, whose probes of these layers err at so many of the first test rows."""

    errors: dict[str, int]
    asked: list[str] = field(default_factory=list)

    @property
    def rows(self):
        rows = [SimpleNamespace(layer=layer, condition="probe") for layer in self.errors]
        return [*rows, SimpleNamespace(layer="", condition="majority")]

    def table(self, name):
        self.asked.append(name)
        records = [
            {
                "layer": layer,
                "condition": condition,
                "seed": seed,
                "prediction": TARGET.names[int(TARGET.values[row]) ^ int(row < wrong or condition == "majority")],
            }
            for condition in ("majority", "probe")
            for layer, wrong in self.errors.items()
            for seed in (0, 1)
            for row in range(12)
        ]
        return polars.DataFrame(records)


@pytest.fixture
def made(cell):
    def made(backbone, runs, errors, task="t", vectors=""):
        labelled = SimpleNamespace(rows=SimpleNamespace(target=TARGET))
        named = replace(cell, backbone=backbone, task=task, representation=vectors or backbone)
        inputs = SimpleNamespace(cell=named, runs=runs, labelled=labelled)
        return inputs, Part(errors)

    return made


def pairs(cells):
    names = {inputs.cell.digest: inputs.cell.backbone for inputs, _ in cells}
    return [(row.backbone, names[row.against], row.layer, row.value) for row in compare_backbones(cells)]


def test_all_of_each_backbone_is_compared_with_all_of_each_other(made):
    runs = drawn()
    cells = [made("a", runs, {"l": 6, ALL: 0}), made("b", runs, {"k": 0, ALL: 3}), made("c", runs, {"one": 6})]
    assert pairs(cells) == [
        ("a", "b", ALL, pytest.approx(0.25)),
        ("a", "c", ALL, pytest.approx(0.5)),
        ("b", "c", ALL, pytest.approx(0.25)),
    ]
    assert {name for _, part in cells for name in part.asked} == {"predictions"}


def test_tasks_are_compared_apart(made):
    runs = drawn()
    cells = [made(name, runs, {ALL: wrong}, task) for task in ("t", "u") for name, wrong in (("a", 0), ("b", 3))]
    assert [(row.task, row.backbone) for row in compare_backbones(cells)] == [("t", "a"), ("u", "a")]


def test_other_utterances_have_other_runs_and_are_compared_among_themselves(made):
    one, other = drawn(), drawn()
    of_one, alone = [made("a", one, {ALL: 0}), made("b", one, {ALL: 3})], made("c", other, {ALL: 0})
    assert [each[:2] for each in pairs([of_one[0], alone, of_one[1]])] == [("a", "b")]
    wide, narrow = compare_backbones([*of_one, alone])[0], compare_backbones(of_one)[0]
    assert wide.high - wide.low > narrow.high - narrow.low


def test_several_layers_without_all_are_compared_with_none(made):
    runs = drawn()
    assert pairs([made("a", runs, {"l": 0, "m": 0}), made("b", runs, {ALL: 3})]) == []


def test_two_names_of_the_same_vectors_are_one_and_widen_no_interval(made):
    runs = drawn()
    cells = [made("a", runs, {ALL: 0}), made("alias", runs, {ALL: 0}, vectors="a"), made("b", runs, {ALL: 3})]
    assert [each[:2] for each in pairs(cells)] == [("a", "b")]
    assert cells[1][1].asked == []
    (one,), (other,) = compare_backbones(cells), compare_backbones([cells[0], cells[2]])
    assert (one.low, one.high) == (other.low, other.high)


def test_predictions_of_what_is_compared_with_none_are_not_read(made):
    cells = [made("a", drawn(), {ALL: 0}), made("b", drawn(), {ALL: 3}), made("c", drawn(), {"l": 0, "m": 0})]
    assert pairs(cells) == []
    assert [part.asked for _, part in cells] == [[], [], []]
