"""Read a small JSON object from a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from neuroscope import BadOption, MissingData
from neuroscope_transformers.wording import first_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LARGEST = 1 << 26
"""Bytes: the index of a checkpoint in many parts has a line for each tensor."""


def read_object(path: Path, without: Callable[[str], bool] | None = None) -> dict[str, Any]:
    """Read a JSON object.

    Args:
        path: of the file.
        without: whether an entry of this name, in any object of the file, is left out; None = none is.

    Raises:
        MissingData: the file cannot be read.
        BadOption: it is too large, or no JSON object.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise BadOption(f"{path} has more than {_LARGEST >> 20} MB; expected a small file of JSON")
        found = json.loads(path.read_text("utf-8"), object_hook=_leaving_out(without) if without else None)
    except OSError as error:
        raise MissingData(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise BadOption(f"{path} is no JSON: {first_line(error)}") from error
    if not isinstance(found, dict):
        raise BadOption(f"{path} holds a JSON {type(found).__name__}; expected an object of settings")
    return found


def _leaving_out(without: Callable[[str], bool]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda found: {name: value for name, value in found.items() if not without(name)}
