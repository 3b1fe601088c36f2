"""LevelDB tables: what the writer writes is read, and what is wrong with a table is said."""

import re
import runpy
import struct
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroscope_cnn.checkpoints import leveldb
from neuroscope_cnn.checkpoints.published import INDEX, PUBLISHED

writer = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("cnn_bundles.py"))))
ENTRIES = [
    (b"", b"header"),
    (b"softmax/conv1W", b"1"),
    (b"softmax/conv1b", b""),
    (b"softmax/conv2W", b"333"),
    (b"x", b"4"),
]


def read(table):
    return [(key, bytes(value)) for key, value in leveldb.entries(table)]


KEYS = st.binary(max_size=30).filter(lambda key: key[:1] < b"\xff")  # the last block ends before the next first byte


@given(st.dictionaries(KEYS, st.binary(max_size=40), min_size=1, max_size=40), st.integers(1, 17), st.integers(1, 50))
def test_what_is_written_is_read(entries, restart_every, block_entries):
    entries = sorted((entries | {b"\xfe": b""}).items())
    assert read(writer.table(entries, restart_every=restart_every, block_entries=block_entries)) == entries


def test_keys_share_prefixes_and_blocks_are_several():
    together = writer.table(ENTRIES)
    assert b"softmax/conv1b" not in together
    assert read(together) == ENTRIES
    assert read(writer.table(ENTRIES, block_entries=2, restart_every=1)) == ENTRIES


def test_the_writer_gives_the_published_sizes():
    """Data and index of the published bundles to the byte: their entries carry checksums (15 and 39 of five bytes)."""
    from neuroscope_cnn.model.architecture import ARCHITECTURES

    for name, architecture in ARCHITECTURES.items():
        shapes = {f"softmax/{each}": shape for each, shape in architecture.shapes().items()} | {"Variable": ()}
        entries, offset = {b"": writer.header()}, 0
        for each, shape in sorted(shapes.items()):
            size = 4
            for width in shape:
                size *= width
            entries[each.encode()] = writer.entry(1 if shape else 3, shape, offset, size, 0)
            offset += size
        sizes = {file.suffix: file.size for file in PUBLISHED[name].files}
        assert (len(writer.table(sorted(entries.items()))), offset) == (sizes[INDEX], sizes[".data-00000-of-00001"])


def changed(table, at, content):
    table = bytearray(table)
    table[at : at + len(content) or None] = content
    return bytes(table)


def with_handles(table, *numbers):
    handles = b"".join(map(writer.varint, numbers))
    return table[: -leveldb.FOOTER] + handles.ljust(40, b"\0") + table[-8:]


GOOD = writer.table(ENTRIES)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (b"", "it has 0 bytes"),
        (GOOD[:47], "it has 47 bytes"),
        (GOOD[:-1], "does not end like a LevelDB table"),
        (changed(GOOD, 3, b"!"), "the checksum of a block is wrong"),
        (writer.table(ENTRIES, kind=1), "compressed (type 1)"),
        (writer.table(ENTRIES, restarts=0xFFFFFFFF), "more restart points than bytes"),
        (writer.table(ENTRIES, restarts=1000), "more restart points than bytes"),
        (writer.table([*ENTRIES, ENTRIES[-1]]), "not in order, or one comes twice"),
        (writer.table(ENTRIES[::-1][:2]), "not in order, or one comes twice"),
        (writer.table([(b"k" * 1025, b"")]), "a key has more than 1024 bytes"),
        (with_handles(GOOD, 0, 0, 1 << 40, 8), "a block lies beyond its end"),
        (with_handles(GOOD, 0, 0, 0, (1 << 64) - 1), "a block lies beyond its end"),
        (with_handles(GOOD, 0, 0, 0, 0), "checksum of a block"),
    ],
)
def test_what_is_wrong_is_said(table, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        read(table)


def test_blocks_that_are_read_twice_are_refused():
    """A small table whose index names one empty block again and again would cost time out of proportion."""
    empty = writer.block([])
    pointer = writer.varint(0) + writer.varint(len(empty) - leveldb.TRAILER)
    index = writer.block([(bytes([place]), pointer) for place in range(9)], restart_every=1)
    handles = writer.varint(0) * 2 + writer.varint(len(empty)) + writer.varint(len(index) - leveldb.TRAILER)
    table = empty + index + handles.ljust(40, b"\0") + struct.pack("<Q", leveldb.MAGIC)
    with pytest.raises(ValueError, match="overlap"):
        read(table)
