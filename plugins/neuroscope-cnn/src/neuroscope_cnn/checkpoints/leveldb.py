"""The entries of a LevelDB table, as TensorFlow writes the index of a bundle: keys and values in the order of keys.

A table is blocks and a footer. A block is entries whose keys leave out what they share with the key before, then an
array of restart points (a binary search would need them, reading from the front does not), then one byte of
compression and a masked CRC-32C. The footer points at the index block, which points at the blocks of data.
Source: github.com/google/leveldb, doc/table_format.md.

Everything is checked before it is used, blocks may not overlap, and one entry exists at a time: time and memory are
bounded by the size of the table, whatever it claims.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope_cnn.checkpoints import crc32c
from neuroscope_cnn.checkpoints.protobuf import varint

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = 0xDB4775248B80FB57
FOOTER = 48
TRAILER = 5  # one byte of compression, four of checksum
_LONGEST_KEY = 1024  # shared prefixes would otherwise let a short table hold long keys


def entries(table: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Key and value of each entry, keys strictly increasing.

    Args:
        table: the whole file.

    Raises:
        ValueError: what is wrong with it, as a phrase.
    """
    end = len(table) - FOOTER
    if end < 0:
        raise ValueError(f"it has {len(table)} bytes, and a footer alone takes {FOOTER}")
    if int.from_bytes(table[-8:], "little") != MAGIC:
        raise ValueError("it does not end like a LevelDB table")
    content = memoryview(table)
    _, _, at = _handle(content, end)
    offset, size, _ = _handle(content, at)
    last: bytes | None = None
    done = 0
    for _, pointer in _block(content[:end], offset, size):
        offset, size, _ = _handle(pointer, 0)
        if offset < done:
            raise ValueError("its blocks overlap or are out of order")
        done = offset + size + TRAILER
        for key, value in _block(content[:end], offset, size):
            if last is not None and key <= last:
                raise ValueError("its keys are not in order, or one comes twice")
            last = key
            yield key, value


def _handle(content: memoryview, at: int) -> tuple[int, int, int]:
    """Offset and size of a block, and the position behind them."""
    offset, at = varint(content, at)
    size, at = varint(content, at)
    return offset, size, at


def _block(content: memoryview, offset: int, size: int) -> Iterator[tuple[bytes, memoryview]]:
    """Key and value of each entry of one block, whose checksum is right."""
    if offset + size + TRAILER > len(content):
        raise ValueError("a block lies beyond its end")
    sealed = content[offset : offset + size + 1]
    if sealed[-1] != 0:
        raise ValueError(f"a block is compressed (type {sealed[-1]}), which bundles of TensorFlow are not")
    stored = int.from_bytes(content[offset + size + 1 : offset + size + TRAILER], "little")
    if crc32c.masked(crc32c.small(bytes(sealed))) != stored:
        raise ValueError("the checksum of a block is wrong: the file was damaged")
    block = sealed[:-1]
    restarts = int.from_bytes(block[-4:], "little")
    if size < 4 or 4 * restarts > size - 4:
        raise ValueError("a block has more restart points than bytes")
    yield from _entries_of(block[: size - 4 - 4 * restarts])


def _entries_of(content: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    at = 0
    key = b""
    while at < len(content):
        shared, at = varint(content, at)
        added, at = varint(content, at)
        size, at = varint(content, at)
        if shared > len(key) or added + size > len(content) - at:
            raise ValueError("an entry runs over the end of its block, or shares more than the key before has")
        if shared + added > _LONGEST_KEY:
            raise ValueError(f"a key has more than {_LONGEST_KEY} bytes")
        key = key[:shared] + bytes(content[at : at + added])
        at += added
        yield key, content[at : at + size]
        at += size
