"""Find the entry points of plugins, whatever state the records of their installation are in."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points
from typing import TYPE_CHECKING, Any

from neuroscope.plugin.hookspecs import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

UNKNOWN = "?"
_AGAIN = "install it again, or uninstall it"


@dataclass(frozen=True)
class PluginPoint:
    """An entry point of the group ``neuroscope``, and who brings it, as text that can be shown.

    Attributes:
        name: of the entry point.
        distribution: name of the installed package that brings it; ``?`` where its records do not tell.
        version: of that package; ``?`` likewise.
        point: the entry point itself; None where it cannot be read.
        problem: why it cannot be loaded; empty = it may be tried.
    """

    name: str
    distribution: str
    version: str
    point: EntryPoint | None
    problem: str = ""

    @property
    def owner(self) -> str:
        """Distribution and entry point, as ``distribution:name``."""
        return f"{self.distribution}:{self.name}"


def find_points(points: Iterable[EntryPoint] | None = None) -> list[PluginPoint]:
    """Find the entry points of plugins, sorted by name and distribution.

    Args:
        points: instead of those that are installed.
    """
    found = [_described(point) for point in points] if points is not None else list(_installed())
    return sorted(found, key=lambda each: (each.name, each.distribution))


def printable(text: str) -> str:
    """Write what cannot be shown of a text (control and escape characters) as escapes."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _installed() -> Iterator[PluginPoint]:
    try:
        yield from [_described(point) for point in entry_points(group=PROJECT)]
    except Exception:  # one distribution's records cannot be read, and the library stops there for all
        for dist in distributions():
            yield from _points_of(dist)


def _points_of(dist: Distribution) -> list[PluginPoint]:
    try:
        return [_described(point) for point in dist.entry_points if point.group == PROJECT]
    except Exception as error:
        name, version, _ = _identity(dist)
        problem = f"entry_points.txt of {_folder(dist)} cannot be read ({type(error).__name__}): {_AGAIN}"
        return [PluginPoint(UNKNOWN, name, version, None, problem)] if _mentions_us(dist) else []


def _mentions_us(dist: Distribution) -> bool:
    try:
        return f"[{PROJECT}]" in (dist.read_text("entry_points.txt") or "")
    except Exception:  # it cannot be decoded: then nobody knows whose it is
        return True


def _described(point: EntryPoint) -> PluginPoint:
    name, version, problem = _identity(point.dist) if point.dist else (UNKNOWN, UNKNOWN, "")
    shown = printable(point.name)
    if shown != point.name:
        problem = problem or f"the name of its entry point has characters that cannot be shown: '{shown}'"
    if not problem and not _module_of(point):
        problem = f"its entry point '{printable(point.value)}' names no module; write package.module"
    return PluginPoint(shown, name, version, point, problem)


def _module_of(point: EntryPoint) -> str:
    try:
        return point.module
    except AttributeError:  # its text has not the form of a module's name
        return ""


def _identity(dist: Distribution) -> tuple[str, str, str]:
    """Read a distribution's name and version, and say what is wrong with them."""
    name, version = (_read(dist, each) for each in ("name", "version"))
    if name and version and printable(name + version) == name + version:
        return name, version, ""
    problem = f"METADATA of {_folder(dist)} has no name and version that can be shown: {_AGAIN}"
    return printable(name) or UNKNOWN, printable(version) or UNKNOWN, problem


def _read(dist: Distribution, attribute: str) -> str:
    try:
        value: Any = getattr(dist, attribute)
    except Exception:  # no METADATA, or none that is text
        return ""
    return value if isinstance(value, str) else ""


def _folder(dist: Distribution) -> str:
    """Name the folder of a distribution's records, for people."""
    return printable(str(getattr(dist, "_path", None) or "a distribution"))
