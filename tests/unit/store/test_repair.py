"""What is damaged is computed again by the next extraction: just that, with the same bits."""

import pytest

from neuroscope.errors import StoreMismatch
from neuroscope.store.representations import Representation

pytestmark = pytest.mark.usefixtures("small_batches")


@pytest.fixture
def looked_at(monkeypatch):
    """The representations whose rows were asked for."""
    seen, rows = [], Representation.rows
    monkeypatch.setattr(Representation, "rows", lambda self: (seen.append(self), rows(self))[1])
    return seen


def layer_of_a_shard(store):
    return sorted(store.glob("representations/*/shards/[!.]*/1.npy"))[0]


def flip(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 4
    path.write_bytes(content)


def test_what_verify_finds_the_next_extraction_repairs(tmp_path, corpus, looked_at, fake, run):
    _, expected, _ = run(tmp_path / "store", corpus, fake())
    layer = layer_of_a_shard(tmp_path / "store")
    flip(layer)
    with pytest.raises(StoreMismatch, match=layer.parent.name):
        run(tmp_path / "store", corpus, fake())
    rep = looked_at[-1]
    assert rep.verify() == [layer.parent.name]
    rep.set_aside(layer.parent.name)
    done, vectors, _ = run(tmp_path / "store", corpus, fake())
    assert 0 < done.computed <= 6
    assert vectors == expected
    assert rep.verify() == []


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(path.read_bytes()[:-1]), lambda path: path.unlink()])
def test_a_shard_that_lacks_something_is_repaired_without_being_asked(tmp_path, corpus, damage, fake, run):
    _, expected, _ = run(tmp_path / "store", corpus, fake())
    damage(layer_of_a_shard(tmp_path / "store"))
    done, vectors, _ = run(tmp_path / "store", corpus, fake())
    assert 0 < done.computed <= 6
    assert vectors == expected
    done, vectors, _ = run(tmp_path / "store", corpus, fake())
    assert (done.computed, vectors) == (0, expected)
