"""``neuroscope list``, ``show`` and ``plugins``: what there is to choose from; nothing heavy is loaded for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from neuroscope import commands  # noqa: TC001 - typer reads annotations at run time
from neuroscope.cli.terminal import complain, say, write_object
from neuroscope.errors import UnknownName
from neuroscope.plugin.hookspecs import API_VERSION
from neuroscope.plugin.options import to_text

if TYPE_CHECKING:
    from neuroscope.plugin.loading import Plugin, Plugins
    from neuroscope.plugin.registry import Entry, Registry


def list_components(
    context: typer.Context,
    kinds: Annotated[
        str, typer.Argument(metavar="[backbones|datasets|tasks|poolings|probes|rankings]", help="Only these.")
    ] = "",
) -> None:
    """List the components that the installed plugins bring."""
    plugins: Plugins = context.obj.load()
    if kinds:
        say(_table(_registry(plugins, kinds)))
    else:
        for kind, registry in plugins.registries.items():
            say(f"{kind}s", _table(registry), "")
    for plugin in plugins.all:
        if plugin.error:
            complain(f"Plugin {plugin.name} failed to load (see `neuroscope plugins`).")


def show(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help="backbone, dataset, task, pooling, probe or ranking.")],
    name: Annotated[str, typer.Argument(help="As `neuroscope list` gives it.")],
) -> None:
    """Show one component: who brings it, and its options with their defaults."""
    plugins: Plugins = context.obj.load()
    entry, _ = _registry(plugins, kind).find(name)
    say(f"{entry.kind} {entry.name}: {entry.summary}", f"from {entry.plugin}", "")
    say(_options(entry))


def list_plugins(context: typer.Context, json: commands.Json = False) -> None:
    """List the installed plugins: what each registers, or why it failed to load and what to do."""
    plugins: Plugins = context.obj.load()
    if json:
        write_object({"api": API_VERSION, "plugins": [_record(plugin) for plugin in plugins.all]})
        return
    table = _plain("plugin", "distribution", "version", "brings")
    for plugin in plugins.all:
        brings = "nothing: it failed to load" if plugin.error else ", ".join(plugin.registers) or "nothing"
        table.add_row(plugin.name, plugin.distribution, plugin.version, brings)
    say(table)
    for plugin in plugins.all:
        if plugin.error:
            say("", f"{plugin.name} of {plugin.distribution} failed to load: {plugin.error}")


def _record(plugin: Plugin) -> dict[str, Any]:
    registers = [dict(zip(("kind", "name"), each.split(" ", 1), strict=True)) for each in plugin.registers]
    about = {"name": plugin.name, "distribution": plugin.distribution, "version": plugin.version}
    contested = [{"kind": each.kind, "name": each.name, "holder": each.holder} for each in plugin.contested]
    return {**about, "registers": registers, "contested": contested, "error": plugin.error}


def _registry(plugins: Plugins, kind: str) -> Registry[Any]:
    singular = kind.removesuffix("s")
    if singular not in plugins.registries:
        raise UnknownName("kind", kind, plugins.registries)
    return plugins.registries[singular]


def _table(registry: Registry[Any]) -> Table:
    table = _plain("name", "what it is", "plugin")
    for entry in registry:
        table.add_row(entry.name, entry.summary, entry.plugin)
    return table


def _options(entry: Entry[Any]) -> Table | str:
    if not entry.options:
        return "It has no options."
    table = _plain("option", "default", "expects")
    for option in entry.options.values():
        table.add_row(option.name, to_text(option.default), option.expects)
    return table


def _plain(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column)
    return table
