"""A cell is named by its conditions."""

from dataclasses import fields, replace

import pytest

from neuroscope.probing.cell import Cell

TEXTS = ["representation", "backbone", "task", "dataset", "manifest", "split", "layers", "pooling", "probe", "preset"]
CELL = Cell(**dict.fromkeys(TEXTS, "x"), runs=5, seed=0)


def test_equal_conditions_have_equal_names():
    assert CELL.digest == replace(CELL).digest


@pytest.mark.parametrize("name", [each.name for each in fields(Cell)])
def test_every_condition_is_part_of_the_name(name):
    other = "y" if name in TEXTS else 7
    assert replace(CELL, **{name: other}).digest != CELL.digest


def test_rows_carry_the_conditions():
    row = CELL.row(layer="l1", condition="probe", metric="accuracy", value=0.5, n=3, seed=2)
    assert (row.run, row.layer, row.seed, row.against, row.percent) == (CELL.digest, "l1", 2, "", None)
