"""Call one plugin's hooks, and stage what it registers: nothing is taken before every hook went well."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from unicodedata import category

import pluggy

from neuroscope.errors import PluginBroken
from neuroscope.plugin import diagnosis, hookspecs
from neuroscope.plugin.discovery import printable
from neuroscope.plugin.registry import Entry

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

KINDS = ("backbone", "dataset", "task", "pooling", "probe", "ranking")
"""Of components: what a user chooses by ``name,key=value``."""

COMMAND = "command"

MOST_NAMES = 1000
"""That one plugin may register; a family serves where there are more."""
_PATIENCE = 100
"""Names beyond the most that are refused by an error; then hooks that go on in spite of it are ended."""

_UNPRINTABLE_OF_TEXTS = "\n\u200d"
"""What ``str.isprintable`` refuses, as it does all spaces but one, and texts hold: the joiner is part of emoji."""

_COMMAND_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class EndlessRegistration(BaseException):
    """The end of a hook that goes on registering after it was refused: no ``except Exception`` stops it."""


def staged_entries(module: ModuleType, owner: str) -> list[Entry[Any]]:
    """Call one plugin's hooks, and return what they register.

    Raises:
        PluginBroken: a hook is misspelt or takes something else, a name is given twice or is none, or there are more
            names than a plugin may have.
    """
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    diagnosis.check_hooks(module, manager)
    manager.register(module)
    manager.check_pending()
    staged = _Staged(owner)
    for kind in (*KINDS, COMMAND):
        getattr(manager.hook, f"register_{kind}s")(register=staged.registrar(kind))
    return list(staged.entries.values())


class _Staged:
    """What one plugin has registered so far."""

    def __init__(self, owner: str) -> None:
        self.entries: dict[tuple[str, str], Entry[Any]] = {}
        self._owner, self._calls = owner, 0

    def registrar(self, kind: str) -> Callable[..., None]:
        """Make the callable that the hook of a kind is given."""

        def register(
            name: str, factory: Callable[..., Any] | str, *, summary: str, install: str = "", members: str = ""
        ) -> None:
            self._count()
            _check_name(kind, name)
            for what, text in (("summary", summary), ("install", install), ("members", members)):
                _check_text(f"the {what} of {kind} '{name}'", text)
            _check_members(kind, name, members)
            if not isinstance(factory, str) and not callable(factory):
                raise PluginBroken(f"the factory of {kind} '{name}' cannot be called: {factory!r}")
            if (kind, name) in self.entries:
                raise PluginBroken(f"{kind} '{name}' is registered twice")
            self.entries[kind, name] = Entry(kind, name, factory, summary, install, self._owner, members)

        return register

    def _count(self) -> None:
        self._calls += 1
        if self._calls > MOST_NAMES:
            kind = PluginBroken if self._calls <= MOST_NAMES + _PATIENCE else EndlessRegistration
            raise kind(
                f"it registers more than {MOST_NAMES:,} names; a family, whose name ends in a colon, has any number"
            )


def _check_name(kind: str, name: object) -> None:
    if not isinstance(name, str):
        raise PluginBroken(f"{name!r} is no name for a {kind}: a name is a text")
    if not name or "," in name or name != name.strip() or not name.isprintable():
        raise PluginBroken(f"'{printable(name)}' is no name for a {kind}")
    if kind == COMMAND and not _COMMAND_NAME.fullmatch(name):
        raise PluginBroken(f"'{name}' is no name for a command: lower-case letters, digits and single hyphens are")


def _check_members(kind: str, name: str, members: str) -> None:
    if members and not name.endswith(":"):
        raise PluginBroken(f"{kind} '{name}' has members, and is no family: a family's name ends in a colon")
    if members and not all(part.strip() for part in members.partition(":")):
        raise PluginBroken(f"the members of {kind} '{name}' are no package.module:function: '{members}'")


def _check_text(what: str, text: object) -> None:
    if not isinstance(text, str):
        raise PluginBroken(f"{what} is {text!r}, and has to be a text")
    if not all(each.isprintable() or each in _UNPRINTABLE_OF_TEXTS or category(each) == "Zs" for each in text):
        raise PluginBroken(f"{what} has characters that cannot be shown: '{printable(text)}'")
