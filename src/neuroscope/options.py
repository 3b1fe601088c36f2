"""The component grammar, ``name,key=value,key=value``, and options as a factory's named parameters.

A comma inside a value is doubled; several values of one option are joined by ``+``.
"""

from __future__ import annotations

import inspect
import types
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neuroscope.errors import BadOption, PluginBroken, UnknownName

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_DOUBLED = "\0"
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a component: a named parameter of its factory that has a default."""

    name: str
    type: Any
    default: Any

    @property
    def expects(self) -> str:
        """What a value has to look like, for people."""
        return _expects(self.type)

    def convert(self, text: str) -> Any:
        """Read a value as it was written.

        Raises:
            ValueError: the text is no value of the option's type.
        """
        return _convert(self.type, text)


def split_commas(text: str) -> list[str]:
    """Split at single commas; a doubled comma is a comma of the text."""
    return [part.replace(_DOUBLED, ",") for part in text.replace(",,", _DOUBLED).split(",")]


def parse(text: str) -> tuple[str, dict[str, str]]:
    """Split ``name,key=value,...`` into the name and its options.

    Raises:
        BadOption: there is no name, a part is no ``key=value``, or a key comes twice.
    """
    name, *parts = split_commas(text)
    if not name.strip():
        raise BadOption(f"'{text}' has no name; write name,key=value,key=value")
    return name.strip(), parse_pairs(parts, of=f"'{text}'")


def parse_pairs(parts: Sequence[str], of: str) -> dict[str, str]:
    """Read ``key=value`` texts; ``of`` says in an error what they belong to."""
    pairs: dict[str, str] = {}
    for part in parts:
        key, equals, value = part.partition("=")
        key = key.strip()
        if not equals or not key:
            raise BadOption(f"'{part}' in {of} is no key=value (a comma inside a value is doubled)")
        if key in pairs:
            raise BadOption(f"option '{key}' is given twice in {of}")
        pairs[key] = value
    return pairs


def join(name: str, values: Mapping[str, Any]) -> str:
    """The inverse of ``parse``."""
    return ",".join([name, *(f"{key}={to_text(value).replace(',', ',,')}" for key, value in values.items())])


def to_text(value: Any) -> str:
    """A value as the grammar writes it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.17g}" if float(f"{value:g}") != value else f"{value:g}"
    if isinstance(value, tuple):
        return "+".join(to_text(item) for item in value)
    return str(value)


def options_of(factory: Callable[..., Any]) -> dict[str, Option]:
    """The options of a factory, in the order of its signature.

    Raises:
        PluginBroken: a parameter with a default has neither an annotation nor a default that tells its type.
    """
    signature = inspect.signature(factory)
    annotated = factory.__init__ if inspect.isclass(factory) else factory
    try:
        hints = typing.get_type_hints(annotated)
    except NameError:  # annotations of names that are imported for type checkers only
        hints = {}
    found = {}
    for parameter in signature.parameters.values():
        if parameter.default is inspect.Parameter.empty:
            continue
        kind = hints.get(parameter.name, type(parameter.default))
        if kind is type(None):
            raise PluginBroken(f"option '{parameter.name}' of {factory!r} needs an annotation")
        found[parameter.name] = Option(parameter.name, kind, parameter.default)
    return found


def convert_all(given: Mapping[str, str], options: Mapping[str, Option], of: str) -> dict[str, Any]:
    """Convert what was written, in the options' own order.

    Raises:
        UnknownName: there is no such option.
        BadOption: a value is of the wrong type.
    """
    for name in given:
        if name not in options:
            raise UnknownName(f"option of {of}", name, options)
    converted = {}
    for name, option in options.items():
        if name in given:
            try:
                converted[name] = option.convert(given[name])
            except ValueError:
                raise BadOption(f"{of}: {name}={given[name]}: expected {option.expects}") from None
    return converted


def _alternatives(kind: Any) -> tuple[Any, ...]:
    if typing.get_origin(kind) in {typing.Union, types.UnionType}:
        return typing.get_args(kind)
    return (kind,)


def _convert(kind: Any, text: str) -> Any:
    kinds = _alternatives(kind)
    if len(kinds) > 1:
        return _convert_any(kinds, text)
    origin = typing.get_origin(kind)
    if origin is typing.Literal:
        return _choose(typing.get_args(kind), text)
    if origin is tuple:
        item = typing.get_args(kind)[0]
        return tuple(_convert(item, part) for part in text.split("+") if part)
    if kind is bool:
        if text.lower() not in _TRUTH:
            raise ValueError(text)
        return _TRUTH[text.lower()]
    if kind is Path:
        return Path(text).expanduser()
    if kind in {int, float, str}:
        return kind(text)
    raise PluginBroken(f"options of type {kind} are not supported")


def _convert_any(kinds: tuple[Any, ...], text: str) -> Any:
    if type(None) in kinds and text.lower() == "none":
        return None
    for kind in kinds:
        if kind is not type(None):
            try:
                return _convert(kind, text)
            except ValueError:
                continue
    raise ValueError(text)


def _choose(choices: tuple[Any, ...], text: str) -> Any:
    for choice in choices:
        if to_text(choice) == text:
            return choice
    raise ValueError(text)


def _expects(kind: Any) -> str:
    kinds = _alternatives(kind)
    if len(kinds) > 1:
        return " or ".join("none" if each is type(None) else _expects(each) for each in kinds)
    if typing.get_origin(kind) is typing.Literal:
        return "one of " + ", ".join(to_text(choice) for choice in typing.get_args(kind))
    if typing.get_origin(kind) is tuple:
        return f"{_expects(typing.get_args(kind)[0])}, several joined by +"
    names = {int: "a whole number", float: "a number", str: "a text", bool: "true or false", Path: "a path"}
    return names.get(kind, str(kind))
