"""``neuroscope neurons``: rank the neurons that know a task's classes, and test the ranking against controls."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuroscope import commands
from neuroscope.cli.terminal import progress_bar, say, write_json
from neuroscope.defaults import CONTROLS
from neuroscope.report.summary import lines_of_cell, lines_of_extraction, lines_of_warnings, what_varied

if TYPE_CHECKING:
    from neuroscope.contracts.records import CellRecord
    from neuroscope.workflows import Result


@commands.with_options
def neurons(
    context: typer.Context,
    *,
    backbone: commands.Backbone,
    task: Annotated[str, typer.Option("--task", metavar="T[,k=v…]", help="A question.")],
    option: commands.BackboneOptions = None,
    data: commands.Data,
    ranking: Annotated[str, typer.Option("--ranking", metavar="R[,k=v…]", help="What orders the neurons.")] = "",
    control: Annotated[
        list[str] | None,
        typer.Option(
            "--control",
            metavar="random|permuted|untrained",
            help="Repeatable; default: random and permuted. random takes distribution=normal|uniform|matched; "
            "untrained extracts an untrained twin for every run.",
        ),
    ] = None,
    study: commands.Study,
    machine: commands.Machine,
    neurons_to: Annotated[
        Path | None,
        typer.Option("--list", metavar="FILE.csv", help="Write the neurons of the minimal sets, for other programs."),
    ] = None,
    out: commands.Out = None,
    json: commands.Json = False,
) -> None:
    """Rank the neurons of a model, test the ranking, and find and count the smallest set that does as well as all."""
    from neuroscope import workflows

    result = workflows.neurons(
        backbone,
        task,
        data,
        study,
        backbone_options=tuple(option or ()),
        ranking=ranking,
        controls=CONTROLS if control is None else control,
        list_to=neurons_to,
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


def _show(result: Result) -> None:
    from neuroscope.report.neuron_findings import Findings
    from neuroscope.report.neuron_tables import controls_table, layers_table, minimal_table, sentences, sets_table

    (extraction,), (cell,) = result.run.extractions, result.run.cells
    findings = Findings(result.rows)
    say(*lines_of_extraction(extraction), *lines_of_cell(cell), _ranking_line(cell), "")
    say(controls_table(findings), "", "Trained anew on a share of the neurons", sets_table(findings), "")
    say(minimal_table(findings), "")
    if findings.layers:
        say("The minimal set over the layers", layers_table(findings), "")
    say(*sentences(findings), f"{what_varied(cell)} Interval: bootstrap over the test part's groups.")
    say(*lines_of_warnings(cell), "", str(result.folder))


def _ranking_line(cell: CellRecord) -> str:
    neurons = cell.neurons or {}
    counts = ", ".join(f"{count} {layer}" for layer, count in neurons.items())
    return f"Ranking: {cell.ranking}. Neurons: {sum(neurons.values())} ({counts})."
