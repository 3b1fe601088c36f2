"""Vectors are copied out of shards after one look at the digest of each file."""

import numpy as np
import pytest

from neuroscope.errors import StoreMismatch
from neuroscope.store import shards
from neuroscope.store.vector_reader import VectorReader


@pytest.fixture
def shard(tmp_path):
    """Rows a and b; two columns of one layer, and one of another."""
    arrays = [np.array([[1, 2], [3, 4]], dtype=np.float32), np.array([[5], [6]], dtype=np.float32)]
    shards.write(tmp_path, ["a", "b"], arrays, {})
    return next(shards.finished(tmp_path))


def test_the_digest_of_each_file_that_is_read_is_looked_at_once(shard, monkeypatch):
    looked_at, check = [], shards.check
    monkeypatch.setattr(shards, "check", lambda *given: (looked_at.append(given[1]), check(*given)))
    reader, values = VectorReader({"low": 2, "high": 1}), np.zeros((3, 3), dtype=np.float32)
    reader.copy(shard, ["a"], ["low"], values, [0])
    assert looked_at == ["0.npy"]
    for _ in range(2):
        reader.copy(shard, ["b", "a"], ["high", "low"], values, [0, 2])
    assert looked_at == ["0.npy", "1.npy"]
    assert values.tolist() == [[6, 3, 4], [0, 0, 0], [5, 1, 2]]


def test_a_layer_of_another_width_is_told(shard):
    values = np.zeros((1, 1), dtype=np.float32)
    with pytest.raises(StoreMismatch, match=r"layer low is \[2, 2\]"):
        VectorReader({"low": 1, "high": 1}).copy(shard, ["a"], ["low"], values, [0])
