"""``neuroscope modules``: what the modules of a network put out, and which might be its layers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from neuroscope import commands  # noqa: TC001 - typer reads annotations at run time
from neuroscope.cli.terminal import say, write_object
from neuroscope.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroscope.contracts.backbone import LayerSpec
    from neuroscope.inspection.passes import Passes
    from neuroscope.inspection.proposals import SeenModule


def modules(
    context: typer.Context,
    network: Annotated[
        str,
        typer.Argument(
            metavar="PACKAGE:ATTRIBUTE",
            help="A torch.nn.Module, or what makes one: net:Murmur is Murmur of net.py; ,key=value are its arguments.",
        ),
    ],
    sample_rate: Annotated[int, typer.Option("--sample-rate", metavar="HZ", help="Of the noise.")] = 16_000,
    shape: Annotated[
        str,
        typer.Option(
            "--input",
            metavar="1x80x3000",
            help="Noise of this shape instead, batch first. Time is the last axis, or that with a t: 1x3000tx80.",
        ),
    ] = "",
    json: commands.Json = False,
) -> None:
    """Run a network on one second of noise: the outputs of its modules, and layers to declare, with their taps."""
    del context
    if sample_rate < 1:
        raise BadOption(f"--sample-rate {sample_rate}: expected 1 or more")
    sizes, time = _sizes(shape)
    from neuroscope.inspection import networks, passes, proposals

    net = networks.network(network)
    done = passes.run(net, sample_rate, sizes, time)
    seen = proposals.seen_modules(net, done)
    layers = proposals.propose(net, seen)
    if json:
        write_object(_record(type(net).__name__, done, seen, layers))
        return
    say(
        f"{type(net).__name__}, given noise {list(done.shape)}",
        "",
        _table(seen, "frames" if sizes else "frames a second"),
    )
    say("", *_remarks(done, seen))
    say("Layers to begin with:" if layers else "No module puts out frames that could be a layer.", "")
    say(*(f"    {proposals.declaration(layer)}" for layer in layers))


def _sizes(text: str) -> tuple[tuple[int, ...], int]:
    """Read a shape and which of its axes is the time: ``1x80x3000``, or ``1x3000tx80``."""
    if not text:
        return (), -1
    parts = [re.fullmatch(r"([1-9][0-9]{0,8})(t?)", part) for part in text.split("x")]
    found = [(int(part[1]), bool(part[2])) for part in parts if part]
    if len(found) < max(2, len(parts)):
        raise BadOption(
            f"--input {text}: expected sizes of 1 or more with x between them, such as 1x80x3000, or 1x3000tx80, "
            f"where t marks the time"
        )
    marked = [axis for axis, (_, time) in enumerate(found) if time]
    if found[0] != (1, False):
        raise BadOption(
            f"--input {text}: the first size is the batch, and has to be 1: write 1x and the shape of one utterance"
        )
    if len(marked) > 1:
        raise BadOption(f"--input {text}: one axis is the time, not {len(marked)}")
    return tuple(size for size, _ in found), marked[0] if marked else -1


def _table(seen: Sequence[SeenModule], frames_title: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("module", "class", "output", "axes", frames_title, "calls"):
        table.add_column(column, no_wrap=True)
    for each in seen:
        if each.name and each.calls:
            part = "" if each.pick is None else f"{each.pick!r}: "
            frames = "" if each.frames is None else f"{each.frames:g}"
            output = f"{part}{list(each.shape)}" if each.shape else "no tensor"
            table.add_row(*map(Text, (each.name, each.kind, output, each.axes or "–", frames, str(each.calls))))
    return table


def _remarks(done: Passes, seen: Sequence[SeenModule]) -> list[str]:
    """Say what the author has to know before the layers are believed."""
    lines = []
    silent = [each.name for each in seen if not each.calls and each.name]
    if silent:
        lines.append(f"Never called as modules, so that no layer can be taken there: {', '.join(silent)}.")
    if done.two is None:
        lines.append("It takes one utterance at a time: batchable=False.")
    if done.longer is None:
        lines.append(f"It takes no longer input ({done.refusal}), so that axes are a guess: a fixed window?")
    elif any(each.axes and "F" in each.axes and each.frames == 0 for each in seen):
        lines.append("Its frames do not grow with the audio: a fixed window, of which an utterance's own frames count.")
    return [*lines, ""] if lines else []


def _record(name: str, done: Passes, seen: Sequence[SeenModule], layers: Sequence[LayerSpec]) -> dict[str, Any]:
    modules = [
        {"name": each.name, "class": each.kind, "calls": each.calls, "pick": each.pick, "shape": list(each.shape)}
        | {"axes": each.axes, "frames": each.frames, "passes_on": each.passes_on}
        for each in seen
    ]
    proposed = [
        {"name": layer.name, "width": layer.width, "module": layer.tap.module, "pick": layer.tap.pick}
        | {"call": layer.tap.call, "axes": layer.tap.axes}
        for layer in layers
        if layer.tap
    ]
    return {"network": name, "input": list(done.shape), "modules": modules, "layers": proposed}
