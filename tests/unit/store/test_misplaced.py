"""A shard, folder, file or link in the wrong place is never served: each says whose it is."""

import hashlib
import json
import os
import runpy
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neuroscope.errors import MissingData, StoreMismatch
from neuroscope.store import catalogue
from neuroscope.store.representations import Store

HERE = Path(__file__)
IDENTITY, LAYERS, ORIGIN, expected, vectors, write = (
    runpy.run_path(str(HERE.with_name("test_representations.py")))[name]
    for name in ("IDENTITY", "LAYERS", "ORIGIN", "expected", "vectors", "write")
)
EQUAL = {"low": LAYERS["high"], "high": LAYERS["high"]}


def model(folder, weights, layers=LAYERS):
    return Store(folder).representation(replace(IDENTITY, weights=weights), layers, ORIGIN)


def of_equal_widths(folder, weights, *rows, scale=1.0):
    rep = model(folder, weights, EQUAL)
    low, high = (scale * np.array([[int(row) + add] * 6 for row in rows]) for add in (0.25, 0.5))
    rep.write(rows, {"low": low, "high": high}, {})
    return rep


@pytest.fixture
def two(tmp_path):
    """The same rows of two models: shards of equal names and sizes, with other numbers."""
    one, other = model(tmp_path, "one"), model(tmp_path, "other")
    write(one, "1", "2", "3")
    write(other, "1", "2", "3", scale=2.0)
    return one, other


def the_shard(rep):
    (shard,) = rep.shards.glob("[!.]*")
    return shard


def replace_by(other, place):
    """A way to put what is another's in the place of one's own."""
    shutil.rmtree(place) if place.is_dir() and not place.is_symlink() else place.unlink()
    return other, place


def copied(other, place):
    shutil.copytree(*replace_by(other, place)) if other.is_dir() else shutil.copy(*replace_by(other, place))


def moved(other, place):
    shutil.move(*replace_by(other, place))


def linked(other, place):
    replace_by(other, place)[1].symlink_to(other)


WAYS = pytest.mark.parametrize("put", [copied, moved, linked])


@WAYS
def test_a_shard_of_another_model_is_not_served_and_is_computed_again(two, put):
    one, other = two
    assert the_shard(one).name == the_shard(other).name
    put(the_shard(other), the_shard(one))
    assert one.rows() == {}
    with pytest.raises(MissingData, match="1 of 1"):
        one.features(["a"], ["1"], LAYERS)
    assert one.verify() == [the_shard(one).name]
    write(one, "1", "2", "3")
    np.testing.assert_array_equal(one.features("abc", ["1", "2", "3"], LAYERS).values, expected("1", "2", "3"))
    assert one.verify() == []
    if put is not moved:
        values = other.features(["a"], ["2"], LAYERS).values
        np.testing.assert_array_equal(values, expected("2", scale=2.0))


@WAYS
def test_all_shards_of_another_model_are_not_served(two, put):
    one, other = two
    put(other.shards, one.shards)
    assert one.rows() == {}


@WAYS
def test_a_folder_of_another_model_is_refused_with_a_way_out(two, put):
    one, other = two
    put(other.folder, one.folder)
    for look in (one.rows, one.verify):
        with pytest.raises(
            StoreMismatch, match=rf"describes the representation {other.key}.*give it back its name, or"
        ):
            look()
    (stored,) = (each for each in Store(one.folder.parents[1]).all() if each.key == one.key)
    assert stored.representation is None
    with pytest.raises(StoreMismatch, match=other.key):
        catalogue.verify(stored)
    assert catalogue.summary(stored)["rows"] == 0


@WAYS
@pytest.mark.parametrize("name", ["0.npy", "1.npy"])
def test_vectors_of_another_model_are_told_when_they_are_read(two, put, name):
    one, other = two
    put(the_shard(other) / name, the_shard(one) / name)
    with pytest.raises(StoreMismatch, match="has other bytes than were written"):
        one.features(["a"], ["1"], LAYERS)
    assert one.verify() == [the_shard(one).name]


@WAYS
def test_the_index_of_another_model_is_not_believed(two, put):
    one, other = two
    put(the_shard(other) / "shard.json", the_shard(one) / "shard.json")
    assert one.rows() == {}


@WAYS
def test_a_description_of_another_model_is_refused(two, put):
    one, other = two
    put(other.folder / "representation.json", one.folder / "representation.json")
    with pytest.raises(StoreMismatch, match=f"describes the representation {other.key}"):
        one.rows()


def test_without_a_description_a_folder_serves_its_own_shards_alone(two):
    one, other = two
    copied(other.folder, one.folder)
    (one.folder / "representation.json").unlink()
    assert one.rows() == {}
    write(one, "1", "2", "3")
    np.testing.assert_array_equal(one.features(["a"], ["3"], LAYERS).values, expected("3"))


def swap(one, other):
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


def test_shards_that_are_swapped_are_served_by_neither_model(two):
    one, other = two
    swap(the_shard(one), the_shard(other))
    assert one.rows() == other.rows() == {}


def swap_files(shard):
    swap(shard / "0.npy", shard / "1.npy")


def swap_entries(found):
    layers = found["layers"]
    layers["low"], layers["high"] = layers["high"], layers["low"]


def swap_digests(found):
    low, high = found["layers"]["low"], found["layers"]["high"]
    low["sha256"], high["sha256"] = high["sha256"], low["sha256"]


def swap_names(found):
    found["layers"] = dict(zip(("high", "low"), found["layers"].values(), strict=True))


def turn(found):
    found["layers"] = dict(reversed(found["layers"].items()))


CHANGES = {"entries": swap_entries, "digests": swap_digests, "names": swap_names, "order": turn}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("files_too", [True, False])
def test_layer_files_of_equal_width_that_are_swapped_with_their_entries_are_not_served(tmp_path, change, files_too):
    rep = of_equal_widths(tmp_path, "one", "1", "2")
    shard = the_shard(rep)
    if files_too:
        swap_files(shard)
    index = shard / "shard.json"
    found = json.loads(index.read_text())
    change(found)
    index.write_text(json.dumps(found))
    assert rep.rows() == {}
    assert rep.verify() == [shard.name]


def test_layer_files_that_are_swapped_alone_are_told(tmp_path):
    rep = of_equal_widths(tmp_path, "one", "1", "2")
    swap_files(the_shard(rep))
    with pytest.raises(StoreMismatch, match="other bytes"):
        rep.features(["a"], ["1"], ["low"])
    assert rep.verify() == [the_shard(rep).name]


def test_layers_that_are_turned_in_the_description_are_seen(tmp_path):
    rep = of_equal_widths(tmp_path, "one", "1", "2")
    about = rep.folder / "representation.json"
    found = json.loads(about.read_text())
    turn(found)
    found.pop("sha256")
    about.write_text(json.dumps({**found, "sha256": hashlib.sha256(json.dumps(found).encode()).hexdigest()}))
    with pytest.raises(StoreMismatch, match="holds the layers"):
        rep.rows()
    (stored,) = Store(tmp_path).all()
    assert (
        stored.open().rows() == {}
    )  # as the shards say, they are of a representation whose layers are in another order


def test_a_shard_under_the_name_of_another_is_not_served(tmp_path):
    rep = model(tmp_path, "one")
    write(rep, "1")
    first = the_shard(rep)
    write(rep, "2")
    (second,) = set(rep.shards.iterdir()) - {first}
    swap(first, second)
    assert rep.rows() == {}
    assert len(rep.verify()) == 2


def test_a_copy_of_a_folder_is_a_problem_and_the_original_is_served(two):
    one, _ = two
    copy = one.folder.with_name(f"{one.key} (copy)")
    shutil.copytree(one.folder, copy)
    found = {each.key: each for each in Store(one.folder.parents[1]).all()}
    assert "give it back its name" in found[copy.name].problem
    assert set(found[one.key].open().rows()) == {"1", "2", "3"}


STRAYS = {
    "a file": Path.touch,
    "a link that leads nowhere": lambda path: path.symlink_to("nowhere"),
    "a link to itself": lambda path: path.symlink_to(path),
    "a folder": Path.mkdir,
    "a pipe": os.mkfifo,
}


@pytest.mark.parametrize("make", STRAYS.values(), ids=STRAYS)
def test_what_is_no_representation_is_told_and_can_be_removed(two, make):
    one, _ = two
    store = Store(one.folder.parents[1])
    make(one.folder.with_name("stray"))
    stray = store.find("stray")
    assert "representation.json cannot be read" in catalogue.summary(stray)["problem"]
    with pytest.raises(StoreMismatch, match="cannot be read"):
        catalogue.verify(stray)
    store.remove(stray)
    assert len(store.all()) == 2


@pytest.mark.parametrize("make", STRAYS.values(), ids=STRAYS)
def test_what_is_no_shard_is_set_aside_and_pruned(two, make):
    one, _ = two
    make(one.shards / "stray")
    store = Store(one.folder.parents[1])
    assert set(one.rows()) == {"1", "2", "3"}
    assert catalogue.verify(store.find(one.key)) == ["stray"]
    assert one.verify() == []
    assert len(catalogue.prune(store, 0)) == 1
    assert [each.name for each in one.shards.iterdir()] == [the_shard(one).name]


@pytest.mark.parametrize("make", STRAYS.values(), ids=STRAYS)
def test_what_lies_in_the_place_of_a_shard_makes_room_for_it(tmp_path, make):
    rep = model(tmp_path, "one")
    write(rep, "1")
    place = the_shard(rep)
    shutil.rmtree(place)
    make(place)
    assert rep.rows() == {}
    write(rep, "1")
    np.testing.assert_array_equal(rep.features(["a"], ["1"], LAYERS).values, expected("1"))


def test_a_store_of_the_format_before_is_refused_with_a_way_out_and_extracted_beside(two):
    one, _ = two
    former = one.folder.with_name("0" * 32)
    shutil.copytree(one.folder, former)
    about = former / "representation.json"
    found = {**json.loads(about.read_text()), "format": 1}
    found.pop("sha256")
    about.write_text(json.dumps(found))
    stored = Store(one.folder.parents[1]).find(former.name)
    assert (
        "format 1, this version reads format 2; extract or import again, and `neuroscope store remove`"
        in stored.problem
    )
    assert Store(one.folder.parents[1]).remove(stored) > 0
    assert set(one.rows()) == {"1", "2", "3"}
