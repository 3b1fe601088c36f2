"""Vectors on disk: whole shards, the right rows, and never a wrong number."""

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from neuroscope.contracts.backbone import Origin
from neuroscope.contracts.features import Unit
from neuroscope.errors import MissingData, NeuroscopeError, StoreMismatch, UnknownName
from neuroscope.store import allocation, names
from neuroscope.store.description import Identity
from neuroscope.store.representations import Representation, Store

IDENTITY = Identity(
    backbone="toy",
    options={"width": 2, "name": "é", "seed": 0},
    weights="digest",
    plugin="toy 1.0",
    poolings={"low": "mean", "high": "meanstd"},
    pooling_plugins=["core 1.0"],
    audio="1",
    dtype="float32",
)
ORIGIN = Origin(source="a test", licence="none", digest="digest")
LAYERS = {
    "low": (Unit("low", 0), Unit("low", 1)),
    "high": tuple(Unit("high", n, statistic) for statistic in ("mean", "std") for n in range(3)),
}
MADE_WITH = {"device": "cpu"}


def representation(folder, dtype="float32"):
    return Store(folder).representation(replace(IDENTITY, dtype=dtype), LAYERS, ORIGIN)


def vectors(*rows, scale=1.0):
    """What every column of a row is: decided by its name, its layer and its column."""
    return {
        layer: scale * np.array([[int(row) + index / 8 + column / 64 for column in range(len(units))] for row in rows])
        for index, (layer, units) in enumerate(LAYERS.items())
    }


def write(rep, *rows, scale=1.0):
    rep.write(rows, vectors(*rows, scale=scale), MADE_WITH)


def expected(*rows, layers=("low", "high"), scale=1.0):
    values = vectors(*rows, scale=scale)
    return np.concatenate([values[layer] for layer in layers], axis=1).astype(np.float32)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_rows_come_back_in_the_order_asked_for_from_any_shards(tmp_path, dtype):
    write(representation(tmp_path, dtype), "1", "2", "3")
    write(representation(tmp_path, dtype), "4", "5")
    rep = representation(tmp_path, dtype)
    assert set(rep.rows()) == {"1", "2", "3", "4", "5"}
    features = rep.features(["e", "a", "d", "a2"], ["5", "1", "4", "1"], ["high", "low"])
    assert features.ids == ("e", "a", "d", "a2")
    assert features.units == LAYERS["high"] + LAYERS["low"]
    assert features.values.dtype == np.float32
    np.testing.assert_array_equal(features.values, expected("5", "1", "4", "1", layers=("high", "low")))


def test_a_shard_holds_the_type_that_the_representation_is_of(tmp_path):
    rep = representation(tmp_path, "float16")
    write(rep, "1")
    assert {np.load(file).dtype.name for file in rep.folder.rglob("*.npy")} == {"float16"}


def test_a_representation_without_rows_writes_nothing_and_has_none(tmp_path):
    rep = representation(tmp_path)
    assert rep.rows() == {}
    assert rep.features([], [], ["low"]).values.shape == (0, 2)
    assert list(tmp_path.iterdir()) == []


def test_rows_that_are_not_stored_are_counted(tmp_path):
    rep = representation(tmp_path)
    write(rep, "1")
    with pytest.raises(MissingData, match="2 of 3"):
        rep.features(["a", "b", "c"], ["1", "2", "3"], ["low"])


def test_of_equal_rows_that_of_the_first_shard_wins_whichever_was_written_first(tmp_path):
    for number in range(1, 9):
        write(representation(tmp_path), "0", str(number), scale=number)
    rep = representation(tmp_path)
    rows = rep.rows()
    winner = min(range(1, 9), key=lambda number: rows[str(number)])
    assert rows["0"] == rows[str(winner)]
    np.testing.assert_array_equal(rep.features(["a"], ["0"], LAYERS).values, expected("0", scale=winner))


def test_what_dead_and_living_writers_have_not_finished_is_not_seen(tmp_path):
    rep = representation(tmp_path)
    write(rep, "1")
    (shard,) = (rep.folder / "shards").iterdir()
    unfinished = shard.with_name(f".{'0' * 32}.abc.partial")
    shutil.copytree(shard, unfinished)
    (unfinished / "shard.json").write_text(json.dumps({"rows": ["1", "2"], "made_with": {}}))
    (unfinished / "1.npy").unlink()
    assert set(rep.rows()) == {"1"}
    np.testing.assert_array_equal(rep.features(["a"], ["1"], LAYERS).values, expected("1"))


def test_a_writer_that_fails_leaves_no_shard(tmp_path, monkeypatch):
    rep = representation(tmp_path)
    monkeypatch.setattr(np, "save", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write(rep, "1")
    assert rep.rows() == {}
    assert list((rep.folder / "shards").iterdir()) == []


def test_vectors_of_another_shape_are_not_written(tmp_path):
    with pytest.raises(ValueError, match="layer low"):
        representation(tmp_path).write(["1", "2"], vectors("1"), MADE_WITH)
    with pytest.raises(KeyError):
        representation(tmp_path).write(["1"], {"low": vectors("1")["low"]}, MADE_WITH)
    assert list(tmp_path.iterdir()) == []


def test_threads_that_write_the_same_shard_leave_one_whole(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: write(representation(tmp_path), "1", "2"), range(24)))
    rep = representation(tmp_path)
    assert len(list((rep.folder / "shards").iterdir())) == 1
    assert sorted(path.name for path in rep.folder.iterdir()) == ["representation.json", "shards"]
    np.testing.assert_array_equal(rep.features(["b", "a"], ["2", "1"], LAYERS).values, expected("2", "1"))


def test_processes_that_write_the_same_shards_leave_each_whole(tmp_path):
    code = (
        "import pathlib, runpy, sys\n"
        "test = runpy.run_path(sys.argv[1])\n"
        "for number in range(30):\n"
        "    test['write'](test['representation'](pathlib.Path(sys.argv[2])), str(number))\n"
    )
    command = [sys.executable, "-c", code, __file__, str(tmp_path)]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    rep, rows = representation(tmp_path), [str(number) for number in range(30)]
    assert len(list((rep.folder / "shards").iterdir())) == 30
    np.testing.assert_array_equal(rep.features(rows, rows, LAYERS).values, expected(*rows))


def test_a_layer_is_read_without_the_files_of_the_others(tmp_path):
    rep = representation(tmp_path)
    write(rep, "1", "2")
    (shard,) = (rep.folder / "shards").iterdir()
    flip(shard / "0.npy")  # whoever reads it would tell
    np.testing.assert_array_equal(rep.features(["a"], ["2"], ["high"]).values, expected("2", layers=("high",)))


def flip(path):
    """One bit, in the last byte."""
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("limit", [0, 10**9])
def test_vectors_that_are_larger_than_memory_allows_are_the_same_in_a_file_without_a_name(tmp_path, monkeypatch, limit):
    monkeypatch.setattr(allocation, "IN_MEMORY_BYTES", limit)
    rep = representation(tmp_path)
    write(rep, "1", "2", "3")
    before = sorted(tmp_path.rglob("*"))
    values = rep.features(["b", "a"], ["3", "1"], LAYERS).values
    assert sorted(tmp_path.rglob("*")) == before
    assert isinstance(values, np.memmap) == (limit == 0)
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, expected("3", "1"))


def test_no_room_for_vectors_that_are_larger_than_memory_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(allocation, "IN_MEMORY_BYTES", 0)
    rep = representation(tmp_path)
    write(rep, "1")
    monkeypatch.setattr(os, "posix_fallocate", lambda *_: os.pread(-1, 1, 0))
    with pytest.raises(NeuroscopeError, match="no room"):
        rep.features(["a"], ["1"], LAYERS)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe"])
def test_a_damaged_description_is_told_and_written_again_once_it_is_removed(tmp_path, content):
    rep = representation(tmp_path)
    write(rep, "1")
    about = rep.folder / "representation.json"
    about.write_bytes(content)
    with pytest.raises(StoreMismatch, match=str(about)):
        rep.rows()
    about.unlink()
    assert set(rep.rows()) == {"1"}
    write(rep, "2")
    assert json.loads(about.read_text())["format"] == 2


def test_a_folder_of_another_format_or_of_other_layers_is_refused(tmp_path):
    rep = representation(tmp_path)
    write(rep, "1")
    other = Representation(rep.folder, IDENTITY, {"high": LAYERS["high"], "low": LAYERS["low"]}, ORIGIN)
    with pytest.raises(StoreMismatch, match="layers"):
        other.rows()
    about = rep.folder / "representation.json"
    about.write_text(json.dumps(json.loads(about.read_text()) | {"format": 99}))
    with pytest.raises(StoreMismatch, match="99"):
        rep.rows()


def test_it_is_found_by_the_beginning_of_its_key(tmp_path):
    store = Store(tmp_path)
    for number in range(20):
        write(store.representation(replace(IDENTITY, weights=str(number)), LAYERS, ORIGIN), "1")
    keys = [each.key for each in store.all()]
    assert keys == sorted(keys)
    assert store.find(keys[3]).key == keys[3]
    first = {key[0] for key in keys}
    shared = next(letter for letter in sorted(first) if sum(key[0] == letter for key in keys) > 1)
    with pytest.raises(UnknownName, match="More than one") as error:
        store.find(shared)
    assert error.value.known == tuple(key for key in keys if key[0] == shared)
    with pytest.raises(UnknownName) as error:
        store.find("nothing")
    assert error.value.known == tuple(keys)


def test_no_key_finds_none_also_where_one_is_stored_and_a_hidden_folder_is_none(tmp_path):
    store, rep = Store(tmp_path), representation(tmp_path)
    write(rep, "1")
    shutil.copytree(rep.folder, rep.folder.with_name(f".{rep.key}.0.former"))
    assert [each.key for each in store.all()] == [rep.key]
    with pytest.raises(UnknownName):
        store.find("")


def test_what_was_stored_is_opened_as_it_was_described(tmp_path):
    write(representation(tmp_path), "1", "2")
    (found,) = Store(tmp_path).all()
    opened = found.open()
    assert (found.problem, found.imported_as, opened.key) == ("", "", IDENTITY.key)
    assert (opened.identity.key, opened.origin) == (IDENTITY.key, ORIGIN)
    np.testing.assert_array_equal(opened.features("ab", ["2", "1"], LAYERS).values, expected("2", "1"))


def test_what_is_removed_is_gone_and_its_bytes_are_told(tmp_path):
    rep, other = representation(tmp_path), representation(tmp_path, "float16")
    for each in (rep, other):
        write(each, "1")
    size = sum(file.stat().st_size for file in rep.folder.rglob("*") if file.is_file())
    store = Store(tmp_path)
    assert store.remove(store.find(rep.key)) == size
    assert [path.name for path in rep.folder.parent.iterdir()] == [other.key]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_what_may_only_be_read_is_not_removed(tmp_path):
    rep = representation(tmp_path)
    write(rep, "1")
    rep.folder.parent.chmod(0o555)
    try:
        with pytest.raises(NeuroscopeError, match="cannot remove"):
            Store(tmp_path).remove(Store(tmp_path).find(rep.key))
    finally:
        rep.folder.parent.chmod(0o755)


VECTORS = {"layers": {"CNN": 2, "FC": 1}, "dtype": "float16", "origin": ORIGIN}


def imported(folder, name="mine", *, named=True):
    rep = Store(folder).imported(name, **VECTORS)
    rep.write(["id:u"], {"CNN": np.ones((1, 2)), "FC": np.ones((1, 1))}, MADE_WITH)
    if named:
        names.remember(folder, names.NamedVectors(name=name, key=rep.key, **VECTORS))
    return rep


def test_imported_vectors_are_found_by_name_and_the_name_goes_with_them(tmp_path):
    store = Store(tmp_path)
    rep, other = imported(tmp_path), imported(tmp_path, "other")
    (found,) = store.imported_under("mine")
    assert (found.key, found.imported_as, store.never_ended(found)) == (rep.key, "mine", False)
    store.remove(found)
    assert names.names(tmp_path) == ["other"]
    assert [each.key for each in store.all()] == [other.key]


def test_an_import_without_a_name_never_ended_and_leaves_the_name_of_another(tmp_path):
    store, rep = Store(tmp_path), imported(tmp_path, named=False)
    (found,) = store.all()
    assert store.never_ended(found)
    assert store.imported_under("mine") == []
    names.remember(tmp_path, names.NamedVectors(name="mine", key="another", **VECTORS))
    assert store.never_ended(found)
    assert store.remove(found) > 0
    assert names.names(tmp_path) == ["mine"]
    assert not rep.folder.exists()


def test_a_name_that_cannot_be_read_may_have_stood_for_it(tmp_path):
    store, rep = Store(tmp_path), imported(tmp_path)
    (name,) = tmp_path.glob("imported/*")
    name.write_text("{")
    assert [each.key for each in store.imported_under("mine")] == [rep.key]
    store.remove(store.find(rep.key))
    assert name.exists()
