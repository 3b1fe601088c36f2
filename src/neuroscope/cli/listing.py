"""``neuroscope list`` and ``plugins``: what there is to choose from; nothing heavy is loaded for it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from neuroscope import commands  # noqa: TC001 - typer reads annotations at run time
from neuroscope.cli.terminal import complain, say, write_object
from neuroscope.errors import UnknownName
from neuroscope.plugin.hookspecs import API_VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroscope.plugin.loading import Plugin, Plugins
    from neuroscope.plugin.registry import Entry, Member, Registry


def list_components(
    context: typer.Context,
    kinds: Annotated[
        str,
        typer.Argument(
            metavar="[backbones|datasets|tasks|poolings|probes|rankings|NAME:]",
            help="Only these; of a family, whose name ends in a colon, its members.",
        ),
    ] = "",
    json: commands.Json = False,
) -> None:
    """List the components that the installed plugins bring, or the members of a family."""
    plugins: Plugins = context.obj.load()
    if kinds.endswith(":"):
        _list_members(plugins, kinds, json=json)
    else:
        registries = [registry_of(plugins, kinds)] if kinds else list(plugins.registries.values())
        if json:
            write_object({"components": [_component(entry) for registry in registries for entry in registry]})
        else:
            _list_registries(registries)
    for plugin in plugins.all:
        if plugin.error:
            complain(f"Plugin {plugin.name} failed to load (see `neuroscope plugins`).")


def _list_registries(registries: Sequence[Registry[Any]]) -> None:
    """Show a table a kind, with its name above where there are several, and how to see what families have."""
    several = len(registries) > 1
    for registry in registries:
        say(*([f"{registry.kind}s"] if several else []), _table(registry), *([""] if several else []))
    if listed := [entry.name for registry in registries for entry in registry if entry.members]:
        ways = ", ".join(f"`neuroscope list {name}`" for name in listed)
        say(*([] if several else [""]), f"A name that ends in a colon is a family. To see its members: {ways}")


def _list_members(plugins: Plugins, name: str, *, json: bool) -> None:
    """Show the members of each family of this name: seldom do two kinds of component have it.

    Raises:
        UnknownName: there is no such family.
    """
    for registry in plugins.registries.values():
        registry.check_uncontested(name)
    families = [each.entries[name] for each in plugins.registries.values() if name in each.entries]
    if not families:
        known = [entry.name for registry in plugins.registries.values() for entry in registry if entry.is_family]
        raise UnknownName("family", name, known)
    found = {entry.kind: entry.list_members() if entry.members else None for entry in families}
    if json:
        write_object(
            {"families": [{**_component(each), "members": _plain_members(found[each.kind])} for each in families]}
        )
        return
    for entry in families:
        say(f"{entry.kind} {entry.name} {entry.summary}", f"from {entry.plugin}", "")
        members = found[entry.kind]
        if members is None:
            say(f"It does not list its members: `neuroscope show {entry.kind} {entry.name}` says what it takes.")
        else:
            say(_members_table(entry, members) if members else "It has no members here.")


def _members_table(entry: Entry[Any], members: Sequence[Member]) -> Table:
    some = any(each.problem for each in members)
    table = plain_table("name", "what it is", *(["problem"] if some else []))
    table.columns[0].no_wrap = True
    for each in members:
        table.add_row(Text(entry.name + each.name), Text(each.summary), *([Text(each.problem)] if some else []))
    return table


def _plain_members(members: Sequence[Member] | None) -> list[dict[str, Any]] | None:
    return None if members is None else [asdict(each) for each in members]


def _component(entry: Entry[Any]) -> dict[str, Any]:
    about = {"kind": entry.kind, "name": entry.name, "summary": entry.summary, "plugin": entry.plugin}
    return {**about, "family": entry.is_family}


def list_plugins(context: typer.Context, json: commands.Json = False) -> None:
    """List the installed plugins: what each registers, or why it failed to load and what to do."""
    plugins: Plugins = context.obj.load()
    if json:
        write_object({"api": API_VERSION, "plugins": [_record(plugin) for plugin in plugins.all]})
        return
    table = plain_table("plugin", "distribution", "version", "brings")
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


def registry_of(plugins: Plugins, kind: str) -> Registry[Any]:
    """Find the components of a kind, which may be in the plural.

    Raises:
        UnknownName: there is no such kind.
    """
    singular = kind.removesuffix("s")
    if singular not in plugins.registries:
        family = f"{kind.partition(':')[0]}:"
        known = any(family in registry.entries for registry in plugins.registries.values())
        hint = f"{family} is a family: `neuroscope list {family}` shows its members." if known else ""
        raise UnknownName("kind", kind, plugins.registries, hint)
    return plugins.registries[singular]


def _table(registry: Registry[Any]) -> Table:
    table = plain_table("name", "what it is", "plugin")
    table.columns[0].no_wrap = True
    for entry in registry:
        table.add_row(entry.name, entry.summary, entry.plugin)
    return table


def plain_table(*columns: str) -> Table:
    """Make an empty table of these columns."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column)
    return table
