"""What people write in a call, as the workflows take it: plain keywords become settings, texts become paths."""

from __future__ import annotations

import inspect
import sys
from dataclasses import fields
from numbers import Integral, Real
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from neuroscope.contracts.progress import Progress, silent
from neuroscope.data.places import Data
from neuroscope.errors import BadOption
from neuroscope.extraction.session import ExtractionSettings
from neuroscope.plugin.values import path_of, texts_of
from neuroscope.runtime.progress_bar import progress_bar
from neuroscope.study.settings import StudySettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

S = TypeVar("S", StudySettings, ExtractionSettings)

Texts: TypeAlias = "str | Sequence[str]"
"""One text or several."""
AnyPath: TypeAlias = "str | PathLike[str]"
"""A path as a text (with ``~`` read) or as a path."""


def study_of(given: Mapping[str, Any]) -> StudySettings:
    """The settings of the study among the arguments of a call.

    Raises:
        BadOption: a value is of the wrong type, or out of range.
    """
    layers = given["layers"]
    chosen = (layers.split(",") if layers else []) if isinstance(layers, str) else layers
    return _settings(StudySettings, {**given, "layers": texts_of("layers", chosen)})


def extraction_of(given: Mapping[str, Any]) -> ExtractionSettings:
    """The settings of the extraction among the arguments of a call.

    Raises:
        BadOption: a value is of the wrong type.
    """
    return _settings(ExtractionSettings, {**given, "cache": place_of("cache", given["cache"])})


def data_of(given: Mapping[str, Any]) -> Data:
    """Where the utterances come from: ``Data``, or a path with what is said of it beside.

    Raises:
        BadOption: a value is of the wrong type, or something is said beside ``Data``.
    """
    beside = {name: given[name] for name in ("dataset", "roots", "where")}
    data = given["data"]
    if not isinstance(data, Data):
        return Data(root=path_of("data", data), **beside)
    if twice := [name for name, value in beside.items() if value]:
        raise BadOption(f"{' and '.join(twice)} beside Data(...): say it in there")
    return data


def place_of(name: str, value: object) -> Path | None:
    """A path to write to, absolute, so that it is the same after the working folder changed.

    Raises:
        BadOption: it is no path.
    """
    path = path_of(name, value)
    return None if path is None else path.absolute()


def one_of(name: str, value: object) -> str:
    """The one text of a parameter that takes no more.

    Raises:
        BadOption: there are several, or none.
    """
    texts = texts_of(name, value)
    if len(texts) != 1:
        raise BadOption(f"{name}={value!r}: expected one; call once for each")
    return texts[0]


def progress_of(value: object) -> Progress:
    """A bar where stderr is a terminal, for True; nothing, for False or None; else what was given.

    Raises:
        BadOption: it is none of these.
    """
    if not value:
        return silent
    if value is True:
        return progress_bar if sys.stderr is not None and sys.stderr.isatty() else silent
    if not callable(value):
        raise BadOption(f"progress={value!r}: expected True, False, or a callable")
    told: Progress = value
    return told


def command_of(function: Callable[..., Any], given: Mapping[str, Any]) -> tuple[str]:
    """The call as it may be written again: what is at its default left out."""
    parts = []
    for name, parameter in inspect.signature(function).parameters.items():
        value = given[name]
        if name != "progress" and (parameter.default is parameter.empty or value != parameter.default):
            shown = repr(fspath(value) if isinstance(value, PathLike) else value)
            parts.append(f"{name}={shown}" if parameter.kind is parameter.KEYWORD_ONLY else shown)
    return (f"neuroscope.{function.__name__}({', '.join(parts)})",)


def _settings(kind: type[S], given: Mapping[str, Any]) -> S:
    """The settings made of those arguments that it has."""
    known = {each.name: each for each in fields(kind) if each.name in given}
    return kind(**{name: _checked(name, given[name], str(each.type)) for name, each in known.items()})


def _checked(name: str, value: Any, kind: str) -> Any:
    """A plain value of the type that the settings declare; numbers of numpy become Python's."""
    if kind == "str" and not isinstance(value, str):
        raise BadOption(f"{name}={value!r}: expected a text")
    if kind == "bool" and not isinstance(value, bool):
        raise BadOption(f"{name}={value!r}: expected True or False")
    if kind == "int":
        if not isinstance(value, Integral):
            raise BadOption(f"{name}={value!r}: expected a whole number")
        return int(value)
    if kind.startswith("float") and value is not None:
        if not isinstance(value, Real):
            raise BadOption(f"{name}={value!r}: expected a number")
        return float(value)
    return value
