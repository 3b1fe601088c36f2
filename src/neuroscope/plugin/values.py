"""Values as Python code gives them: a path as a text or a path, one text or several."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path

from neuroscope.errors import BadOption
from neuroscope.plugin.options import to_path


def path_of(name: str, value: object) -> Path | None:
    """A path, with ``~`` and ``~name`` read; None where none is given.

    Args:
        name: of the parameter, for the error.
        value: as it was given.

    Raises:
        BadOption: it is no path.
    """
    if value is None:
        return None
    try:
        if isinstance(value, str | PathLike):
            return to_path(fspath(value))
    except (TypeError, ValueError):  # empty, of bytes, or of a user that there is not
        pass
    raise BadOption(f"{name}={value!r}: expected a path")


def texts_of(name: str, value: object) -> tuple[str, ...]:
    """Several texts; one alone may come without a list around it.

    Args:
        name: of the parameter, for the error.
        value: as it was given.

    Raises:
        BadOption: it is neither a text nor a sequence of texts.
    """
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, Sequence) or not all(isinstance(each, str) for each in value):
        raise BadOption(f"{name}={value!r}: expected a text, or a list of texts")
    return tuple(value)
