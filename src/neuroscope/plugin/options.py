"""The component grammar, ``name,key=value,key=value``, and options as a factory's named parameters.

A comma inside a value is doubled; several values of one option are joined by ``+``.
"""

from __future__ import annotations

import functools
import inspect
import math
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
        """The form that a value has to have, for people."""
        return _expects(self.type)

    def convert(self, text: str) -> Any:
        """Convert a value from its text.

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
    """Write a name and its options as one text, which ``parse`` reads back."""
    parts = [name, *(f"{key}={to_text(value)}" for key, value in values.items())]
    return ",".join(part.replace(",", ",,") for part in parts)


def to_text(value: Any) -> str:
    """Write a value in the grammar of components."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        short = f"{value:g}"
        return (short if float(short) == value else repr(value)).replace("e+", "e")  # + joins the values of a tuple
    if isinstance(value, tuple):
        return "+".join(to_text(item) for item in value)
    return str(value)


def to_path(text: str) -> Path:
    """Read a path as the user wrote it, with ``~`` and ``~name`` expanded.

    Raises:
        ValueError: it is empty, or there is no such user.
    """
    if not text:
        raise ValueError(text)
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError(text) from None


def options_of(factory: Callable[..., Any]) -> dict[str, Option]:
    """List the options of a factory, in the order of its signature.

    Raises:
        PluginBroken: neither a parameter's annotation nor its default tells a type that options may have.
    """
    given = [each for each in inspect.signature(factory).parameters.values() if each.default is not each.empty]
    return {each.name: Option(each.name, _type_of(each, factory), each.default) for each in given}


def required_of(factory: Callable[..., Any], *, positional: bool = False) -> list[str]:
    """List a factory's keyword-only parameters that have no default: no user can give them, only the core can.

    Args:
        factory: of a component.
        positional: those that are not keyword-only; the first one of a family is what the user writes behind the colon.
    """
    given = [each for each in inspect.signature(factory).parameters.values() if each.default is each.empty]
    return [each.name for each in given if (each.kind is not each.KEYWORD_ONLY) is positional]


def argument_of(factory: Callable[..., Any]) -> str:
    """Name a family's argument: the first parameter of its factory, which is what the user writes after the colon."""
    return next(iter(inspect.signature(factory).parameters), "")


def convert_all(given: Mapping[str, str], options: Mapping[str, Option], of: str) -> dict[str, Any]:
    """Convert the values that were given, in the options' own order.

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
            except OverflowError:
                raise BadOption(f"{of}: {name}={given[name]}: a whole number has 64 bits at most") from None
    return converted


def _type_of(parameter: inspect.Parameter, factory: Callable[..., Any]) -> Any:
    """Read the type of a parameter from its annotation, else from its default.

    The annotation is evaluated alone: others may name what only type checkers import.
    """
    about = f"option '{parameter.name}' of {factory!r}"
    kind: Any = Path if isinstance(parameter.default, Path) else type(parameter.default)
    if parameter.annotation is not parameter.empty:
        alone = types.SimpleNamespace(__annotations__={"kind": parameter.annotation})
        try:
            kind = typing.get_type_hints(alone, _globals(factory))["kind"]
        except Exception as error:  # an annotation is code
            raise PluginBroken(f"{about}: its annotation cannot be read ({error}); import it at run time") from error
    if not _supported(kind):
        raise PluginBroken(f"{about} needs an annotation with int, float, bool, str, Path, Literal or tuple[..., ...]")
    return kind


def _globals(factory: Callable[..., Any]) -> dict[str, Any]:
    """Find the namespace that the annotations of a function, class, partial or callable object are written in."""
    while isinstance(factory, functools.partial):
        factory = factory.func
    function: Any = factory.__init__ if inspect.isclass(factory) else inspect.unwrap(factory)
    if not hasattr(function, "__globals__"):
        function = type(function).__call__
    return getattr(function, "__globals__", {})


def _supported(kind: Any) -> bool:
    kinds = _alternatives(kind)
    if len(kinds) > 1:
        return all(each is type(None) or _supported(each) for each in kinds)
    if typing.get_origin(kind) is tuple:
        item, *rest = typing.get_args(kind)
        return rest == [Ellipsis] and _supported(item)
    return typing.get_origin(kind) is typing.Literal or kind in {int, float, str, bool, Path}


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
        return to_path(text)
    value = kind(text)
    if kind is int and not -(2**63) <= value < 2**63:
        raise OverflowError(text)
    if kind is float and math.isnan(value):
        raise ValueError(text)
    return value


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
