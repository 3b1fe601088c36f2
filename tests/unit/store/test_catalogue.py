"""What the store holds, and keeping it in order; nothing that a living writer has is touched."""

import os
import time

import numpy as np
import pytest

from neuroscope.contracts.backbone import Origin
from neuroscope.contracts.features import Unit
from neuroscope.errors import BadOption, NeuroscopeError, StoreMismatch, UnknownName
from neuroscope.runtime import file_lock
from neuroscope.runtime.files import whole_folder
from neuroscope.store import catalogue, disk, names
from neuroscope.store.description import Identity
from neuroscope.store.names import NamedVectors
from neuroscope.store.representations import Store

UNITS = {"a": (Unit("a", 0), Unit("a", 1)), "b": (Unit("b", 0),)}
ORIGIN = Origin(source="somewhere", licence="free", digest="d", files=("w.pt",), layers="after")


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def filled(store, weights="w", rows=("r1", "r2", "r3")):
    options = {"width": 4, "names": ["x", "y"], "path": None}
    identity = Identity("made", options, weights, "p 1", {"a": "mean", "b": "none"}, ["core"], "1", "float32")
    rep = store.representation(identity, UNITS, ORIGIN)
    values = {layer: np.ones((len(rows), len(units))) for layer, units in UNITS.items()}
    rep.write(rows, values, made_with={"device": "cpu", "torch": "9"})
    return rep


def the_one(store):
    (held,) = store.all()
    return held


def old(path, hours):
    for each in (path, *path.rglob("*")):
        os.utime(each, (time.time() - 3600 * hours,) * 2)


def flip(rep):
    file = next(rep.folder.glob("shards/*/0.npy"))
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)


def test_an_empty_store_holds_nothing(store):
    assert store.all() == []
    assert catalogue.prune(store) == {}
    assert not store.folder.exists()
    with pytest.raises(UnknownName, match="There is none"):
        store.find("a")


def test_a_representation_is_listed_with_what_it_is(store):
    rep = filled(store)
    about = catalogue.summary(the_one(store))
    size = sum(file.stat().st_size for file in rep.folder.rglob("*") if file.is_file())
    assert about | {"last_use": ""} == {
        "key": rep.key,
        "backbone": "made,width=4,names=x+y,path=none",
        "dtype": "float32",
        "pooling": "mean none",
        "rows": 3,
        "bytes": size,
        "last_use": "",
        "problem": "",
    }


def test_all_that_is_known_of_one(store):
    rep = filled(store)
    filled(store, rows=("r4",))
    about = catalogue.details(the_one(store))
    assert about["layers"] == {"a": 2, "b": 1}
    assert about["origin"]["licence"] == "free"
    assert about["identity"]["plugin"] == "p 1"
    assert about["invariance"] == {}
    assert about["shards_made_with"] == {"device cpu, torch 9": 2}
    assert (about["rows"], about["shards"], about["set_aside"], about["path"]) == (4, 2, 0, str(rep.folder))


def test_a_shard_that_does_not_say_what_made_it_is_counted_and_nothing_is_said_of_it(store):
    filled(store)
    next(filled(store, rows=("r4",)).folder.glob("shards/*/shard.json")).write_text("{}")
    about = catalogue.details(the_one(store))
    assert (about["shards"], about["shards_made_with"]) == (2, {"device cpu, torch 9": 1})


def test_the_last_use_is_the_last_reading(store):
    rep = filled(store)
    old(rep.folder, 1000)
    before = catalogue.summary(the_one(store))["last_use"]
    rep.mark_used()
    after = catalogue.summary(the_one(store))["last_use"]
    assert before < after
    Store(store.folder / "nowhere").representation(rep.identity, UNITS, ORIGIN).mark_used()


def test_what_is_damaged_is_set_aside_and_can_be_written_again(store):
    rep = filled(store)
    assert catalogue.verify(the_one(store)) == []
    flip(rep)
    (shard,) = catalogue.verify(the_one(store))
    assert catalogue.summary(the_one(store))["rows"] == 0
    assert catalogue.details(the_one(store))["set_aside"] == 1
    assert shard in next(iter(catalogue.prune(store, 0)))
    filled(store)
    assert catalogue.verify(the_one(store)) == []
    assert catalogue.summary(the_one(store))["rows"] == 3


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"format": 2}', None])
def test_a_description_that_cannot_be_read_is_a_problem_and_hides_nothing_else(store, text):
    spoilt, other = filled(store), filled(store, "other")
    about = spoilt.folder / "representation.json"
    about.write_text(text) if text else about.unlink()
    found = {each.key: each for each in store.all()}
    assert "cannot be read" in catalogue.summary(found[spoilt.key])["problem"]
    assert catalogue.summary(found[spoilt.key])["bytes"] > 0
    assert catalogue.summary(found[other.key])["problem"] == ""
    for look in (catalogue.details, catalogue.verify):
        with pytest.raises(StoreMismatch, match="cannot be read"):
            look(found[spoilt.key])
    assert store.remove(found[spoilt.key]) > 0
    assert [each.key for each in store.all()] == [other.key]


def test_another_format_is_a_problem(store):
    about = filled(store).folder / "representation.json"
    about.write_text(about.read_text().replace('"format": 2', '"format": 1'))
    assert (
        "has format 1, this version reads format 2; extract or import again"
        in catalogue.summary(the_one(store))["problem"]
    )


def test_leftovers_of_dead_writers_go_and_those_of_live_ones_stay(store):
    rep = filled(store)
    shards = rep.folder / "shards"
    with whole_folder(shards / "live") as alive:
        (alive / "0.npy").write_bytes(bytes(5))
        dead = [shards / ".x.0123.partial", rep.folder / ".representation.json.0.partial", store.audio / ".y.0.partial"]
        dead[0].mkdir()
        (dead[0] / "0.npy").write_bytes(bytes(100))
        dead[1].write_bytes(bytes(20))
        store.audio.mkdir()
        dead[2].write_bytes(bytes(3))
        for path in dead:
            old(path, 25)
        assert catalogue.prune(store) == {str(dead[1]): 20, str(dead[0]): 100, str(dead[2]): 3}
        assert alive.exists()
        (alive / "1.npy").write_bytes(bytes(5))
    assert (shards / "live").exists()
    assert len(rep.rows()) == 3


def test_a_folder_is_as_young_as_the_newest_file_in_it(store):
    left = filled(store).folder / "shards" / ".x.0.partial"
    left.mkdir()
    for number in range(2):
        (left / f"{number}.npy").write_bytes(bytes(7))
    old(left, 30)
    os.utime(left / "1.npy", (time.time() - 3600 * 20,) * 2)
    assert catalogue.prune(store, 24) == {}
    assert catalogue.prune(store, 19) == {str(left): 14}


def test_what_nobody_has_written_to_for_a_day_goes(store):
    left = filled(store).folder / "shards" / ".x.0.partial"
    left.mkdir()
    old(left, 23.9)
    assert catalogue.prune(store) == {}
    old(left, 24.1)
    assert catalogue.prune(store) == {str(left): 0}


def test_vectors_of_an_import_that_never_ended_go_and_those_with_a_name_stay(store):
    kept, never_ended = (store.imported(name, {"a": 1}, "float32", ORIGIN) for name in ("kept", "lost"))
    for rep in (kept, never_ended):
        rep.write(["id:u"], {"a": np.ones((1, 1))}, made_with={})
    vectors = NamedVectors(name="kept", layers={"a": 1}, dtype="float32", origin=ORIGIN, key=kept.key)
    names.remember(store.folder, vectors)
    assert list(catalogue.prune(store, 0)) == [str(never_ended.folder)]
    assert the_one(store).key == kept.key


def test_vectors_whose_import_may_still_go_on_stay_where_the_file_system_knows_no_locks(store, monkeypatch):
    rep = store.imported("lost", {"a": 1}, "float32", ORIGIN)
    rep.write(["id:u"], {"a": np.ones((1, 1))}, made_with={})
    with monkeypatch.context() as without:
        without.setattr(file_lock, "try_to_lock", lambda _: None)
        assert catalogue.prune(store, 0) == {}
    assert str(rep.folder) in catalogue.prune(store, 0)


@pytest.mark.parametrize("hours", [-1, float("nan")])
def test_an_age_that_is_none(store, hours):
    with pytest.raises(BadOption, match="--older-than"):
        catalogue.prune(store, hours)


def test_what_cannot_be_removed_is_told(store, monkeypatch):
    left = filled(store).folder / "shards" / ".x.0.partial"
    left.mkdir()
    monkeypatch.setattr(disk.shutil, "rmtree", lambda path, ignore_errors: None)
    with pytest.raises(NeuroscopeError, match="1 of 1 cannot be removed"):
        catalogue.prune(store, 0)
