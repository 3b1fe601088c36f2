"""What a result is to people, as lines and tables in their order; terminals and notebooks show the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from rich.table import Table

from neuroscope.contracts import conditions
from neuroscope.report.layer_curve import curves, sentence
from neuroscope.report.layer_table import WIDEST, layer_table
from neuroscope.report.marks import Marks
from neuroscope.report.neuron_findings import Findings
from neuroscope.report.neuron_tables import controls_table, layers_table, minimal_table, sentences, sets_table
from neuroscope.report.side_by_side.sections import sections_of_task
from neuroscope.report.summary import lines_of_cell, lines_of_extraction, what_varied

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


def of_probe(run: RunRecord, rows: Sequence[Row], width: int = WIDEST) -> list[Section]:
    """The extractions, then of each task the layers: of one backbone, or of several side by side.

    Args:
        run: with the cells.
        rows: of the tidy table.
        width: columns that tables may take.
    """
    several = len({record.dataset for record in run.extractions}) > 1
    found: list[Section] = [line for record in run.extractions for line in lines_of_extraction(record, data=several)]
    tasks: dict[str, list[tuple[CellRecord, Curve]]] = {}
    for cell, curve in zip(run.cells, curves(rows), strict=True):
        tasks.setdefault(cell.task, []).append((cell, curve))
    for cells in tasks.values():
        found += _of_cell(*cells[0], width) if len(cells) == 1 else sections_of_task(cells, width)
    return found


def of_neurons(run: RunRecord, rows: Sequence[Row]) -> list[Section]:
    """The extraction, then what was found about the neurons of the one cell."""
    (extraction,), (cell,) = run.extractions, run.cells
    findings, marks = Findings(rows), Marks(cell)
    found: list[Section] = [*lines_of_extraction(extraction), *lines_of_cell(cell), _what_was_ranked(cell), ""]
    found += [controls_table(findings, marks), ""]
    found += ["Trained anew on a share of the neurons", sets_table(findings, marks), ""]
    found += [minimal_table(findings, marks), ""]
    if findings.layers:
        found += ["The minimal set over the layers", layers_table(findings), ""]
    whole = findings.point(conditions.PROBE)
    spread = whole is not None and whole.sd is not None
    return [*found, *sentences(findings, marks), what_varied(cell, spread=spread), *marks.lines()]


def _of_cell(cell: CellRecord, curve: Curve, width: int) -> list[Section]:
    marks = Marks(cell)
    found: list[Section] = [*lines_of_cell(cell), "", layer_table(curve, marks, width), ""]
    spread = any(point.sd is not None for point in curve.points)
    return [*found, what_varied(cell, spread=spread), *marks.lines(), sentence(curve)]


def _what_was_ranked(cell: CellRecord) -> str:
    neurons = cell.neurons or {}
    counts = ", ".join(f"{count} {layer}" for layer, count in neurons.items())
    return f"Ranking: {cell.ranking}. Neurons: {sum(neurons.values())} ({counts})."
