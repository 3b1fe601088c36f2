"""Names that plugins register, and the lazy factories behind them."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from neuroscope.errors import BadOption, DuplicateName, MissingDependency, NeuroscopeError, PluginBroken, UnknownName
from neuroscope.plugin import options
from neuroscope.plugin.confinement import output_aside
from neuroscope.plugin.failures import error_text, message_of
from neuroscope.plugin.products import description, problem_with_product
from neuroscope.runtime.docstrings import Documentation, documentation_of
from neuroscope.runtime.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class Registrar(Protocol[T_contra]):
    """The callable that a plugin's hook receives, to be called once for each name."""

    def __call__(
        self, name: str, factory: Callable[..., T_contra] | str, *, summary: str, install: str = "", members: str = ""
    ) -> None:
        """Register one component.

        Args:
            name: what users type. A name that ends in ``:`` is a family: what the user writes after the colon is the
                factory's first argument.
            factory: makes the component; its named parameters with a default are the component's options. A string
                ``package.module:attribute`` is imported when the first one is built.
            summary: one line for ``neuroscope list``.
            install: the command that brings what the factory's module needs, shown when its import fails.
            members: of a family: ``package.module:function`` of a function that takes nothing and returns a list of
                ``Member``, called by ``neuroscope list NAME:`` alone; it may be slow.
        """
        ...


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a family, for ``neuroscope list``.

    Attributes:
        name: what the user writes after the colon.
        summary: one line.
        problem: why it cannot be used here, with what to do; empty = it can.
    """

    name: str
    summary: str
    problem: str = ""


def _problem_with_members(found: Any) -> str:
    """Say why what was returned is no list of members; empty = it is one."""
    if not isinstance(found, list | tuple):
        return f"returns {description(found)}, not a list of Member"
    strange = [each for each in found if not isinstance(each, Member)]
    if strange:
        return f"returns a list with {description(strange[0])} in it, not a Member"
    texts = [text for each in found for text in (each.name, each.summary, each.problem)]
    return next(
        (f"returns a Member with {text!r}, which is no text" for text in texts if not isinstance(text, str)), ""
    )


def require(module: str, *, install: str = "") -> ModuleType:
    """Import a module that a component needs.

    Raises:
        MissingDependency: whatever exception the import ends in, with the ``install`` command.
    """
    try:
        with output_aside():
            return importlib.import_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # an import fails in many ways: no module, a shared library, an attribute that went
        raise MissingDependency(module, f"{type(error).__name__}: {message_of(error)}", install) from error


@dataclass(frozen=True)
class Entry(Generic[T]):
    """One registered name, with who registered it."""

    kind: str
    name: str
    factory: Callable[..., T] | str
    summary: str
    install: str
    plugin: str
    members: str = ""

    @property
    def is_family(self) -> bool:
        """Whether the user completes the name (``hf:`` and what follows)."""
        return self.name.endswith(":")

    @cached_property
    def make(self) -> Callable[..., T]:
        """The factory itself, imported if it was named by a string.

        Raises:
            MissingDependency: its module cannot be imported.
            PluginBroken: the string names nothing.
        """
        if not isinstance(self.factory, str):
            return self.factory
        module, _, attribute = self.factory.partition(":")
        factory: Callable[..., T] | None = getattr(require(module, install=self.install), attribute, None)
        if not callable(factory):
            raise PluginBroken(f"{self.plugin}: {self.factory} does not exist, or cannot be called")
        return factory

    def list_members(self) -> list[Member]:
        """Ask the plugin for the members of its family; it may take long, as it may try each of them.

        Raises:
            NeuroscopeError: as the plugin raises it.
            MissingDependency: the function's module cannot be imported.
            PluginBroken: the function does not exist, fails, or returns something else.
        """
        module, _, attribute = self.members.partition(":")
        what = f"{self.plugin}: the function that lists the members of {self.kind} '{self.name}'"
        function = getattr(require(module, install=self.install), attribute, None)
        if not callable(function):
            raise PluginBroken(f"{what}, {self.members}, does not exist, or cannot be called")
        try:
            with output_aside():
                found = function()
        except (NeuroscopeError, KeyboardInterrupt):
            raise
        except BaseException as error:  # a stranger's function may raise anything
            raise PluginBroken(one_line(f"{what} fails: {error_text(error)}")) from error
        if problem := _problem_with_members(found):
            raise PluginBroken(f"{what} {problem}")
        return list(found)

    @property
    def documentation(self) -> Documentation:
        """What the factory's docstring says, of it and of each option."""
        return documentation_of(self.make)

    @property
    def options(self) -> Mapping[str, options.Option]:
        """The component's options, in the order of the factory's signature."""
        return options.options_of(self.make)


@dataclass(frozen=True)
class Choice(Generic[T]):
    """A component as the user chose it: an entry, what completes a family's name, and converted options."""

    entry: Entry[T]
    argument: str | None
    given: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The full name, without options."""
        return self.entry.name + (self.argument or "")

    @property
    def argument_name(self) -> str:
        """The name of what completes a family's name: its factory's first parameter; empty = it is no family."""
        return "" if self.argument is None else options.argument_of(self.entry.make)

    @property
    def text(self) -> str:
        """The canonical text: options in the factory's order, those at their default left out."""
        known = self.entry.options
        return options.join(self.name, {k: v for k, v in self.given.items() if v != known[k].default})

    @property
    def resolved(self) -> dict[str, Any]:
        """Every option with its value, given or default."""
        return {name: self.given.get(name, option.default) for name, option in self.entry.options.items()}

    def build(self, *arguments: Any, **at_hand: Any) -> T:
        """Make the component.

        Args:
            arguments: what every factory of this kind is given.
            at_hand: what a factory is given if it asks for it, by a keyword-only parameter without a default.

        Raises:
            BadOption: the factory refuses a value.
            PluginBroken: the factory fails with an error that says nothing to a user, or makes something else.
        """
        family = () if self.argument is None else (self.argument,)
        asked_for = options.required_of(self.entry.make) if at_hand else ()
        wanted = {name: value for name, value in at_hand.items() if name in asked_for}
        try:
            with output_aside():
                made = self.entry.make(*family, *arguments, **wanted, **self.given)
        except (NeuroscopeError, OSError, KeyboardInterrupt):
            raise
        except ValueError as error:
            raise BadOption(f"{self.text}: {error}") from error
        except BaseException as error:  # a stranger's factory may raise anything
            raise PluginBroken(f"{self.entry.kind} {self.text} cannot be built: {error_text(error)}") from error
        if problem := problem_with_product(self.entry.kind, made):
            raise PluginBroken(f"the factory of {self.entry.kind} {self.text} {problem}")
        return made


@dataclass(frozen=True)
class Contested:
    """A name that several plugins register.

    Attributes:
        kind: of component.
        name: which they register.
        claimants: who they are, each as ``distribution:entry point``.
        holder: which of them has the name, one of our own; empty = none has.
    """

    kind: str
    name: str
    claimants: tuple[str, ...]
    holder: str

    def __str__(self) -> str:
        others = [each for each in self.claimants if each != self.holder]
        listed = " and ".join(others)
        if self.holder:
            names = ",".join(dict.fromkeys(each.rpartition(":")[0] for each in others))
            return (
                f"{self.kind} '{self.name}' is that of {self.holder}; {listed} may not have the name, too, and is "
                f"left out there. NEUROSCOPE_BLOCK_PLUGINS={names} switches it off."
            )
        switches = " or ".join(f"NEUROSCOPE_BLOCK_PLUGINS={each}" for each in self._switches())
        return (
            f"{self.kind} '{self.name}' is registered by {listed}, and none of them has it until one is switched off: "
            f"{switches}."
        )

    def _switches(self) -> list[str]:
        """Name each claimant by what tells it from the others: its distribution, else its entry point."""
        parts = [each.rpartition(":") for each in self.claimants]
        distributions = [distribution for distribution, _, _ in parts]
        return [name if distributions.count(whose) > 1 else whose for whose, _, name in parts]


@dataclass
class Registry(Generic[T]):
    """The components of one kind by name.

    ``failed`` lists plugins that could not be loaded, for error messages; ``contested`` names that several register.
    """

    kind: str
    _entries: dict[str, Entry[T]] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    contested: dict[str, Contested] = field(default_factory=dict)

    @property
    def entries(self) -> Mapping[str, Entry[T]]:
        """A read-only view, by name."""
        return MappingProxyType(self._entries)

    def __iter__(self) -> Iterator[Entry[T]]:
        return iter(sorted(self._entries.values(), key=lambda entry: entry.name))

    def add(self, entry: Entry[T]) -> None:
        """Take an entry whose name is free."""
        self._entries[entry.name] = entry

    def find(self, name: str) -> tuple[Entry[T], str | None]:
        """Find the entry of a name, and what completes it where the entry is a family (None: it is not completed).

        Raises:
            UnknownName: with the known names, and the plugins that failed to load.
            DuplicateName: several plugins register the name, and none has it.
        """
        family, colon, argument = name.partition(":")
        self.check_uncontested(family + colon)
        if colon and argument and family + colon in self._entries:
            return self._entries[family + colon], argument
        if name in self._entries:
            return self._entries[name], None
        raise self.unknown(name, self._entries)

    def check_uncontested(self, name: str) -> None:
        """Raise DuplicateName where several plugins register a name, and none has it."""
        if name in self.contested and name not in self._entries:
            raise DuplicateName(str(self.contested[name]))

    def unknown(self, name: str, known: Iterable[str]) -> UnknownName:
        """Make the error for a name that is none of those known: a plugin that failed to load may have had it."""
        hint = f"Failed to load: {', '.join(self.failed)} (see `neuroscope plugins`)." if self.failed else ""
        if f"{name}:" in known:
            hint = f"{name}: with its colon is a family: what follows it says which. {hint}".rstrip()
        return UnknownName(self.kind, name, known, hint)

    def choose(self, text: str, extra: Mapping[str, str] | None = None) -> Choice[T]:
        """Read ``name,key=value,...``; ``extra`` are further options of it.

        Raises:
            UnknownName: no such component or option.
            BadOption: the text, or a value in it, cannot be read.
        """
        name, given = options.parse(text)
        for key, value in (extra or {}).items():
            if given.setdefault(key, value) != value:
                raise BadOption(f"option '{key}' of {name} is given twice: {given[key]} and {value}")
        entry, argument = self.find(name)
        if entry.is_family and argument is None:
            raise BadOption(f"{self.kind} '{name}' is a family: say after the colon which one")
        return Choice(entry, argument, options.convert_all(given, entry.options, of=name))
