"""Digests are computed once a file, and anew when it changes; a broken memory only costs time."""

import hashlib
import json
import os
import time

import pytest

from neuroscope.errors import BadOption, MissingData
from neuroscope.runtime.files import cache_folder
from neuroscope.weights import remembered, remembered_as, sha256_of


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "weights.bin"
    path.write_bytes(b"weights")
    return path


def counted(path, calls):
    calls.append(path)
    return f"value {len(calls)}"


def test_a_digest_is_sha256_of_the_bytes(file):
    assert sha256_of(file) == hashlib.sha256(b"weights").hexdigest()


def test_a_file_that_is_the_same_is_looked_at_once(file):
    calls = []
    assert [remembered("it", file, lambda path: counted(path, calls)) for _ in range(3)] == ["value 1"] * 3
    assert calls == [file]


def test_what_is_computed_is_part_of_the_key(file):
    calls = []
    assert remembered("one", file, lambda path: counted(path, calls)) == "value 1"
    assert remembered("other", file, lambda path: counted(path, calls)) == "value 2"


def test_a_file_that_looks_as_old_as_before_is_read_again(file):
    before, times = sha256_of(file), file.stat()
    time.sleep(0.02)  # more than a file system's clock is coarse
    file.write_bytes(b"WEIGHTS")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert sha256_of(file) == hashlib.sha256(b"WEIGHTS").hexdigest() != before


def test_a_file_that_changes_while_it_is_read_is_not_remembered(file):
    def compute(path):
        path.write_bytes(b"more weights")
        return "of the old bytes"

    assert remembered("it", file, compute) == "of the old bytes"
    assert remembered("it", file, lambda path: "of the new bytes") == "of the new bytes"


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 1}', "[" * 5000])
def test_a_damaged_memory_is_no_error(file, content):
    first = sha256_of(file)
    memory = cache_folder() / "weights" / "digests.json"
    assert first in memory.read_text()
    memory.write_text(content)
    assert sha256_of(file) == first
    assert first in memory.read_text()


def test_a_cache_that_cannot_be_written_is_no_error(file, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("NEUROSCOPE_CACHE", str(tmp_path / "file" / "below"))
    assert sha256_of(file) == hashlib.sha256(b"weights").hexdigest()


def test_a_file_that_is_gone_is_one_line(tmp_path):
    with pytest.raises(MissingData, match=r"there is no file .*absent$"):
        sha256_of(tmp_path / "absent")


def test_what_cannot_be_read_is_one_line(tmp_path):
    with pytest.raises(BadOption, match=r"cannot be read: Is a directory$"):
        sha256_of(tmp_path)


def test_a_remembered_text_that_is_damaged_is_computed_again(file):
    calls = []
    assert [remembered_as("it", file, lambda path: f'["{counted(path, calls)}"]', json.loads) for _ in range(2)] == [
        ["value 1"]
    ] * 2
    first, memory = sha256_of(file), cache_folder() / "weights" / "digests.json"
    memory.write_text(memory.read_text().replace("value 1", '\\" value').replace(first, first[:-1] + "x"))
    assert remembered_as("it", file, lambda path: f'["{counted(path, calls)}"]', json.loads) == ["value 2"]
    assert sha256_of(file) == first


def test_the_oldest_are_forgotten_first(file, monkeypatch):
    monkeypatch.setattr("neuroscope.weights.digests._MOST", 2)
    calls = []
    for what in ("a", "b", "c", "c", "b", "a"):
        remembered(what, file, lambda path: counted(path, calls))
    assert len(calls) == 4  # a, b, c, and a again
