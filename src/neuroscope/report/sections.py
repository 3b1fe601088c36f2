"""What a result is to people, as lines and tables in their order; terminals and notebooks show the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from rich.table import Table

from neuroscope.report.layer_curve import curves, sentence
from neuroscope.report.layer_table import layer_table
from neuroscope.report.neuron_findings import Findings
from neuroscope.report.neuron_tables import controls_table, layers_table, minimal_table, sentences, sets_table
from neuroscope.report.summary import lines_of_cell, lines_of_extraction, lines_of_warnings, what_varied

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroscope.contracts.records import CellRecord, RunRecord
    from neuroscope.contracts.rows import Row
    from neuroscope.report.layer_curve import Curve

Section: TypeAlias = str | Table
"""A line, empty where one stays free, or a table."""


def of_extraction(run: RunRecord) -> list[Section]:
    """What was extracted, and under which key it is kept."""
    (record,) = run.extractions
    return [*lines_of_extraction(record), f"Representation {record.representation}"]


def of_probe(run: RunRecord, rows: Sequence[Row]) -> list[Section]:
    """The extractions, then the layers of each cell."""
    found: list[Section] = [line for record in run.extractions for line in lines_of_extraction(record)]
    for cell, curve in zip(run.cells, curves(rows), strict=True):
        found += _of_cell(cell, curve)
    return found


def of_neurons(run: RunRecord, rows: Sequence[Row]) -> list[Section]:
    """The extraction, then what was found about the neurons of the one cell."""
    (extraction,), (cell,) = run.extractions, run.cells
    findings = Findings(rows)
    found: list[Section] = [*lines_of_extraction(extraction), *lines_of_cell(cell), _what_was_ranked(cell), ""]
    found += [controls_table(findings), "", "Trained anew on a share of the neurons", sets_table(findings), ""]
    found += [minimal_table(findings), ""]
    if findings.layers:
        found += ["The minimal set over the layers", layers_table(findings), ""]
    return [*found, *sentences(findings), _what_varied(cell), *lines_of_warnings(cell)]


def _of_cell(cell: CellRecord, curve: Curve) -> list[Section]:
    found: list[Section] = [*lines_of_cell(cell), "", layer_table(curve), ""]
    return [*found, _what_varied(cell), *lines_of_warnings(cell), sentence(curve)]


def _what_varied(cell: CellRecord) -> str:
    return f"{what_varied(cell)} Interval: bootstrap over the test part's groups."


def _what_was_ranked(cell: CellRecord) -> str:
    neurons = cell.neurons or {}
    counts = ", ".join(f"{count} {layer}" for layer, count in neurons.items())
    return f"Ranking: {cell.ranking}. Neurons: {sum(neurons.values())} ({counts})."
