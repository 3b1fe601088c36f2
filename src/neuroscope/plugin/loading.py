"""Loading plugins one by one: a broken one is kept with its reason and shown, and stops nobody else."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any

import pluggy

from neuroscope.errors import PluginBroken
from neuroscope.plugin import diagnosis, hookspecs
from neuroscope.plugin.registry import Entry, Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import typer

    from neuroscope.contracts.audio import Manifest
    from neuroscope.contracts.backbone import BackboneSpec
    from neuroscope.contracts.features import Pooling
    from neuroscope.contracts.probing import Probe, Ranker
    from neuroscope.contracts.task import Task

KINDS = ("backbone", "dataset", "task", "pooling", "probe", "ranking")
"""Of components: what a user chooses by ``name,key=value``."""

COMMAND = "command"
OWN_COMMANDS = ("probe", "neurons", "extract", "import", "store", "list", "show", "plugins", "check", "modules", "new")
"""Names that a plugin's command cannot have."""

_COMMAND_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Plugin:
    """A plugin, loaded or broken: one entry point of the group ``neuroscope``.

    Attributes:
        name: of the entry point.
        distribution: name of the installed package that brings it.
        version: of that package.
        registers: ``kind name`` of each component, empty for a broken plugin.
        error: why it could not be loaded; empty = it works.
    """

    name: str
    distribution: str
    version: str
    registers: tuple[str, ...] = ()
    error: str = ""
    source: Path | None = field(default=None, repr=False)

    @cached_property
    def identity(self) -> str:
        """Distribution and version; for one that is installed editable also a digest of its source."""
        text = f"{self.distribution} {self.version}"
        return f"{text} {_digest_of_source(self.source)}" if self.source else text


class Plugins:
    """All plugins of this environment, and the registries that they filled."""

    def __init__(self) -> None:
        self.backbones: Registry[BackboneSpec] = Registry("backbone")
        self.datasets: Registry[Manifest] = Registry("dataset")
        self.tasks: Registry[Task] = Registry("task")
        self.poolings: Registry[Pooling] = Registry("pooling")
        self.probes: Registry[Probe] = Registry("probe")
        self.rankings: Registry[Ranker] = Registry("ranking")
        self.commands: Registry[typer.Typer] = Registry(COMMAND)
        self.all: tuple[Plugin, ...] = ()

    @property
    def registries(self) -> Mapping[str, Registry[Any]]:
        """The registries of components by kind, in the order in which data flows."""
        return MappingProxyType({kind: getattr(self, f"{kind}s") for kind in KINDS})

    def _registry(self, kind: str) -> Registry[Any]:
        return self.commands if kind == COMMAND else self.registries[kind]

    @classmethod
    def load(cls, points: Iterable[EntryPoint] | None = None, *, strict: bool | None = None) -> Plugins:
        """Load every entry point of the group ``neuroscope``.

        Args:
            points: instead of those that are installed.
            strict: raise at the first broken plugin (default: whether ``NEUROSCOPE_STRICT`` is 1).

        Raises:
            PluginBroken: a plugin is broken, and ``strict``.
        """
        found = entry_points(group=hookspecs.PROJECT) if points is None else points
        strict = os.environ.get("NEUROSCOPE_STRICT") == "1" if strict is None else strict
        blocked = {name.strip() for name in os.environ.get("NEUROSCOPE_BLOCK_PLUGINS", "").split(",")}
        plugins = cls()
        loaded = []
        for point in sorted(found, key=lambda point: (point.name, _distribution(point))):
            if point.name not in blocked and _distribution(point) not in blocked:
                loaded.append(plugins._load_one(point, strict))
        plugins.all = tuple(loaded)
        failed = tuple(plugin.name for plugin in loaded if plugin.error)
        for registry in (*plugins.registries.values(), plugins.commands):
            registry.failed = failed
        return plugins

    def owner(self, entry: Entry[Any]) -> Plugin:
        """Find the plugin that registered an entry."""
        return next(plugin for plugin in self.all if f"{plugin.distribution}:{plugin.name}" == entry.plugin)

    def _load_one(self, point: EntryPoint, strict: bool) -> Plugin:
        """Load one plugin, all or nothing: its names are staged, and taken only when every hook went well."""
        plugin = Plugin(point.name, _distribution(point), point.dist.version if point.dist else "?")
        try:
            module = point.load()
            diagnosis.check_version(point)
            staged = _call_hooks(module, owner=f"{plugin.distribution}:{plugin.name}")
            for entry in staged:
                self._registry(entry.kind).check_free(entry)
            source = _editable_source(point)
        except (Exception, SystemExit) as error:  # whatever a stranger's module does at import must not stop the others
            reason = diagnosis.reason(error, point)
            if strict:
                raise PluginBroken(f"plugin {plugin.name} of {plugin.distribution}: {reason}") from error
            return replace(plugin, error=reason)
        for entry in staged:
            self._registry(entry.kind).add(entry)
        names = tuple(f"{entry.kind} {entry.name}" for entry in staged)
        return replace(plugin, registers=names, source=source)


def _distribution(point: EntryPoint) -> str:
    return str(point.dist.name) if point.dist else "?"


def _call_hooks(module: ModuleType, owner: str) -> list[Entry[Any]]:
    """Call one plugin's hooks; a misspelt hook, a wrong signature or a name given twice is an error."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    diagnosis.check_hooks(module, manager)
    manager.register(module)
    manager.check_pending()
    staged: dict[tuple[str, str], Entry[Any]] = {}
    for kind in (*KINDS, COMMAND):
        getattr(manager.hook, f"register_{kind}s")(register=_registrar(kind, owner, staged))
    return list(staged.values())


def _registrar(kind: str, owner: str, staged: dict[tuple[str, str], Entry[Any]]) -> Callable[..., None]:
    def register(name: str, factory: Callable[..., Any] | str, *, summary: str, install: str = "") -> None:
        if not name or "," in name or name != name.strip():
            raise PluginBroken(f"'{name}' is no name for a {kind}")
        if kind == COMMAND:
            _check_command(name)
        if not isinstance(factory, str) and not callable(factory):
            raise PluginBroken(f"the factory of {kind} '{name}' cannot be called: {factory!r}")
        if (kind, name) in staged:
            raise PluginBroken(f"{kind} '{name}' is registered twice")
        staged[kind, name] = Entry(kind, name, factory, summary, install, owner)

    return register


def _check_command(name: str) -> None:
    if not _COMMAND_NAME.fullmatch(name):
        raise PluginBroken(f"'{name}' is no name for a command: lower-case letters, digits and single hyphens are")
    if name in OWN_COMMANDS:
        raise PluginBroken(f"command '{name}' is neuroscope's own (neuroscope {name} --help); choose another name")


def _editable_source(point: EntryPoint) -> Path | None:
    """Find the source of a plugin that is installed editable: its module's package, or the lone module; else None."""
    text = point.dist.read_text("direct_url.json") if point.dist else None
    module = sys.modules[point.module]
    written: str | None = getattr(module, "__file__", None)
    if not text or not json.loads(text).get("dir_info", {}).get("editable") or not written:
        return None
    return Path(written).parent if module.__package__ else Path(written)


def _digest_of_source(source: Path) -> str:
    files = sorted(source.rglob("*.py")) if source.is_dir() else [source]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.relative_to(source.parent).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]
