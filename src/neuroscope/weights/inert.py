"""What stands for a checkpoint's objects while it is read: names, places of tensors, and the limits that hold.

Nothing here can be called, and nothing of it comes from the file but texts and numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeGuard

LARGEST_PICKLE = 1 << 26
"""Bytes of the pickle beside the tensors; 64 MiB of names and settings."""
MOST_STEPS = 2_000_000
"""Opcodes and copied items of one pickle; a large checkpoint with its optimizer has some 100,000."""
_EXPANDED = 1 << 26
"""Bytes that a tensor which repeats its numbers (strides of 0) may come to, once somebody copies it."""
DEEPEST = 100
"""How deep containers may lie in each other in what is handed out."""


class Unreadable(ValueError):
    """Why a checkpoint is not read: what it holds, as the end of a sentence, without a full stop."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """What a checkpoint names and nobody runs: a class, a function, or an instance of a class without its state.

    Attributes:
        module: where the checkpoint says that it is defined.
        name: of it there.
    """

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(frozen=True, slots=True)
class StoragePlace:
    """A storage of a checkpoint, or a part of one: flat numbers of one kind, not yet read.

    Attributes:
        key: its name in the file.
        kind: of its numbers, as torch names it: ``float32``; empty = bytes without a kind.
        item: bytes of a number.
        count: numbers of the whole storage.
        begin: where this part of it begins, in numbers.
        part: numbers of this part.
    """

    key: str
    kind: str
    item: int
    count: int
    begin: int
    part: int

    @property
    def size(self) -> int:
        """Bytes of the whole storage."""
        return self.count * self.item


@dataclass(frozen=True, slots=True)
class TensorPlace:
    """A tensor of a checkpoint, not yet read: a window into a storage, checked to lie inside it.

    Attributes:
        storage: where its numbers are.
        kind: of its numbers, as torch names it.
        offset: of the first, in numbers, from the begin of the whole storage.
        shape: numbers along each dimension.
        strides: steps along each, in numbers.
    """

    storage: StoragePlace
    kind: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Dropped:
    """Stands in a dictionary or set for what it held under keys, or as items, of kinds that are not read."""

    def __repr__(self) -> str:
        return "something under a key of a kind that is not read"


DROPPED = _Dropped()
"""A dictionary or set that has it is refused where it is wanted, and nowhere else."""


class Attributes(dict[Any, object]):
    """The attributes of an ``argparse.Namespace``, by their names."""


def tensor_place(
    storage: object, kind: tuple[str, int] | None, offset: object, shape: object, strides: object
) -> TensorPlace:
    """Check that a tensor lies in its storage.

    Args:
        storage: a ``StoragePlace``.
        kind: name and size of its numbers; None = those of the storage.
        offset: whole number.
        shape: tuple of whole numbers.
        strides: tuple of as many.

    Raises:
        Unreadable: it does not, or something is of another type.
    """
    if not isinstance(storage, StoragePlace) or not is_size(offset):
        raise Unreadable("a tensor has no storage, or begins nowhere in it")
    if not _are_sizes(shape) or not _are_sizes(strides) or len(shape) != len(strides):
        raise Unreadable("a tensor has no shape, or no strides that fit it")
    name, item = kind or (storage.kind, storage.item)
    if not name:
        raise Unreadable("a tensor does not say what numbers it holds")
    first, room = storage.begin * storage.item, storage.part * storage.item
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    count = math.prod(shape)
    if first % item or (count and (last + 1) * item > room):
        raise Unreadable(f"a tensor of shape {list(shape)[:8]} does not lie in its storage of {room:,} bytes")
    if count * item > max(room, _EXPANDED):
        raise Unreadable(f"a tensor claims {count:,} numbers of a storage of {room:,} bytes")
    return TensorPlace(storage, name, first // item + (offset if count else 0), shape, strides)


def is_size(value: object) -> TypeGuard[int]:
    """Tell whether a value is a whole number that torch takes as a size; ``True`` is none."""
    return type(value) is int and 0 <= value < 1 << 62


def _are_sizes(values: object) -> TypeGuard[tuple[int, ...]]:
    return isinstance(values, tuple) and len(values) <= 64 and all(map(is_size, values))
