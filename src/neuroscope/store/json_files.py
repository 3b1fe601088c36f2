"""Read and write the store's small JSON files: what one holds is believed where its digest and its shape are right."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from typing import TYPE_CHECKING, Any

from neuroscope.errors import NeuroscopeError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MOST_BYTES = 2**26
"""No file of the store is larger; one that is was not written by it, and is not read into memory."""
_DIGEST = "sha256"


class WrongContent(Exception):
    """Error where a file does not hold what was written to it; it never leaves the store."""


def write(file: Path, content: Mapping[str, Any], shape: Mapping[str, Any]) -> None:
    """Write an object with the digest of it, so that ``read`` sees any change.

    Raises:
        OSError: the disk is full or the folder cannot be written.
        WrongContent: it has not the shape that ``read`` is going to expect.
        NeuroscopeError: it is larger than what ``read`` takes.
    """
    plain = json.loads(json.dumps(content))
    check(plain, shape)
    text = json.dumps({**plain, _DIGEST: _digest(plain)})
    if len(text) > MOST_BYTES:
        raise NeuroscopeError(
            f"{file.name} would take {len(text)} bytes, the store takes {MOST_BYTES}; use shorter ids"
        )
    file.write_text(text)


def read(file: Path, shape: Mapping[str, Any]) -> dict[str, Any]:
    """Read an object that ``write`` wrote.

    Args:
        file: what is read.
        shape: as for ``check``.

    Raises:
        WrongContent: it holds anything else.
        OSError: there is nothing, or it cannot be read.
    """
    return believe(parse(file), shape)


def parse(file: Path) -> dict[str, Any]:
    """Read an object, whatever it holds; a pipe or a device is not waited for.

    Raises:
        WrongContent: it is no file with a JSON object.
        OSError: there is nothing, or it cannot be read.
    """
    try:
        found = json.loads(_bytes(file))
    except ValueError as error:
        raise WrongContent(f"it is no JSON: {error}") from error
    except RecursionError as error:
        raise WrongContent("it is nested too deeply") from error
    if not isinstance(found, dict):
        raise WrongContent("it is no JSON object")
    return found


def believe(found: Mapping[str, Any], shape: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was written, of what was parsed: the object without its digest.

    Raises:
        WrongContent: its digest is that of other content, or it has another shape.
    """
    content = {name: value for name, value in found.items() if name != _DIGEST}
    try:
        digest = _digest(content)
    except RecursionError as error:
        raise WrongContent("it is nested too deeply") from error
    if _DIGEST not in found:
        raise WrongContent("it has no digest: an earlier version wrote it, or it is damaged")
    if found[_DIGEST] != digest:
        raise WrongContent("it has other content than was written")
    check(content, shape)
    return content


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
    if isinstance(shape, list):
        for number, each in enumerate(value):
            if type(each) is not shape[0]:  # most items are right, and there are many
                check(each, shape[0], f"{place}[{number}]")
    elif isinstance(shape, dict):
        names = value if str in shape else shape
        if value.keys() != names.keys():
            raise WrongContent(f"{place} has {', '.join(value) or 'nothing'}, not {', '.join(names)}")
        for name in names:
            check(value[name], shape.get(str, shape.get(name)), f"{place}.{name}")


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


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
