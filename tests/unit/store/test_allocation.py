"""Vectors are in memory up to a limit, and beyond it in a file."""

import os
from types import SimpleNamespace

import numpy as np
import pytest

from neuroscope.errors import NeuroscopeError
from neuroscope.store import allocation


def test_vectors_of_just_as_many_bytes_as_the_limit_are_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(allocation, "IN_MEMORY_BYTES", 24)
    kinds = {columns: type(allocation.allocate((2, columns), tmp_path)) for columns in (3, 4)}
    assert kinds == {3: np.ndarray, 4: np.memmap}


def test_a_system_that_cannot_allocate_a_file_is_asked_what_is_free(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "posix_fallocate")  # macOS
    monkeypatch.setattr(allocation, "IN_MEMORY_BYTES", 0)
    values = allocation.allocate((2, 3), tmp_path)
    values[:] = np.arange(6).reshape(2, 3)
    assert isinstance(values, np.memmap)
    assert values.tolist() == [[0, 1, 2], [3, 4, 5]]
    monkeypatch.setattr(os, "fstatvfs", lambda _: SimpleNamespace(f_bavail=23, f_frsize=1))
    with pytest.raises(NeuroscopeError, match=r"no room for 0\.0 GB .*No space left on device"):
        allocation.allocate((2, 3), tmp_path)
    monkeypatch.setattr(os, "fstatvfs", lambda _: SimpleNamespace(f_bavail=24, f_frsize=1))
    assert allocation.allocate((2, 3), tmp_path).shape == (2, 3)
