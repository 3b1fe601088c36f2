"""``neuroscope cnn``: the networks' files. What is heavy is imported by the command that needs it."""

from __future__ import annotations

import dataclasses
import json as json_text
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuroscope import commands
from neuroscope_cnn.frontend.framing import N_FFT, WINDOWS_SHOWN

if TYPE_CHECKING:
    from neuroscope_cnn.training.settings import TrainingSettings
    from neuroscope_cnn.verifying import BundleVerdict, FileVerdict

_INTERRUPTED = 130  # exit code, as of the core's commands

application = typer.Typer(
    no_args_is_help=True, add_completion=False, help="The CNNs of the paper: convert, verify and train them."
)

Prefix = Annotated[
    Path, typer.Argument(metavar="PREFIX", help="Prefix of the bundle's files, their folder, or one of them.")
]


@application.command()
def convert(
    prefix: Prefix,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="To write; ends in .safetensors.")],
    force: Annotated[bool, typer.Option("--force", help="Replace FILE where it exists.")] = False,
) -> None:
    """Write a TensorFlow bundle as one .safetensors file, which is run in the same way and shares its vectors."""
    from neuroscope_cnn.checkpoints import converting

    written = converting.convert(prefix, file, replace=force)
    network = written.architecture
    typer.echo(f"{written.path}  {written.path.stat().st_size:,} bytes")
    typer.echo(f"{network.name}-cnn, mode {written.mode}, {network.outputs:,} outputs, {len(written.labels)} labels")
    typer.echo(f"source {written.source}")
    typer.echo(f"licence {written.licence}")
    typer.echo(f"digest {written.digest}")


@application.command()
def verify(
    prefix: Prefix,
    demo: Annotated[
        Path | None,
        typer.Option("--demo", metavar="msg0001.raw", help="The published recording: run the dialect network on it."),
    ] = None,
    json: commands.Json = False,
) -> None:
    """Say whether a bundle is the paper's, byte by byte; the exit code is 1 where it is not."""
    from neuroscope_cnn import verifying

    found = verifying.verify(prefix, demo)
    if json:
        sys.stdout.write(json_text.dumps(_record(found)) + "\n")
    else:
        _show(found)
    if not found.right:
        raise typer.Exit(1)


class NetworkName(StrEnum):
    """Which of the two networks."""

    adi = "adi"
    sre = "sre"


@application.command()
@commands.with_options
def train(
    *,
    network: Annotated[NetworkName, typer.Argument(help="The dialect network, or the speaker network.")],
    data: commands.Data,
    machine: commands.Machine,
    label: Annotated[str, typer.Option("--label", metavar="COLUMN", help="Its values are the classes.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="For checkpoints, history and state.")],
    steps: Annotated[int, typer.Option("--steps", help="After which it ends; the paper's networks: about 7,000,000.")],
    dev: Annotated[
        str,
        typer.Option(
            "--dev",
            metavar="COLUMN=VALUE[,VALUE]|SHARE|none",
            help="Held out to measure accuracy: utterances with a value, or a share of every class.",
        ),
    ] = "0.1",
    batch: Annotated[int, typer.Option("--batch", help="Crops of a step.")] = 4,
    crop: Annotated[int, typer.Option("--crop", help="Frames of a crop, 10 ms each; shorter utterances whole.")] = 200,
    learning_rate: Annotated[float, typer.Option("--learning-rate", help="Of the first step.")] = 0.001,
    decay: Annotated[float, typer.Option("--decay", help="Factor of the learning rate, in stairs.")] = 0.98,
    decay_steps: Annotated[int, typer.Option("--decay-steps", help="Steps of a stair.")] = 50_000,
    momentum: Annotated[float, typer.Option("--momentum", help="Of the descent.")] = 0.0,
    every: Annotated[int, typer.Option("--every", help="Steps between two looks at the held-out utterances.")] = 1000,
    n_fft: Annotated[
        int, typer.Option("--n-fft", help=f"Samples of a window of the front end: {WINDOWS_SHOWN}.")
    ] = N_FFT,
    vad: Annotated[
        float | None, typer.Option("--vad", help="Leave out frames quieter than this share of half the mean energy.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of weights, order, crops, and of what is held out.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the training in DIR.")] = False,
    json: commands.Json = False,
) -> None:
    """Train a network as the paper did, by plain descent on random crops; its checkpoints are those of its backbone."""
    from neuroscope_cnn.checkpoints.checkpoint import expanded
    from neuroscope_cnn.training.settings import TrainingSettings

    settings = TrainingSettings(
        network=network.value,
        label=label,
        batch=batch,
        crop=crop,
        learning_rate=learning_rate,
        decay=decay,
        decay_steps=decay_steps,
        momentum=momentum,
        dev=dev,
        every=every,
        n_fft=n_fft,
        vad=vad,
        seed=seed,
    )
    _train(settings, data, machine, expanded(out), steps=steps, resume=resume, json=json)


def _train(
    settings: TrainingSettings,
    data: commands.Data,
    machine: commands.Machine,
    out: Path,
    *,
    steps: int,
    resume: bool,
    json: bool,
) -> None:
    import torch

    from neuroscope_cnn.training import messages, running

    if machine.threads:
        torch.set_num_threads(machine.threads)
    try:
        trained = running.train(settings, steps, data, machine, out, resume=resume)
    except KeyboardInterrupt:
        typer.echo("Interrupted. Features that were computed are kept, and the last state, if there is one.", err=True)
        raise typer.Exit(_INTERRUPTED) from None
    if not trained.finished:
        done = f"Interrupted after step {trained.steps:,}, which is kept in {out}"
        typer.echo(f"{done}: the same command with --resume goes on from there.", err=True)
        raise typer.Exit(_INTERRUPTED)
    if json:
        sys.stdout.write(json_text.dumps(messages.record(trained, settings)) + "\n")
        return
    for line in messages.sentences(trained, settings):
        typer.echo(line)


def _record(found: BundleVerdict) -> dict[str, Any]:
    return {
        "prefix": str(found.prefix),
        "architecture": found.architecture,
        "files": [dataclasses.asdict(each) for each in found.files],
        "problem": found.problem,
        "demo": dataclasses.asdict(found.demo) if found.demo else None,
        "right": found.right,
    }


def _show(found: BundleVerdict) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for title in ("file", "bytes", "git blob", "the paper's bytes", "the paper's blob", "verdict"):
        table.add_column(title, overflow="fold")
    for each in found.files:
        table.add_row(*map(Text, _cells(each)))
    wide = None if sys.stdout.isatty() else 1000
    console = Console(highlight=False, soft_wrap=True, width=wide)
    console.print(table)
    if found.problem:
        console.print(Text(found.problem))
    if found.demo:
        shares = ", ".join(f"{label} {value:.7f}" for label, value in found.demo.softmax.items())
        verdict = "as published" if found.demo.right else "not as published"
        console.print(Text(f"demo: {found.demo.frames} frames, {shares}: {verdict}"))
    paper = "the paper's" if found.right else "not the paper's, or not as published"
    console.print(Text(f"{found.architecture}-cnn: {paper}"))


def _cells(file: FileVerdict) -> tuple[str, ...]:
    own = (f"{file.size:,}", file.blob[:12]) if file.blob else ("-", "-")
    unread = " (it is never read)" if file.is_graph else ""
    return (file.name, *own, f"{file.expected.size:,}", file.expected.blob[:12], file.verdict + unread)
