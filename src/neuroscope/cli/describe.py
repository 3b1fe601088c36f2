"""``neuroscope describe``: what is in the data, and what is missing, before anything is computed on them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neuroscope import commands
from neuroscope.cli.terminal import progress_bar, show
from neuroscope.errors import NeuroscopeError


@commands.with_options
def describe(
    context: typer.Context,
    *,
    task: Annotated[
        list[str] | None,
        typer.Option("--task", metavar="T[,k=v…]", help="Also what this question asks of the data; repeatable."),
    ] = None,
    data: commands.Data,
    split: commands.Split = "",
    segment: commands.Segment = None,
    rehash: commands.Rehash = False,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Draw the distribution: .html, .svg, .png, or .json (Vega-Lite)."),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(
            "--save",
            metavar="FOLDER",
            help="Write what the tasks ask about, and drew: manifest.csv, and their trials.",
        ),
    ] = None,
    json: commands.Json = False,
) -> None:
    """Describe data: utterances, minutes and speakers of each class and part, and what is missing or unreadable."""
    from neuroscope import workflows
    from neuroscope.report import pictures
    from neuroscope.study.run_folder import check_file

    if plot is not None:
        pictures.check_ending("--plot", plot)
        check_file("--plot", plot)
    found = workflows.describe(
        data,
        tuple(task or ()),
        split=split,
        save=save,
        extraction=commands.Machine(segment=segment, rehash=rehash),
        plugins=context.obj.load(),
        progress=progress_bar,
    )
    show(found, json=json)
    if plot is not None:
        plot.parent.mkdir(parents=True, exist_ok=True)
        if problem := pictures.save_as(found.chart, plot):
            raise NeuroscopeError(f"{plot} cannot be drawn: {problem}")
