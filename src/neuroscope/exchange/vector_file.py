"""Vectors in a file of another program: what was found, and what every format checks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from neuroscope.errors import BadVectors

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

ONE_LAYER = "features"
"""The layer's name, where a file names none."""


@dataclass(frozen=True, slots=True)
class Vectors:
    """Vectors in a file, of which some rows are read at a time.

    Attributes:
        ids: of the utterances, in the order of the rows; None = the file does not say.
        rows: number of vectors.
        layers: name -> width, in the order of the columns.
        read: first row (included), last row (excluded) -> ``[rows, columns]``, layers side by side.
        taken: the file's own names of what the vectors are read from, in the order of the columns; empty = it has none.
        left_out: what else it holds -> why that is not read.
    """

    ids: tuple[str, ...] | None
    rows: int
    layers: Mapping[str, int]
    read: Callable[[int, int], NDArray[Any]]
    taken: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Columns of all layers together."""
        return sum(self.layers.values())


def natural(name: str) -> tuple[tuple[str | tuple[int, str], ...], str]:
    """Make the key that sorts names as people count: ``layer2`` before ``layer10``."""
    parts = re.split(r"([0-9]+)", name)
    return tuple((len(each.lstrip("0")), each.lstrip("0")) if n % 2 else each for n, each in enumerate(parts)), name


def check_matrix(path: Path, name: str, values: NDArray[Any]) -> NDArray[Any]:
    """Return values that are numbers ``[utterances, columns]``.

    Raises:
        BadVectors: they are something else.
    """
    if values.ndim != 2 or values.dtype.kind not in "fiu":
        shape = f"{values.dtype} {list(values.shape)}"
        raise BadVectors(str(path), [f"{name} is {shape}, not numbers [utterances, columns]"])
    return values


def check_widths(path: Path, layers: Mapping[str, int], width: int) -> None:
    """Raise BadVectors unless the layers make so many columns."""
    if sum(layers.values()) != width:
        raise BadVectors(str(path), [f"its layers {dict(layers)} make {sum(layers.values())} columns, it has {width}"])


def texts(ids: NDArray[Any]) -> tuple[str, ...]:
    """Return ids as texts."""
    return tuple(each.decode() if isinstance(each, bytes) else str(each) for each in ids.ravel().tolist())


def in_bytes(count: int) -> str:
    """Write a number of bytes for people."""
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
