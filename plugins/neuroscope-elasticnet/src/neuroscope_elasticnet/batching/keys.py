"""What is equal goes together: keys of arrays, and groups of things with equal keys."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_Item = TypeVar("_Item")


def digest(numbers: NDArray[Any] | None) -> bytes:
    """A key of an array's content; of None, the empty one."""
    return b"" if numbers is None else blake2b(np.ascontiguousarray(numbers).data, digest_size=16).digest()


def grouped(items: Iterable[_Item], key: Callable[[_Item], Hashable]) -> list[list[_Item]]:
    """Lists of the items with equal keys, in the order in which they first occur."""
    found: dict[Hashable, list[_Item]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return list(found.values())
