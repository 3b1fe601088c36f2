"""Checks of an installed distribution with plugins, whatever its components do."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from neuroscope.errors import MissingDependency, NeuroscopeError, PluginBroken, UnknownName
from neuroscope.plugin.discovery import find_points
from neuroscope.plugin.options import required_of, to_text
from neuroscope.testing.cases import NotApplicable, hold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Set

    from neuroscope.data.places import Data
    from neuroscope.plugin.loading import Plugin, Plugins
    from neuroscope.plugin.options import Option
    from neuroscope.plugin.registry import Entry

MODELS = frozenset({"torch", "torchaudio", "transformers", "tensorflow", "jax", "sklearn"})
"""What takes a second or more to import: never for a name, nor for a backbone's spec."""
HEAVY = MODELS | {"numpy", "scipy", "pandas", "polars", "pyarrow", "numba", "librosa", "soundfile"}
"""What ``neuroscope list`` must not load."""
_POSITIONAL = {"dataset": 1}
"""Arguments that the core hands to a factory of a kind; one more for a family."""
_AT_HAND = {"backbone": {"store"}, "dataset": {"progress", "cache"}}
"""Keyword-only arguments that the core hands to a factory of a kind if it asks for them."""
_TIMEOUT = 300
_LOOK = """
import json, sys
path, distribution, build = json.loads(sys.argv[1])
sys.path[:] = path
from neuroscope import Plugins
from neuroscope.plugin.discovery import find_points
seen, new, problems = set(sys.modules), [], []
points = [each.point for each in find_points() if each.point and each.distribution == distribution]
plugins = Plugins.load(points, strict=False)
new.append(sorted(set(sys.modules) - seen))
seen = set(sys.modules)
for name in build:
    try:
        plugins.backbones.choose(name).build()
    except Exception as error:
        problems.append(f"{name}: {type(error).__name__}: {error}")
new.append(sorted(set(sys.modules) - seen))
print("\\nfound:" + json.dumps([*new, problems]))
"""
"""A script that says which modules are loaded, whatever else the plugin prints."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A distribution that is checked, with its plugins and the components that they registered."""

    distribution: str
    plugins: tuple[Plugin, ...]
    entries: tuple[Entry[Any], ...]

    @cached_property
    def modules(self) -> list[str]:
        """The modules that its entry points name."""
        points = [each.point for each in find_points() if each.distribution == self.distribution and not each.problem]
        return sorted({point.module for point in points if point})

    @property
    def backbones(self) -> list[str]:
        """Names of its backbones; a family's are completed by the user."""
        return [entry.name for entry in self.entries if entry.kind == "backbone" and not entry.is_family]

    @cached_property
    def footprint(self) -> tuple[list[str], list[str], list[str]]:
        """The modules that a fresh interpreter loads for its plugins, then for specs; why specs could not be made."""
        for plugin in self.plugins:
            if plugin.error:
                raise NotApplicable(f"plugin {plugin.name} does not load")
        asked = json.dumps([sys.path, self.distribution, self.backbones])
        done = subprocess.run(
            [sys.executable, "-c", _LOOK, asked], capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
        hold(done.returncode == 0, done.stderr.strip().rpartition("\n")[2])
        plugins, specs, problems = json.loads(done.stdout.rpartition("\nfound:")[2].partition("\n")[0])
        return plugins, specs, problems

    @property
    def makers(self) -> list[tuple[Entry[Any], Callable[..., Any]]]:
        """Its components with their factories; those that cannot be imported are another check's."""
        found = []
        for entry in self.entries:
            try:
                found.append((entry, entry.make))
            except (MissingDependency, PluginBroken):
                continue
        if not found:
            raise NotApplicable("it registers no component whose factory can be imported")
        return found


def subject(text: str, data: Data | None, plugins: Plugins) -> Subject:
    """Find the distribution among those that bring a plugin."""
    del data
    own = tuple(plugin for plugin in plugins.all if _same(plugin.distribution, text))
    if not own:
        raise UnknownName("distribution with plugins", text, {plugin.distribution for plugin in plugins.all})
    owners = {plugin.owner for plugin in own}
    registries = (*plugins.registries.values(), plugins.commands)
    entries = (entry for registry in registries for entry in registry if entry.plugin in owners)
    return Subject(own[0].distribution, own, tuple(entries))


def loads(subject: Subject) -> None:
    """It loads: the import works and prints nothing, the hooks are as specified, its neuroscope_api is this one."""
    broken = [f"plugin {plugin.name}: {plugin.error}" for plugin in subject.plugins if plugin.error]
    hold(not broken, "\n".join(broken))


def has_its_names(subject: Subject) -> None:
    """No other plugin registers a name that it registers: neuroscope's own are taken, and none is anybody's twice."""
    if all(plugin.error for plugin in subject.plugins):
        raise NotApplicable("it does not load, and registers nothing")
    contested = [str(each) for plugin in subject.plugins for each in plugin.contested]
    hold(not contested, "\n".join(contested))


def is_light_to_import(subject: Subject) -> None:
    """Loading it imports no torch, no scikit-learn, nothing heavy, so that neuroscope list is quick."""
    heavy = _heavy(HEAVY, subject.footprint[0])
    where = f"loading {', '.join(subject.modules)} imports {heavy}"
    instead = 'import in the function that needs it, or register the factory as a text, "package.module:attribute"'
    hold(not heavy, f"{where}; {instead}")


def makes_specs_lightly(subject: Subject) -> None:
    """Making the spec of a backbone imports neither torch nor scikit-learn: a spec finds vectors in the store."""
    if not subject.backbones:
        raise NotApplicable("it registers no backbone that has a whole name")
    _, modules, problems = subject.footprint
    heavy = _heavy(MODELS, modules)
    hold(not heavy, f"the spec of {', '.join(subject.backbones)} imports {heavy}; import in the spec's load")
    if problems:
        others = len(subject.backbones) - len(problems)
        raise NotApplicable("; ".join([*problems, *([f"the other {others} are light"] if others else [])]))


def has_its_factories(subject: Subject) -> None:
    """Every factory can be imported."""
    if not subject.entries:
        raise NotApplicable("it registers no component")
    for entry in subject.entries:
        try:
            _ = entry.make
        except NeuroscopeError as error:
            raise AssertionError(f"{entry.kind} {entry.name}: {error}") from error


def takes_no_other_arguments(subject: Subject) -> None:
    """Every named parameter of a factory has a default, so that the name alone is enough."""
    for entry, make in subject.makers:
        room = entry.is_family + _POSITIONAL.get(entry.kind, 0)
        at_hand = _AT_HAND.get(entry.kind, set()) & set(required_of(make))
        for name in [each for each in _without_default(make) if each not in at_hand][room:]:
            raise AssertionError(f"{entry.kind} {entry.name}: parameter {name} of its factory has no default")


def has_options_that_can_be_written(subject: Subject) -> None:
    """Every option has a type that can be read from a text, and a default that is of it."""
    for entry, _ in subject.makers:
        for option in _options(entry).values():
            written = to_text(option.default)
            about = f"{entry.kind} {entry.name}: the default {option.default!r} of {option.name}"
            try:
                read = option.convert(written)
            except ValueError:
                raise AssertionError(f"{about} is not {option.expects}") from None
            hold(read == option.default, f"{about} is written {written!r}, which is read as {read!r}")


def says_what_each_is(subject: Subject) -> None:
    """Every component has a summary of one line."""
    if not subject.entries:
        raise NotApplicable("it registers no component")
    for entry in subject.entries:
        good = entry.summary.strip() and len(entry.summary.splitlines()) == 1
        hold(bool(good), f"{entry.kind} {entry.name}: its summary is {entry.summary!r}, not one line")


CHECKS: tuple[Callable[[Subject], None], ...] = (
    loads,
    has_its_names,
    is_light_to_import,
    has_its_factories,
    takes_no_other_arguments,
    has_options_that_can_be_written,
    says_what_each_is,
    makes_specs_lightly,
)


def _same(one: str, other: str) -> bool:
    """Whether two texts name one distribution."""
    return re.sub(r"[-_.]+", "-", one).lower() == re.sub(r"[-_.]+", "-", other).lower()


def _heavy(heavy: Set[str], modules: list[str]) -> str:
    return ", ".join(sorted(heavy & {module.partition(".")[0] for module in modules}))


def _without_default(make: Callable[..., Any]) -> list[str]:
    parameters = inspect.signature(make).parameters.values()
    return [
        each.name
        for each in parameters
        if each.default is each.empty and each.kind not in {each.VAR_POSITIONAL, each.VAR_KEYWORD}
    ]


def _options(entry: Entry[Any]) -> Mapping[str, Option]:
    try:
        return entry.options
    except PluginBroken as error:
        raise AssertionError(f"{entry.kind} {entry.name}: {error}") from error
