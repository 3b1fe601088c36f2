"""Where variables lie in a file, and reading them: raw little-endian float32 at an offset, in both kinds of file."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroscope_cnn.checkpoints import crc32c
from neuroscope_cnn.checkpoints.errors import BadCheckpoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from io import BufferedReader
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class VariablePlace:
    """Where one variable lies in a file.

    Attributes:
        offset: of its first byte.
        shape: dimensions, none negative; four bytes each number.
        checksum: masked CRC-32C of its bytes; None where the file has none.
    """

    offset: int
    shape: tuple[int, ...]
    checksum: int | None = None

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return 4 * math.prod(self.shape)


def overlapping(variables: Iterable[VariablePlace]) -> bool:
    """Whether two variables share a byte."""
    end = 0
    for each in sorted(variables, key=lambda placed: (placed.offset, placed.size)):
        if each.offset < end:
            return True
        end = each.offset + each.size
    return False


def digest_in(path: Path, variables: Mapping[str, VariablePlace]) -> str:
    """sha256 over name, shape and bytes of each variable in the order of names: the same for every kind of file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for name, placed in sorted(variables.items()):
            digest.update(_title(name, placed.shape))
            stream.seek(placed.offset)
            left = placed.size
            while left:
                piece = stream.read(min(left, _PIECE))
                if not piece:
                    raise BadCheckpoint(path, f"it ends within {name}")
                digest.update(piece)
                left -= len(piece)
    return digest.hexdigest()


def digest_of(weights: Mapping[str, NDArray[np.float32]]) -> str:
    """The digest that ``digest_in`` has for a file of these variables."""
    import numpy as np

    digest = hashlib.sha256()
    for name, values in sorted(weights.items()):
        digest.update(_title(name, values.shape))
        digest.update(np.ascontiguousarray(values, "<f4").data.cast("B"))
    return digest.hexdigest()


def read(path: Path, variables: Mapping[str, VariablePlace]) -> dict[str, NDArray[np.float32]]:
    """Read variables, each whole, with the right checksum, and finite.

    Raises:
        BadCheckpoint: which are not.
    """
    found: dict[str, NDArray[np.float32]] = {}
    wrong: list[str] = []
    with path.open("rb") as stream:
        for name, placed in variables.items():
            found[name], problem = _one(stream, placed)
            wrong += [f"{name} {problem}"] if problem else []
    if wrong:
        raise BadCheckpoint(path, "; ".join(wrong[:6]) + (f"; and {len(wrong) - 6} more" if len(wrong) > 6 else ""))
    return found


def _one(stream: BufferedReader, placed: VariablePlace) -> tuple[NDArray[np.float32], str]:
    """Read one variable; also what is wrong with it, or an empty text."""
    import numpy as np

    values = np.empty(placed.shape, "<f4")
    content = values.reshape(-1).view(np.uint8).data
    stream.seek(placed.offset)
    if stream.readinto(content) < len(content):
        return values, "is cut off"
    problem = ""
    if placed.checksum is not None and crc32c.masked(crc32c.large(content)) != placed.checksum:
        problem = "has a wrong checksum: the file was damaged"
    elif not np.isfinite(values).all():
        problem = "holds values that are not finite"
    return values.astype(np.float32, copy=False), problem


def _title(name: str, shape: tuple[int, ...]) -> bytes:
    return f"{json.dumps([name, list(shape)])}\n".encode()
