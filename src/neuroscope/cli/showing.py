"""``neuroscope show``: one component, its options, and what its plugin says of them; of a model also its layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from neuroscope.cli.listing import plain_table, registry_of
from neuroscope.cli.terminal import say
from neuroscope.errors import NeuroscopeError
from neuroscope.plugin.options import parse, required_of, to_text
from neuroscope.runtime.wording import counted, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

    from neuroscope.contracts.backbone import BackboneSpec, LayerSpec
    from neuroscope.plugin.loading import Plugins
    from neuroscope.plugin.registry import Choice, Entry

_BACKBONE = "backbone"


def show(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help="backbone, dataset, task, pooling, probe or ranking.")],
    name: Annotated[
        str,
        typer.Argument(help="As `neuroscope list` gives it; a backbone as NAME,key=value also shows its layers."),
    ],
) -> None:
    """Show one component: who brings it, what it says of itself, its options; of one model, its layers."""
    plugins: Plugins = context.obj.load()
    registry = registry_of(plugins, kind)
    bare, given = parse(name)
    entry, argument = registry.find(bare)
    asked = bool(given) or argument is not None
    choice = registry.choose(name) if asked or not (entry.options or entry.is_family) else None
    model: list[str | Table] = []
    if choice is not None and entry.kind == _BACKBONE:
        try:
            model = _about_model(choice, plugins)
        except NeuroscopeError as error:
            if asked:
                raise
            model = [f"Its layers are not known: {one_line(str(error))}"]
    title = f"{entry.name}{one_line(argument or '')}".removesuffix(":")
    say(f"{entry.kind} {title}: {entry.summary}", f"from {entry.plugin}", "")
    if text := entry.documentation.text:
        say(text, "")
    if entry.is_family:
        say(*_about_family(entry), "")
    say(_options(entry, {} if choice is None else choice.given))
    if entry.kind == _BACKBONE and not model:
        say("", f"Its layers: `neuroscope show backbone {_example(entry)}`")
    elif model:
        say("", *model)


def _about_family(entry: Entry[Any]) -> list[str]:
    """Say what is written behind the colon, and where the members are listed."""
    first = next(iter(required_of(entry.make, positional=True)), "name")
    said = entry.documentation.arguments.get(first, "").removesuffix(".")
    lines = [f"A family: {entry.name}{first.upper()}{f' ({said})' if said else ''}"]
    return [*lines, f"Its members: `neuroscope list {entry.name}`"] if entry.members else lines


def _options(entry: Entry[Any], given: Mapping[str, Any]) -> Table | str:
    if not entry.options:
        return "It has no options."
    said = entry.documentation.arguments
    described = any(said.get(name) for name in entry.options)
    table = plain_table(
        "option", "default", *(["given"] if given else []), "expects", *(["what it is"] if described else [])
    )
    for option in entry.options.values():
        cells = [option.name, to_text(option.default)]
        cells += [to_text(given[option.name]) if option.name in given else ""] if given else []
        cells += [option.expects, *([said.get(option.name, "")] if described else [])]
        table.add_row(*map(Text, cells))
    return table


def _example(entry: Entry[Any]) -> str:
    """Write the name with an option, or what completes it: then it is one model, whose layers are known."""
    if entry.is_family:
        return f"{entry.name}NAME"
    option = entry.options.get("weights") or next(iter(entry.options.values()))
    return f"{entry.name},{option.name}={to_text(option.default)}"


def _about_model(choice: Choice[Any], plugins: Plugins) -> list[str | Table]:
    """Say what the model's specification declares; the model itself is not loaded."""
    from neuroscope.extraction.session import Workspace

    prepared = Workspace().prepare(choice, plugins)
    units = {name: len(each) for name, each in prepared.representation.layers.items()}
    table = plain_table("layer", "width", "pooling", "neurons", "part of ALL")
    for layer in prepared.spec.layers:
        cells = (
            layer.name,
            f"{layer.width:,}",
            _pooling(layer),
            f"{units[layer.name]:,}",
            "yes" if layer.in_all else "no",
        )
        table.add_row(*map(Text, cells))
    table.columns[1].justify = table.columns[3].justify = "right"
    every = sum(units[name] for name in prepared.in_all)
    of_all = f": ALL has {every:,} neurons" if len(prepared.in_all) > 1 else ""
    return [f"{one_line(choice.text)}{of_all}", table, "", *_facts(prepared.spec)]


def _pooling(layer: LayerSpec) -> str:
    """Name the pooling; the network's own is of these statistics."""
    if layer.pooling != "none":
        return layer.pooling
    return f"its own ({', '.join(layer.statistics)})" if layer.statistics else "its own"


def _facts(spec: BackboneSpec) -> list[str]:
    """Say how it is run, and where its weights come from."""
    origin, seconds = spec.origin, spec.min_samples / spec.sample_rate
    facts = {
        "Layers": origin.layers,
        "Side by side": "utterances of any lengths" if spec.batchable else "utterances of exactly one length",
        "Shortest": f"{counted(spec.min_samples, 'sample')} of {spec.sample_rate:,} Hz ({seconds:.3f} s)",
        "Computes in": spec.precision,
        "Source": origin.source,
        "Licence": origin.licence,
        "Files": ", ".join(origin.files),
        "Digest": origin.digest,
    }
    return [f"{name}: {one_line(fact)}" for name, fact in facts.items() if fact]
