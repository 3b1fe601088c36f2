"""A shard is named by its rows, and a file that the disk does not give back is damaged."""

import errno

import numpy as np
import pytest

from neuroscope.store import shards
from neuroscope.store.shards import DamagedShard, Owner

OWNER = Owner("key", {"one": 3})
VALUES = np.zeros((2, 3), dtype=np.float32)


def test_rows_whose_names_run_together_alike_are_in_shards_of_their_own(tmp_path):
    shards.write(tmp_path, OWNER, ["1", "23"], [VALUES], {})
    shards.write(tmp_path, OWNER, ["12", "3"], [VALUES], {})
    found = [shards.read_index(shard, OWNER).rows for shard in shards.finished(tmp_path)]
    assert sorted(found) == [["1", "23"], ["12", "3"]]


@pytest.mark.parametrize(("number", "kind"), [(errno.EIO, DamagedShard), (errno.EACCES, OSError)])
def test_a_disk_that_cannot_read_is_damage_and_a_missing_right_is_none(tmp_path, monkeypatch, number, kind):
    shards.write(tmp_path, OWNER, ["1", "2"], [VALUES], {})
    (shard,) = shards.finished(tmp_path)

    def fail(*_):
        raise OSError(number, "no")

    monkeypatch.setattr(shards.hashlib, "file_digest", fail)
    with pytest.raises(kind):
        shards.check(shard, "one", shards.read_index(shard, OWNER))


def test_only_what_was_set_aside_is_counted(tmp_path):
    shards.write(tmp_path, OWNER, ["1", "2"], [VALUES], {})
    shards.set_aside(next(shards.finished(tmp_path)))
    (tmp_path / ".x.0.partial").mkdir()
    assert shards.count_set_aside(tmp_path) == 1
