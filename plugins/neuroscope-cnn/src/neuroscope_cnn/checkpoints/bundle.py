"""TensorFlow's tensor bundles (checkpoints "V2"), read without TensorFlow: which variable lies where.

``PREFIX.index`` is a LevelDB table: the empty key holds a BundleHeaderProto, every other key is a variable's name and
holds a BundleEntryProto. ``PREFIX.data-00000-of-00001`` is the variables' bytes. Source: tensor_bundle.proto.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from neuroscope_cnn.checkpoints.errors import BadCheckpoint
from neuroscope_cnn.checkpoints.leveldb import entries
from neuroscope_cnn.checkpoints.placed import VariablePlace, overlapping
from neuroscope_cnn.checkpoints.protobuf import fields, signed
from neuroscope_cnn.checkpoints.published import DATA, INDEX

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST_INDEX = 1 << 16
"""Bytes. The published indexes have 564 and 1,303; one of a hundred times as many variables is none of ours."""

_SCOPE = b"softmax/"
_FLOAT = 1
_TYPES = {1: "float32", 2: "float64", 3: "int32", 9: "int64", 14: "bfloat16", 19: "float16"}
_MOST_DIMENSIONS = 8


@dataclass(frozen=True, slots=True)
class Bundle:
    """The variables of our networks that a bundle holds, and where they lie.

    Attributes:
        prefix: of its files.
        content: of the index.
        variables: name without ``softmax/`` -> where it lies in the data.
        others: how many further variables there are, such as the count of steps.
    """

    prefix: Path
    content: bytes
    variables: dict[str, VariablePlace]
    others: int

    @property
    def data(self) -> Path:
        """The file that the variables lie in."""
        return beside(self.prefix, DATA)


def beside(prefix: Path, suffix: str) -> Path:
    """Path of one file of the bundle ``prefix``, by what its name ends in."""
    return prefix.with_name(prefix.name + suffix)


def read_bundle(prefix: Path, names: Iterable[str]) -> Bundle:
    """Find variables in a bundle; nothing of the data is read.

    Args:
        prefix: of the files.
        names: of the variables that are looked for, without ``softmax/``; those that are not there are left out.

    Raises:
        BadCheckpoint: the index is damaged or of another kind, or does not fit the data.
    """
    index, data = beside(prefix, INDEX), beside(prefix, DATA)
    wanted = {_SCOPE + name.encode(): name for name in names}
    try:
        content = _content(index)
        room = data.stat().st_size
        variables, others = _variables(content, wanted, room)
    except ValueError as error:
        raise BadCheckpoint(index, str(error)) from None
    except OSError as error:
        raise BadCheckpoint(Path(error.filename or index), error.strerror or str(error)) from None
    if overlapping(variables.values()):
        raise BadCheckpoint(index, "variables lie one over the other")
    return Bundle(prefix, content, variables, others)


def _content(index: Path) -> bytes:
    with index.open("rb") as stream:
        content = stream.read(LARGEST_INDEX + 1)
    if len(content) > LARGEST_INDEX:
        raise ValueError(f"it has more than {LARGEST_INDEX:,} bytes, and an index of these networks about a thousand")
    return content


def _variables(content: bytes, wanted: dict[bytes, str], room: int) -> tuple[dict[str, VariablePlace], int]:
    variables: dict[str, VariablePlace] = {}
    others = 0
    headed = False
    for key, value in entries(content):
        if not key:
            _check_header(value)
            headed = True
        elif key in wanted:
            variables[wanted[key]] = _placed(value, wanted[key], room)
        else:
            others += 1
    if not headed:
        raise ValueError("it is a LevelDB table without the header of a bundle")
    return variables, others


def _check_header(message: memoryview) -> None:
    """Refuse a bundle of a kind that is not read.

    BundleHeaderProto: 1 shards, 2 endianness (0 = little), 3 version (2 = the oldest reader that will do).
    """
    shards, big_endian, reader = 0, 0, 0
    for number, value in fields(message):
        if number == 3 and isinstance(value, memoryview):
            reader = max((of for part, of in fields(value) if part == 2 and isinstance(of, int)), default=0)
        elif isinstance(value, int):
            shards = value if number == 1 else shards
            big_endian = value if number == 2 else big_endian
    if shards != 1:
        raise ValueError(f"its data is in {shards} files; one is read, so save it in one")
    if big_endian:
        raise ValueError("its numbers are big-endian")
    if reader > 1:
        raise ValueError(f"it asks for version {reader} of the format, and 1 is read")


def _placed(message: memoryview, name: str, room: int) -> VariablePlace:
    """Read where one variable lies.

    BundleEntryProto: 1 type, 2 shape, 3 shard, 4 offset, 5 size, 6 masked CRC-32C, 7 slices.
    """
    numbers = {1: 0, 3: 0, 4: 0, 5: 0}
    shape: tuple[int, ...] = ()
    checksum: int | None = None
    for number, value in fields(message):
        if number == 7:
            raise ValueError(f"{name} is stored in slices")
        if number == 2 and isinstance(value, memoryview):
            shape = _shape(value, name)
        elif number == 6 and isinstance(value, int):
            checksum = value
        elif number in numbers and isinstance(value, int):
            numbers[number] = signed(value)
    kind, shard, offset, size = numbers[1], numbers[3], numbers[4], numbers[5]
    if kind != _FLOAT:
        raise ValueError(f"{name} is {_TYPES.get(kind, f'of type {kind}')}, not float32")
    if shard != 0:
        raise ValueError(f"{name} lies in data file {shard}, and there is one file")
    if offset < 0 or size < 0 or offset + size > room:
        raise ValueError(f"{name} lies beyond the end of the data, which has {room:,} bytes")
    if size != 4 * math.prod(shape):
        raise ValueError(f"{name} has {size:,} bytes, which is not the size of its shape")
    return VariablePlace(offset, shape, checksum)


def _shape(message: memoryview, name: str) -> tuple[int, ...]:
    """Shape of one variable. TensorShapeProto: 2 dimension (1 size), 3 whether the rank is unknown."""
    sizes: list[int] = []
    for number, value in fields(message):
        if number == 3 and value:
            raise ValueError(f"{name} has no shape")
        if number == 2 and isinstance(value, memoryview):
            sizes.append(next((signed(of) for part, of in fields(value) if part == 1 and isinstance(of, int)), 0))
        if len(sizes) > _MOST_DIMENSIONS:
            raise ValueError(f"{name} has more than {_MOST_DIMENSIONS} dimensions")
    if any(size < 0 for size in sizes):
        raise ValueError(f"{name} has a negative dimension")
    return tuple(sizes)
