"""Read and write the store's small JSON files: what one holds is believed where its digest and its shape are right."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from typing import TYPE_CHECKING, Any

from neuroscope.errors import NeuroscopeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

MOST_BYTES = 2**26
"""No file of the store is larger; one that is was not written by it, and is not read into memory."""
_DIGEST = "sha256"
_TAIL = re.compile(rb', "sha256": "([0-9a-f]{64})"\}\Z')


class WrongContent(Exception):
    """Error where a file does not hold what was written to it; it never leaves the store."""


def write(file: Path, content: Mapping[str, Any], shape: Mapping[str, Any]) -> None:
    """Write an object, and behind its last value the digest of it, so that ``read`` sees any change.

    Raises:
        OSError: the disk is full or the folder cannot be written.
        WrongContent: it has not the shape that ``read`` is going to expect.
        NeuroscopeError: it is larger than what ``read`` takes.
    """
    text = json.dumps(content)
    check(json.loads(text), shape)
    text = f'{text[:-1]}, "{_DIGEST}": "{hashlib.sha256(text.encode()).hexdigest()}"}}'
    if len(text) > MOST_BYTES:
        raise NeuroscopeError(
            f"{file.name} would take {len(text)} bytes, the store takes {MOST_BYTES}; use shorter ids"
        )
    file.write_text(text)


def read(
    file: Path, shape: Mapping[str, Any], check_first: Callable[[Mapping[str, Any]], None] | None = None
) -> dict[str, Any]:
    """Read an object that ``write`` wrote, without its digest; a pipe or a device is not waited for.

    Args:
        file: what is read.
        shape: as for ``check``.
        check_first: looks at the object before its digest and shape are checked, and may raise an error of its own,
            e.g. that another version wrote it.

    Raises:
        WrongContent: it holds anything else.
        OSError: there is nothing, or it cannot be read.
    """
    text = _bytes(file)
    try:
        found = json.loads(text)
    except ValueError as error:
        raise WrongContent(f"it is no JSON: {error}") from error
    except RecursionError as error:
        raise WrongContent("it is nested too deeply") from error
    if not isinstance(found, dict):
        raise WrongContent("it is no JSON object")
    if check_first is not None:
        check_first(found)
    if _DIGEST not in found:
        raise WrongContent("it has no digest: an earlier version wrote it, or it is damaged")
    tail = _TAIL.search(text, max(0, len(text) - 100))
    if tail is None or hashlib.sha256(text[: tail.start()] + b"}").hexdigest().encode() != tail[1]:
        raise WrongContent("it has other content than was written")
    del found[_DIGEST]
    check(found, shape)
    return found


def check(value: Any, shape: Any, place: str = "it") -> None:
    """Raise WrongContent where a value has not the shape that is expected.

    Args:
        value: what was read.
        shape: a type; ``[shape]`` of a list's items; ``{str: shape}`` of an object's values, whatever their names;
            ``{name: shape, ...}`` of an object with just these names; ``object`` is anything.
        place: of the value in the file.
    """
    kind = shape if isinstance(shape, type) else type(shape)
    if kind is not object and type(value) is not kind:
        raise WrongContent(f"{place} is {type(value).__name__}, not {kind.__name__}")
    if isinstance(shape, list) and set(map(type, value)) != {shape[0]}:  # most lists are long, and right
        for number, each in enumerate(value):
            check(each, shape[0], f"{place}[{number}]")
    elif isinstance(shape, dict):
        shapes = dict.fromkeys(value, shape[str]) if str in shape else shape
        if value.keys() != shapes.keys():
            raise WrongContent(f"{place} has {', '.join(value) or 'nothing'}, not {', '.join(shapes)}")
        for name, each in shapes.items():
            if type(value[name]) is not each:
                check(value[name], each, f"{place}.{name}")


def reason(error: Exception) -> str:
    """Say in a few words why a file cannot be read."""
    return f"{type(error).__name__}: {error.strerror or error}" if isinstance(error, OSError) else str(error)


def _bytes(file: Path) -> bytes:
    handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise WrongContent("it is no file")
        if status.st_size > MOST_BYTES:
            raise WrongContent(f"it has {status.st_size} bytes")
        with open(handle, "rb", closefd=False) as stream:
            return stream.read(MOST_BYTES)
    finally:
        os.close(handle)
