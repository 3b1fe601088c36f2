"""``neuroscope probe``: which layer knows it?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuroscope import commands
from neuroscope.cli.terminal import progress_bar, say, write_json
from neuroscope.defaults import PRESETS, RUNS

if TYPE_CHECKING:
    from neuroscope.report.curve import Curve
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
    split: Annotated[
        str,
        typer.Option(
            "--split",
            metavar="S",
            help="speaker, utterance, group:COLUMN, column:COLUMN; default: the task's, a split column, speaker.",
        ),
    ] = "",
    layers: Annotated[str, typer.Option("--layers", metavar="L,…", help="Only these layers.")] = "",
    pooling: commands.Pooling = "",
    probe: Annotated[str, typer.Option("--probe", metavar="P[,k=v…]", help="The classifier.")] = "",
    preset: Annotated[str, typer.Option("--preset", metavar="|".join(PRESETS), help="Settings of a publication.")] = "",
    runs: Annotated[int, typer.Option("--runs", help="Repetitions.")] = RUNS,
    seed: Annotated[int, typer.Option("--seed", help="Of the first run; the others follow by one.")] = 0,
    machine: commands.Machine,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="The run folder.")] = None,
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
        layers=tuple(name for name in layers.split(",") if name),
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
    from neuroscope.report.curve import curves

    for extraction in result.run["extractions"]:
        say(*lines_of_extraction(extraction))
    for cell, curve in zip(result.run["cells"], curves(result.rows), strict=True):
        _tell_cell(cell, curve)
    say("", str(result.folder))


def lines_of_extraction(about: dict[str, Any]) -> list[str]:
    """What an extraction found, computed and skipped, for people."""
    stored = f"{about['computed']} extracted now, {about['found']} from the store"
    lines = [f"{about['backbone']}: {about['utterances']} utterances, {stored}"]
    counted = about["computed"] + about["found"] + len(about["skipped_utterances"])
    if twins := about["utterances"] - counted:
        lines.append(f"The same audio as another utterance: {twins}")
    if about["segmented"]:
        lines.append(f"Segments: {about['segmented']}.")
    if about["invariance"] and (layers := about["invariance"]["one_at_a_time"]):
        lines.append(_one_at_a_time(about["invariance"]["differences"], layers))
    if about["warning"]:
        lines.append(f"Warning: {about['warning']}.")
    if left_out := about["left_out_by_reader"]:
        lines.append(f"Left out while reading: {_counts(left_out)}")
    if skipped := about["skipped"]:
        lines.append(f"Skipped: {_counts(skipped)} (run.json names each)")
    return lines


def _one_at_a_time(differences: dict[str, float], layers: list[str]) -> str:
    worst = max(layers, key=lambda layer: differences[layer])
    return (
        f"One utterance at a time: in a batch, {len(layers)} layers of this model change by up to "
        f"{differences[worst]:.1e} of their largest value ({worst})."
    )


def _tell_cell(cell: dict[str, Any], curve: Curve) -> None:
    from neuroscope.report.curve import sentence
    from neuroscope.report.table import layer_table

    sizes = f"{cell['train']} train, {cell['test']} test"
    grouped = f", {cell['test_groups']} test groups ({cell['grouped_by']})" if cell["grouped_by"] else ""
    head = [
        "",
        f"{cell['task']} in {cell['backbone']}, on {cell['dataset']}",
        f"Classes: {_counts(cell['classes'])}. Split: {cell['split']}: {sizes}{grouped}.",
    ]
    if cell["unlabelled"]:
        head.append(f"No class for this task: {cell['unlabelled']} utterances, left out.")
    if left := {reason: count for reason, count in cell["left_out_by_split"].items() if count}:
        head.append(f"Left out by the split: {_counts(left)}.")
    if cell["split_warning"]:
        head.append(f"Warning: {cell['split_warning']}.")
    say(*head, "", layer_table(curve), "")
    say(f"{_what_varied(cell)} Interval: bootstrap over the test part's groups.")
    say(*(f"Warning: {line}." for line in cell["cautions"]), sentence(curve))


def _what_varied(cell: dict[str, Any]) -> str:
    return f"± over {cell['runs']} runs: {cell['varied']}." if cell["runs"] > 1 else "One run."


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())
