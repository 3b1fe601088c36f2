"""Loading plugins one by one: a broken one is kept with its reason and shown, and stops nobody else."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from neuroscope.defaults import OWN_DISTRIBUTIONS
from neuroscope.errors import DuplicateName, PluginBroken
from neuroscope.plugin import diagnosis
from neuroscope.plugin.confinement import interrupts_seen, output_caught
from neuroscope.plugin.discovery import find_points, printable
from neuroscope.plugin.registration import COMMAND, KINDS, staged_entries
from neuroscope.plugin.registry import Contested, Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from importlib.metadata import EntryPoint

    import typer

    from neuroscope.contracts.audio import Manifest
    from neuroscope.contracts.backbone import BackboneSpec
    from neuroscope.contracts.features import Pooling
    from neuroscope.contracts.probing import Probe, Ranker
    from neuroscope.contracts.task import Task
    from neuroscope.plugin.discovery import PluginPoint
    from neuroscope.plugin.registry import Entry

__all__ = ["COMMAND", "KINDS", "OWN_COMMANDS", "Plugin", "Plugins"]

OWN_COMMANDS = (
    "probe",
    "neurons",
    "describe",
    "extract",
    "import",
    "store",
    "list",
    "show",
    "plugins",
    "check",
    "modules",
    "new",
)
"""Names that a plugin's command cannot have."""


@dataclass(frozen=True)
class Plugin:
    """A plugin, loaded or broken: one entry point of the group ``neuroscope``.

    Attributes:
        name: of the entry point.
        distribution: name of the installed package that brings it.
        version: of that package.
        registers: ``kind name`` of each component, empty for a broken plugin.
        contested: names that it registers and has not got: others register them, too.
        error: why it could not be loaded; empty = it works.
    """

    name: str
    distribution: str
    version: str
    registers: tuple[str, ...] = ()
    contested: tuple[Contested, ...] = ()
    error: str = ""
    source: Path | None = field(default=None, repr=False)

    @property
    def owner(self) -> str:
        """Distribution and entry point, as entries name their plugin."""
        return f"{self.distribution}:{self.name}"

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
            DuplicateName: several plugins register one name, and ``strict``.
        """
        strict = os.environ.get("NEUROSCOPE_STRICT") == "1" if strict is None else strict
        blocked = {name.strip() for name in os.environ.get("NEUROSCOPE_BLOCK_PLUGINS", "").split(",")}
        plugins, loaded = cls(), []
        with interrupts_seen() as interrupted:
            for point in find_points(points):
                if point.name not in blocked and point.distribution not in blocked:
                    loaded.append(_load_one(point, strict, interrupted))
        plugins._share_out(loaded, strict)
        failed = tuple(plugin.name for plugin in plugins.all if plugin.error)
        for registry in (*plugins.registries.values(), plugins.commands):
            registry.failed = failed
        return plugins

    @property
    def contested(self) -> tuple[Contested, ...]:
        """The names that several plugins register, each once."""
        return tuple(dict.fromkeys(each for plugin in self.all for each in plugin.contested))

    def owner(self, entry: Entry[Any]) -> Plugin:
        """Find the plugin that registered an entry."""
        return next(plugin for plugin in self.all if plugin.owner == entry.plugin)

    def _share_out(self, loaded: Sequence[tuple[Plugin, list[Entry[Any]]]], strict: bool) -> None:
        """Give each name to the one plugin that registers it, or to our own of several; else to none."""
        claims: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for plugin, staged in loaded:
            for entry in staged:
                claims[entry.kind, entry.name].append(plugin.owner)
        lost: defaultdict[str, list[Contested]] = defaultdict(list)
        for entry in (entry for _, staged in loaded for entry in staged):
            claimants = _claimants(entry, claims)
            holder = _holder_of(entry, claimants)
            if entry.plugin == holder:
                self._registry(entry.kind).add(entry)
            else:
                contested = Contested(entry.kind, entry.name, tuple(claimants), holder)
                lost[entry.plugin].append(contested)
                self._registry(entry.kind).contested[entry.name] = contested
        self.all = tuple(_with_names(plugin, staged, lost[plugin.owner]) for plugin, staged in loaded)
        if strict and self.contested:
            raise DuplicateName("\n".join(map(str, self.contested)))


def _claimants(entry: Entry[Any], claims: Mapping[tuple[str, str], list[str]]) -> list[str]:
    """List who claims an entry's name: also as a name of a family (``label:`` has ``label:gender``)."""
    family = entry.name.partition(":")[0] + ":"
    whole = [] if entry.is_family else claims.get((entry.kind, family), [])
    return list(dict.fromkeys([*whole, *claims[entry.kind, entry.name]]))


def _holder_of(entry: Entry[Any], claimants: list[str]) -> str:
    """Decide who has a name: the only one that claims it, else the only one of ours; empty = nobody."""
    if entry.kind == COMMAND and entry.name in OWN_COMMANDS:
        return diagnosis.CORE
    ours = [each for each in claimants if diagnosis.normalised(each.rpartition(":")[0]) in OWN_DISTRIBUTIONS]
    candidates = ours if len(claimants) > 1 else claimants
    return candidates[0] if len(candidates) == 1 else ""


def _with_names(plugin: Plugin, staged: Iterable[Entry[Any]], lost: list[Contested]) -> Plugin:
    names = {(each.kind, each.name) for each in lost}
    registers = tuple(f"{each.kind} {each.name}" for each in staged if (each.kind, each.name) not in names)
    return replace(plugin, registers=registers, contested=tuple(lost))


def _load_one(found: PluginPoint, strict: bool, interrupted: Callable[[], bool]) -> tuple[Plugin, list[Entry[Any]]]:
    """Load one plugin, and return it with what it registers: nothing where it is broken.

    Whatever a stranger's module does while it is imported must not stop the others, so that no exception is let
    through but that of the user's own Ctrl-C.
    """
    plugin, before = Plugin(found.name, found.distribution, found.version), set(sys.modules)
    try:
        with output_caught() as printed:
            staged = _stage(found)
            source = _editable_source(found.point) if found.point else None
            if text := printed().strip():
                shown = printable(text.splitlines()[0][:80])
                raise PluginBroken(f"it prints to stdout while it is loaded, where results go: '{shown}'")
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and interrupted():
            raise
        if found.point and not found.problem and found.point.module not in before:
            sys.modules.pop(found.point.module, None)  # so that it is broken again when plugins are loaded again
        reason = diagnosis.reason(error, found)
        if strict:
            raise PluginBroken(f"plugin {plugin.name} of {plugin.distribution}: {reason}") from error
        return replace(plugin, error=reason), []
    return replace(plugin, source=source), staged


def _stage(found: PluginPoint) -> list[Entry[Any]]:
    if found.problem or not found.point:
        raise PluginBroken(found.problem)
    module = found.point.load()
    diagnosis.check_version(found.point)
    return staged_entries(module, found.owner)


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
