"""Bundles: every field of their messages is checked against the data before anything is read."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from neuroscope_cnn.checkpoints.bundle import LARGEST_INDEX, beside, read_bundle
from neuroscope_cnn.checkpoints.errors import BadCheckpoint
from neuroscope_cnn.checkpoints.placed import VariablePlace, read
from neuroscope_cnn.checkpoints.published import DATA, INDEX

writer = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("cnn_bundles.py"))))
A = np.arange(6, dtype="float32").reshape(2, 3)


def found(tmp_path, entries, data=bytes(24), names=("a",), **how):
    return read_bundle(writer.write(tmp_path / "m", entries, data, **how), names)


@pytest.mark.parametrize("checksums", [True, False])
@pytest.mark.parametrize("how", [{}, {"block_entries": 1}, {"block_entries": 2, "restart_every": 1}])
def test_what_is_written_is_read(tmp_path, checksums, how):
    b, step = np.float32([7, 8]), np.int64(9).reshape(())
    entries, data = writer.placed({"softmax/b": b, "softmax/a": A, "step": step}, checksums=checksums)
    bundle = found(tmp_path, entries, data, ["a", "b", "c"], **how)
    assert (set(bundle.variables), bundle.others) == ({"a", "b"}, 1)
    weights = read(bundle.data, bundle.variables)
    np.testing.assert_array_equal(weights["a"], A)
    np.testing.assert_array_equal(weights["b"], b)


def entry(dtype=1, shape=(2, 3), offset=0, size=24, **more):
    return {b"softmax/a": writer.entry(dtype, shape, offset, size, **more)}


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (entry(dtype=2), "a is float64, not float32"),
        (entry(dtype=99), "a is of type 99, not float32"),
        (entry(shard=1), "data file 1"),
        (entry(slices=writer.message(7, b"")), "stored in slices"),
        (entry(offset=1), "beyond the end of the data, which has 24 bytes"),
        (entry(offset=-24), "beyond the end"),
        (entry(size=-24), "beyond the end"),
        (entry(shape=(-2, -3)), "a negative dimension"),
        (entry(shape=(1 << 40, 1 << 40)), "not the size of its shape"),
        (entry(shape=(1 << 62, 4), size=0), "not the size of its shape"),
        (entry(shape=(1,) * 9, size=4), "more than 8 dimensions"),
        (entry(size=20), "not the size of its shape"),
        ({b"softmax/a": b"\x80"}, "runs over the end"),
        ({b"softmax/a": b"\x12\xff\xff\x03"}, "runs over the end"),
        ({b"softmax/a": b"\x0b"}, "wire type 3"),
        ({b"softmax/a": b"\x08" + b"\xff" * 10}, "more than 64 bits"),
        ({b"softmax/a": writer.message(2, writer.number(3, 1))}, "has no shape"),
        ({b"softmax/a": b""}, "a is of type 0"),
    ],
)
def test_an_entry_that_lies_is_told(tmp_path, entries, said):
    with pytest.raises(BadCheckpoint, match=f"m.index cannot be used: .*{said}"):
        found(tmp_path, entries)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (writer.header(shards=2), "its data is in 2 files"),
        (writer.header(shards=0), "its data is in 0 files"),
        (writer.header(endianness=1), "big-endian"),
        (writer.header(reader=2), "version 2 of the format"),
    ],
)
def test_a_header_of_another_kind_is_told(tmp_path, head, said):
    with pytest.raises(BadCheckpoint, match=said):
        found(tmp_path, entry(), head=head)


def test_variables_that_overlap_are_refused(tmp_path):
    entries = {b"softmax/a": writer.entry(1, (2,), 0, 8), b"softmax/b": writer.entry(1, (2,), 4, 8)}
    with pytest.raises(BadCheckpoint, match="one over the other"):
        found(tmp_path, entries, names=["a", "b"])


def test_a_table_without_header_is_no_bundle(tmp_path):
    found(tmp_path, entry())
    beside(tmp_path / "m", INDEX).write_bytes(writer.table(entry().items()))
    with pytest.raises(BadCheckpoint, match="without the header"):
        read_bundle(tmp_path / "m", ["a"])


def test_an_index_out_of_all_proportion_is_not_read(tmp_path):
    found(tmp_path, entry())
    beside(tmp_path / "m", INDEX).write_bytes(bytes(LARGEST_INDEX + 1))
    with pytest.raises(BadCheckpoint, match="more than 65,536 bytes"):
        read_bundle(tmp_path / "m", ["a"])


def test_damaged_and_unusable_numbers_are_named_together(tmp_path):
    entries, data = writer.placed({"softmax/a": A, "softmax/b": A, "softmax/c": np.float32([np.nan])})
    bundle = found(tmp_path, entries, bytes([data[0] ^ 1]) + data[1:], ["a", "b", "c"])
    with pytest.raises(BadCheckpoint, match=r"a has a wrong checksum.*; c holds values that are not finite"):
        read(bundle.data, bundle.variables)
    with pytest.raises(BadCheckpoint, match="z is cut off"):
        read(beside(bundle.prefix, DATA), {"z": VariablePlace(0, (1000,))})
