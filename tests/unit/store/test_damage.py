"""Whatever happens to a shard or to the disk: a clear error or a new extraction of just that, never a wrong vector."""

import json
import os
import resource
import runpy
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from neuroscope.errors import MissingData, NeuroscopeError, StoreMismatch
from neuroscope.store import allocation

STORE = Path(__file__).with_name("test_representations.py")
LAYERS, expected, representation, write, flip = (
    runpy.run_path(str(STORE))[name] for name in ("LAYERS", "expected", "representation", "write", "flip")
)


@pytest.fixture
def rep(tmp_path):
    """Rows 1 to 3 in one shard, row 4 in another."""
    rep = representation(tmp_path)
    write(rep, "1", "2", "3")
    write(rep, "4")
    return rep


def shard_of(rep, row):
    return rep.folder / "shards" / rep.rows()[row]


def cut(path):
    path.write_bytes(path.read_bytes()[:-4])


def lengthen(path):
    path.write_bytes(path.read_bytes() + b"0000")


def empty(path):
    path.write_bytes(b"")


def spoil_index(change):
    def spoil(path):
        index = path.with_name("shard.json")
        found = json.loads(index.read_text())
        change(found)
        index.write_text(json.dumps(found))

    return spoil


VISIBLE = {
    "cut": cut,
    "lengthened": lengthen,
    "empty": empty,
    "missing": Path.unlink,
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "no index": lambda path: path.with_name("shard.json").unlink(),
    "an empty index": lambda path: empty(path.with_name("shard.json")),
    "half an index": lambda path: cut(path.with_name("shard.json")),
    "no text": lambda path: path.with_name("shard.json").write_bytes(b"\xff\xfe"),
    "other JSON": lambda path: path.with_name("shard.json").write_text("[]"),
    "index without vectors": lambda path: [each.unlink() for each in path.parent.glob("*.npy")],
    "another row": spoil_index(lambda found: found["rows"].__setitem__(0, "5")),
    "rows turned": spoil_index(lambda found: found["rows"].reverse()),
    "a layer not named": spoil_index(lambda found: found["layers"].pop("low")),
    "no layers": spoil_index(lambda found: found.pop("layers")),
    "a digest": spoil_index(lambda found: found["layers"]["low"].__setitem__("sha256", "0")),
    "another origin": spoil_index(lambda found: found["made_with"].__setitem__("device", "cuda:0")),
    "an empty shard": lambda path: [each.unlink() for each in path.parent.iterdir()],
    "no shard": lambda path: shutil.rmtree(path.parent),
    "a file in its place": lambda path: (shutil.rmtree(path.parent), path.parent.touch()),
}
HIDDEN = {
    "one bit": flip,
    "other vectors": lambda path: np.save(path, np.zeros((3, 2), dtype=np.float32)),
}


@pytest.mark.parametrize("damage", VISIBLE.values(), ids=VISIBLE)
def test_a_shard_that_is_visibly_damaged_counts_as_not_stored_and_is_written_again(rep, damage):
    damage(shard_of(rep, "2") / "0.npy")
    assert set(rep.rows()) == {"4"}
    with pytest.raises(MissingData, match="1 of 2"):
        rep.features(["a", "b"], ["2", "4"], ["low"])
    write(rep, "1", "2", "3")
    assert rep.verify() == []
    np.testing.assert_array_equal(rep.features("abc", ["2", "4", "3"], LAYERS).values, expected("2", "4", "3"))


@pytest.mark.parametrize("damage", HIDDEN.values(), ids=HIDDEN)
def test_a_shard_of_other_bytes_is_told_when_it_is_read_and_found_by_verify(rep, damage):
    shard = shard_of(rep, "2")
    damage(shard / "0.npy")
    with pytest.raises(StoreMismatch, match=rf"{shard.name}.*store verify"):
        rep.features(["a"], ["2"], ["low"])
    np.testing.assert_array_equal(rep.features(["a"], ["4"], LAYERS).values, expected("4"))
    assert rep.verify() == [shard.name]
    rep.set_aside(shard.name)
    assert set(rep.rows()) == {"4"}
    write(rep, "1", "2", "3")
    assert rep.verify() == []
    np.testing.assert_array_equal(rep.features("ab", ["2", "4"], LAYERS).values, expected("2", "4"))


@pytest.mark.parametrize("damage", VISIBLE.values(), ids=VISIBLE)
def test_verify_names_what_is_visibly_damaged_too(rep, damage):
    shard = shard_of(rep, "2")
    damage(shard / "0.npy")
    assert rep.verify() == ([shard.name] if shard.exists() else [])


def test_rows_that_a_damaged_shard_shares_are_read_from_the_other(tmp_path):
    rep = representation(tmp_path)
    for number in range(1, 9):
        write(rep, "0", str(number))
    shard = shard_of(rep, "0")
    cut(shard / "1.npy")
    assert shard_of(rep, "0") != shard
    np.testing.assert_array_equal(rep.features(["a"], ["0"], LAYERS).values, expected("0"))


def test_a_shard_that_is_whole_is_not_written_again(rep):
    write(rep, "4", scale=2.0)
    assert [each.name for each in (rep.folder / "shards").iterdir() if each.name.startswith(".")] == []
    np.testing.assert_array_equal(rep.features(["a"], ["4"], LAYERS).values, expected("4"))


def test_verify_tells_how_far_it_is(rep):
    steps = []

    @contextmanager
    def progress(label, total):
        del label
        yield lambda count: steps.append((count, total))

    rep.verify(progress)
    assert steps == [(1, 2), (1, 2)]


def test_a_shard_that_cannot_be_set_aside_is_told(rep):
    with pytest.raises(NeuroscopeError, match="cannot set aside"):
        rep.set_aside("missing")


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "representations").write_text("a file where the folder should be")
    with pytest.raises(NeuroscopeError, match=str(tmp_path)):
        write(representation(tmp_path), "1")


@pytest.fixture
def nobody():
    """A folder that anyone can reach, and the rest of the test as a user without rights."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        former = os.geteuid()

        @contextmanager
        def as_nobody():
            if former == 0:
                os.seteuid(65534)
            try:
                yield
            finally:
                os.seteuid(former)

        yield Path(folder), as_nobody
        for path in Path(folder).rglob("*"):
            path.chmod(0o755)


def protect(folder):
    for path in sorted(folder.rglob("*"), reverse=True):
        path.chmod(0o555 if path.is_dir() else 0o444)


def test_a_folder_that_may_only_be_read_is_read_and_writing_to_it_is_told(nobody, monkeypatch):
    folder, as_nobody = nobody
    write(representation(folder), "1")
    protect(folder)
    monkeypatch.setattr(allocation, "IN_MEMORY_BYTES", 0)
    with as_nobody():
        rep = representation(folder)
        np.testing.assert_array_equal(rep.features(["a"], ["1"], LAYERS).values, expected("1"))
        assert rep.verify() == []
        with pytest.raises(NeuroscopeError, match=r"cannot write.*Permission denied"):
            write(rep, "2")


def test_a_shard_that_may_not_be_read_is_told_and_not_computed_again(nobody):
    folder, as_nobody = nobody
    rep = representation(folder)
    write(rep, "1")
    shard_of(rep, "1").joinpath("shard.json").chmod(0)
    with as_nobody(), pytest.raises(StoreMismatch, match="Permission denied"):
        rep.rows()


def on_a_full_disk(folder):
    """For a process of its own: no file may grow beyond 1,000 bytes, which is less than a shard of 40 rows."""
    rep = representation(folder)
    write(rep, "1")
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, resource.RLIM_INFINITY))
    with pytest.raises(NeuroscopeError, match=r"cannot write to the store .*File too large"):
        write(rep, *map(str, range(40)))
    return set(rep.rows()) == {"1"} and not list(folder.rglob("*.partial"))


def test_a_full_disk_is_told_and_leaves_what_was_there(tmp_path):
    code = "import runpy, sys, pathlib; assert runpy.run_path(sys.argv[1])['on_a_full_disk'](pathlib.Path(sys.argv[2]))"
    subprocess.run([sys.executable, "-c", code, __file__, str(tmp_path)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_disk_that_is_really_full_is_told_and_leaves_what_was_there(tmp_path, monkeypatch):
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        rep = representation(tmp_path)
        write(rep, "1")
        with pytest.raises(NeuroscopeError, match="No space left on device"):
            write(rep, *map(str, range(4_000)))
        assert not list(tmp_path.rglob("*.partial"))
        monkeypatch.setattr(allocation, "IN_MEMORY_BYTES", 0)
        with pytest.raises(NeuroscopeError, match=r"no room.*No space left on device"):
            rep.features(["a"] * 4_000, ["1"] * 4_000, LAYERS)
        np.testing.assert_array_equal(rep.features(["a"], ["1"], LAYERS).values, expected("1"))
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_store_that_cannot_be_written_is_told_before_any_work(nobody):
    folder, as_nobody = nobody
    representation(folder / "new").check_writable(10)
    assert list(folder.iterdir()) == []
    rep = representation(folder)
    write(rep, "1")
    rep.check_writable(10)
    assert [each.name for each in rep.shards.iterdir()] == [shard_of(rep, "1").name]
    protect(folder)
    with as_nobody(), pytest.raises(NeuroscopeError, match=r"cannot write to the store .*Permission denied"):
        rep.check_writable(10)


def test_a_disk_without_room_for_what_is_going_to_be_computed_is_told_before_any_work(rep):
    free = shutil.disk_usage(rep.folder).free
    rep.check_writable(1000)
    with pytest.raises(NeuroscopeError, match=r"cannot write to the store .*: no room for .* GB of vectors"):
        rep.check_writable(2 * free // (8 * 4))
