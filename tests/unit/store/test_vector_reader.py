"""Vectors are copied out of shards after one look at the digest of each file."""

import numpy as np
import pytest

from neuroscope.errors import StoreMismatch
from neuroscope.store import shards
from neuroscope.store.shards import Owner
from neuroscope.store.vector_reader import VectorReader

OWNER = Owner("key", {"low": 2, "high": 1})


@pytest.fixture
def shard(tmp_path):
    """Rows a and b; two columns of one layer, and one of another."""
    arrays = [np.array([[1, 2], [3, 4]], dtype=np.float32), np.array([[5], [6]], dtype=np.float32)]
    shards.write(tmp_path, OWNER, ["a", "b"], arrays, {})
    return next(shards.finished(tmp_path))


def test_the_digest_of_each_file_that_is_read_is_looked_at_once(shard, monkeypatch):
    looked_at, check = [], shards.check
    monkeypatch.setattr(shards, "check", lambda *given: (looked_at.append(given[1]), check(*given)))
    reader, values = VectorReader(OWNER), np.zeros((3, 3), dtype=np.float32)
    reader.copy(shard, ["a"], ["low"], values, [0])
    assert looked_at == ["low"]
    for _ in range(2):
        reader.copy(shard, ["b", "a"], ["high", "low"], values, [0, 2])
    assert looked_at == ["low", "high"]
    assert values.tolist() == [[6, 3, 4], [0, 0, 0], [5, 1, 2]]


@pytest.mark.parametrize("owner", [Owner("key", {"low": 1, "high": 1}), Owner("key", {"high": 1, "low": 2})])
def test_a_shard_of_other_layers_is_told(shard, owner):
    with pytest.raises(StoreMismatch, match="it has the layers low, high"):
        VectorReader(owner).copy(shard, ["a"], ["low"], np.zeros((1, 1), dtype=np.float32), [0])


def test_an_array_of_another_shape_is_told(shard, monkeypatch):
    monkeypatch.setattr(shards, "check", lambda *_: None)
    np.save(shard / "0.npy", np.zeros((4, 1), dtype=np.float32))
    with pytest.raises(StoreMismatch, match=r"layer low is \[4, 1\]"):
        VectorReader(OWNER).copy(shard, ["a"], ["low"], np.zeros((1, 2), dtype=np.float32), [0])
