"""``neuroscope probe``: train a probe on every layer of a model."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from neuroscope import commands
from neuroscope.cli.terminal import fail_with_cells, progress_bar, say, write_json
from neuroscope.report.summary import lines_of_cell, lines_of_extraction, lines_of_warnings, what_varied

if TYPE_CHECKING:
    from neuroscope.contracts.records import CellRecord
    from neuroscope.report.layer_curve import Curve
    from neuroscope.workflows import Result


@commands.with_options
def probe(
    context: typer.Context,
    *,
    backbone: Annotated[
        list[str], typer.Option("--backbone", metavar="B[,k=v…]", help="A model; repeat to compare several.")
    ],
    task: Annotated[list[str], typer.Option("--task", metavar="T[,k=v…]", help="A question; repeat to ask several.")],
    option: commands.BackboneOptions = None,
    data: commands.Data,
    study: commands.Study,
    machine: commands.Machine,
    out: commands.Out = None,
    json: commands.Json = False,
) -> None:
    """Train a probe on every layer and on ALL, and print the layer-wise accuracies with the majority baseline."""
    from neuroscope import workflows

    result = workflows.probe(
        backbone,
        task,
        data,
        study,
        backbone_options=tuple(option or ()),
        out=out,
        command=sys.argv,
        extraction=machine,
        plugins=context.obj.load(),
        progress=progress_bar,
    )
    if json:
        write_json(result)
    else:
        _show(result)
    fail_with_cells(result, debug=context.obj.debug)


def _show(result: Result) -> None:
    from neuroscope.report.layer_curve import curves

    for extraction in result.run.extractions:
        say(*lines_of_extraction(extraction))
    for cell, curve in zip(result.run.cells, curves(result.rows), strict=True):
        _show_cell(cell, curve)
    say("", str(result.folder))


def _show_cell(cell: CellRecord, curve: Curve) -> None:
    from neuroscope.report.layer_curve import sentence
    from neuroscope.report.layer_table import layer_table

    say(*lines_of_cell(cell), "", layer_table(curve), "")
    say(f"{what_varied(cell)} Interval: bootstrap over the test part's groups.")
    say(*lines_of_warnings(cell), sentence(curve))
