"""``neuroscope probe``: which layer knows it?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuroscope import commands
from neuroscope.cli.terminal import progress_bar, say, write_json
from neuroscope.commands import study_options
from neuroscope.defaults import RUNS
from neuroscope.report.summary import lines_of_cell, lines_of_extraction, what_varied

if TYPE_CHECKING:
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
    split: study_options.Split = "",
    layers: study_options.Layers = "",
    pooling: commands.Pooling = "",
    probe: study_options.Probe = "",
    preset: study_options.Preset = "",
    runs: study_options.Runs = RUNS,
    seed: study_options.Seed = 0,
    machine: commands.Machine,
    out: study_options.Out = None,
    json: commands.Json = False,
) -> None:
    """Train a probe on every layer and on ALL, and print the layer-wise accuracies with the majority baseline."""
    from neuroscope import workflows

    result = workflows.probe(
        backbone,
        task,
        data,
        backbone_options=tuple(option or ()),
        split=split,
        layers=study_options.names(layers),
        pooling=pooling,
        probe=probe,
        preset=preset,
        runs=runs,
        seed=seed,
        out=out,
        command=sys.argv,
        machine=machine,
        plugins=context.obj.load(),
        progress=progress_bar,
    )
    if json:
        write_json(result)
    else:
        _tell(result)


def _tell(result: Result) -> None:
    from neuroscope.report.layer_curve import curves

    for extraction in result.run["extractions"]:
        say(*lines_of_extraction(extraction))
    for cell, curve in zip(result.run["cells"], curves(result.rows), strict=True):
        _tell_cell(cell, curve)
    say("", str(result.folder))


def _tell_cell(cell: dict[str, Any], curve: Curve) -> None:
    from neuroscope.report.layer_curve import sentence
    from neuroscope.report.layer_table import layer_table

    say(*lines_of_cell(cell), "", layer_table(curve), "")
    say(f"{what_varied(cell)} Interval: bootstrap over the test part's groups.")
    say(*(f"Warning: {line}." for line in cell["cautions"]), sentence(curve))
