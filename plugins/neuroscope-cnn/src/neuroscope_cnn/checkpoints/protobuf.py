"""As much of protocol buffers as TensorFlow's bundles need: varints, and the fields of a message.

Bytes that are no message raise ``ValueError``; nothing is allocated but views of what is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_WIDTHS = {1: 8, 5: 4}
"""Wire type -> bytes, of numbers of fixed width."""


def varint(content: bytes | memoryview, at: int) -> tuple[int, int]:
    """An unsigned number below 2**64 and the position behind it.

    Raises:
        ValueError: the content ends within it, or it is larger.
    """
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(content):
            raise ValueError("a number runs over the end")
        byte = content[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            if number >> 64:
                break
            return number, at
    raise ValueError("a number has more than 64 bits")


def signed(number: int) -> int:
    """A varint read as int64 in two's complement."""
    return number - (1 << 64) if number >> 63 else number


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Number and value of each field: an int for numbers, a view for texts, bytes and messages.

    Raises:
        ValueError: this is no message.
    """
    at = 0
    while at < len(message):
        tag, at = varint(message, at)
        kind = tag & 7
        if kind == 0:
            value, at = varint(message, at)
            yield tag >> 3, value
            continue
        if kind == 2:
            size, at = varint(message, at)
        elif kind in _WIDTHS:
            size = _WIDTHS[kind]
        else:
            raise ValueError(f"a field has the wire type {kind}, which is none in use")
        if size > len(message) - at:
            raise ValueError("a field runs over the end")
        content = message[at : at + size]
        at += size
        yield tag >> 3, content if kind == 2 else int.from_bytes(content, "little")
