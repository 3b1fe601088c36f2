"""Vectors are in memory up to a limit, and beyond it in a file."""

import numpy as np

from neuroscope.store import allocation


def test_vectors_of_just_as_many_bytes_as_the_limit_are_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(allocation, "IN_MEMORY_BYTES", 24)
    kinds = {columns: type(allocation.allocate((2, columns), tmp_path)) for columns in (3, 4)}
    assert kinds == {3: np.ndarray, 4: np.memmap}
