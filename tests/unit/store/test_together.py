"""Writers, readers, ``verify`` and ``prune`` at once, in processes of their own, some of them killed: nobody fails."""

import os
import random
import runpy
import signal
import subprocess
import sys
import time
from contextlib import suppress
from errno import EACCES
from pathlib import Path

import numpy as np
import pytest

from neuroscope.errors import MissingData, NeuroscopeError, StoreMismatch
from neuroscope.runtime.file_lock import FolderLock
from neuroscope.runtime.files import leftovers_of, whole_file, whole_folder
from neuroscope.store import catalogue, elsewhere
from neuroscope.store.elsewhere import Note
from neuroscope.store.representations import Store
from neuroscope.study.run_folder import RunFolder, check_file, check_out

TOY = runpy.run_path(str(Path(__file__).with_name("test_representations.py")))
LAYERS, expected, representation, write = (TOY[name] for name in ("LAYERS", "expected", "representation", "write"))


def until(end):
    """Count up, until a time comes, and say how far it went."""
    number = 0
    while time.time() < end:
        yield number
        number += 1
    sys.stdout.write(f"{number}\n")


def writing(folder, end):
    """Each shard again and again: whole, damaged, set aside, and written anew."""
    for number in until(end):
        rep = representation(folder)
        write(rep, str(number % 7), str(number % 7 + 100))
        if number % 11 == 0:
            damaged = next(rep.shards.glob("[!.]*"), None)
            if damaged is not None:
                with suppress(FileNotFoundError), whole_file(damaged / "0.npy") as temporary:
                    temporary.write_bytes(bytes(10))


def writing_files(folder, end):
    """Files that are replaced, and run folders, as the index of audio files and runs have them."""
    for number in until(end):
        with whole_file(folder / "audio.parquet") as temporary:
            temporary.write_text(str(number))
        out = folder.parent / "runs" / f"run-{number % 3}"
        lock = FolderLock(out)
        if lock.is_free:
            with whole_folder(out, replace=True) as temporary:
                (temporary / "run.json").write_text("{}")
        lock.release()


def pruning(folder, end):
    for _ in until(end):
        catalogue.prune(Store(folder), 0, folder.parent / "runs")


def verifying(folder, end):
    for _ in until(end):
        for stored in Store(folder).all():
            catalogue.summary(stored)
            catalogue.verify(stored)
            catalogue.details(stored)


def reading(folder, end):
    for number in until(end):
        row = str(number % 7)
        try:
            values = representation(folder).features(["a"], [row], LAYERS).values
        except (MissingData, StoreMismatch):  # it was damaged, and is set aside and written again
            continue
        np.testing.assert_array_equal(values, expected(row))


def trying(folder, end):
    out = folder.parent / "made" / "on" / "trial"
    for number in until(end):
        check_out(out / f"run-{number % 2}", folder.parent)
        check_file("--list", out / "list.csv")


def running(folder, end):
    """Several runs in one folder that no one else has, beside trials of the same."""
    for _ in until(end):
        out = folder.parent / "made" / "on" / f"trial-{os.getpid()}"
        check_out(out, folder.parent)
        run = RunFolder(out, folder)
        run.close()


ROLES = (writing, writing, writing_files, pruning, pruning, verifying, reading, trying, trying, running)


def start(role, folder, seconds):
    code = "import runpy, sys, pathlib, time; test = runpy.run_path(sys.argv[1])\n"
    code += "test[sys.argv[2]](pathlib.Path(sys.argv[3]), time.time() + float(sys.argv[4]))"
    command = [sys.executable, "-c", code, __file__, role.__name__, str(folder), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def together(folder, seconds, kills):
    """Every role at once, for so many seconds each; writers are killed and begun again."""
    (folder.parent / "runs").mkdir()
    folder.mkdir()
    processes = [start(role, folder, seconds) for role in ROLES]
    chance = random.Random(0)
    for _ in range(kills):
        time.sleep(seconds / kills)
        victim = chance.choice([0, 1, 2])
        processes[victim].kill()
        processes[victim].communicate()
        processes[victim] = start(ROLES[victim], folder, seconds)
    told = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0] * len(ROLES), "\n".join(error for _, error in told)
    assert all(int(rounds) > 3 for rounds, _ in told), told
    pruning(folder, time.time() + 0.2)
    verifying(folder, time.time() + 0.2)
    pruning(folder, time.time() + 0.2)
    assert list(folder.parent.rglob(".*")) == []
    rep = representation(folder)
    for number in range(7):
        write(rep, str(number), str(number + 100))
    rows = [str(number) for number in range(7)]
    np.testing.assert_array_equal(rep.features(rows, rows, LAYERS).values, expected(*rows))
    assert rep.verify() == []
    return {role.__name__: int(rounds) for role, (rounds, _) in zip(ROLES, told, strict=True)}


@pytest.mark.timeout(120)
def test_writers_readers_prune_verify_and_trials_at_once(tmp_path):
    together(tmp_path / "store", seconds=6, kills=4)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_minute_of_it_with_forty_kills(tmp_path):
    together(tmp_path / "store", seconds=60, kills=40)


def test_prune_leaves_what_a_living_process_writes_whatever_its_age(tmp_path):
    store = Store(tmp_path / "store")
    write(representation(store.folder), "1")
    with whole_folder(store.folder / "alive") as folder, whole_file(store.folder / "alive.json") as file:
        (folder / "0.npy").write_bytes(bytes(5))
        for path in (folder / "0.npy", folder, file):
            os.utime(path, (0, 0))
        assert catalogue.prune(store, 0) == {}
        (folder / "1.npy").write_bytes(bytes(5))
    assert sorted(each.name for each in (store.folder / "alive").iterdir()) == ["0.npy", "1.npy"]
    assert (store.folder / "alive.json").exists()


@pytest.mark.parametrize("whole", [whole_file, whole_folder])
def test_what_is_removed_before_it_is_locked_is_begun_again(tmp_path, monkeypatch, whole):
    from neuroscope.runtime import files

    lock, stolen = files.try_to_lock, []

    def steal(handle):
        if len(stolen) < 2:
            (left,) = tmp_path.glob(".*.partial")
            stolen.append(left)
            left.rmdir() if left.is_dir() else left.unlink()
        return lock(handle)

    monkeypatch.setattr(files, "try_to_lock", steal)
    with whole(tmp_path / "a") as temporary:
        assert temporary.exists()
        assert temporary not in stolen
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


KILLED = """
import os, pathlib, sys
from neuroscope.store.elsewhere import Note
from neuroscope.runtime.file_lock import FolderLock
from neuroscope.runtime.files import scratch_folder, whole_file, whole_folder
from neuroscope.study.run_folder import RunFolder
store, path, kind = map(pathlib.Path, sys.argv[1:])
if str(kind) == "export":
    note = Note(store, path)
    with whole_file(path) as file, scratch_folder(path) as scratch:
        (scratch / "0.parquet").write_bytes(bytes(7))
        file.write_bytes(bytes(5))
        os.kill(os.getpid(), 9)
run = RunFolder(path, store if str(kind) == "out" else None)
path.mkdir(exist_ok=True)
with whole_folder(path / "parts"):
    with whole_folder(path, replace=True) as folder:
        (folder / "rows.csv").write_bytes(bytes(5))
        os.kill(os.getpid(), 9)
"""


def killed(store, path, kind):
    done = subprocess.run([sys.executable, "-c", KILLED, str(store), str(path), kind], check=False)
    assert done.returncode == -signal.SIGKILL


def hidden(folder):
    return sorted(path for path in folder.rglob(".*"))


def test_what_a_killed_export_left_is_found_wherever_it_was_written(tmp_path):
    store, place = Store(tmp_path / "store"), tmp_path / "place"
    place.mkdir()
    killed(store.folder, place / "x.parquet", "export")
    assert len(hidden(place)) == 2
    assert catalogue.prune(store, 24) == {}
    assert sorted(catalogue.prune(store, 0).values()) == [5, 7]
    assert hidden(place) == []
    assert list((store.folder / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("kind", ["out", "run"])
def test_what_a_killed_run_left_is_found_and_what_it_had_moved_away_comes_back(tmp_path, kind):
    store, place = Store(tmp_path / "store"), tmp_path / ("place" if kind == "out" else "runs")
    (place / "run").mkdir(parents=True)
    (place / "run" / "rows.csv").write_bytes(bytes(3))
    killed(store.folder, place / "run", kind)
    (partial,) = place.glob(".run.*.partial")
    (place / "run").rename(partial.with_suffix(".former"))  # killed a moment later
    removed = catalogue.prune(store, 0, tmp_path / "runs")
    assert hidden(place) == []
    assert (place / "run" / "rows.csv").read_bytes() == bytes(3)
    assert {Path(path).suffix for path in removed} == {".partial", ".lock"}
    assert sum(removed.values()) == 5


def test_a_run_that_goes_on_keeps_what_lies_beside_it(tmp_path):
    store, out = Store(tmp_path / "store"), tmp_path / "runs" / "run"
    run = RunFolder(out)
    former = out.with_name(f".run.{'0' * 16}.former")
    former.mkdir()
    assert catalogue.prune(store, 0, out.parent) == {}
    assert former.exists()
    run.close()
    assert catalogue.prune(store, 0, out.parent) == {}
    assert out.exists()
    assert not former.exists()


def test_a_note_of_a_living_writer_and_one_whose_disk_is_away_stay(tmp_path):
    store = tmp_path / "store"
    note = Note(store, tmp_path / "x.npz")
    elsewhere.prune(store, time.time() + 1, None)
    assert len(list((store / "elsewhere").iterdir())) == 1
    note.remove()
    note.remove()
    assert list((store / "elsewhere").iterdir()) == []
    (tmp_path / "disk").mkdir()
    killed(store, tmp_path / "disk" / "x.npz", "export")
    (tmp_path / "disk").rename(tmp_path / "away")
    assert elsewhere.prune(store, time.time() + 1, None) == {}
    (tmp_path / "away").rename(tmp_path / "disk")
    assert len(elsewhere.prune(store, time.time() + 1, None)) == 2


@pytest.mark.parametrize("content", [b"", b"[]", b'{"path": 3}', b"\xff"])
def test_a_note_that_cannot_be_read_goes(tmp_path, content):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.json").write_bytes(content)
    removed = elsewhere.prune(tmp_path, time.time() + 1, None)
    assert removed == {str(tmp_path / "elsewhere" / "x.json"): len(content)}
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_what_is_no_note_goes_and_the_notes_behind_it_are_followed(tmp_path):
    notes = tmp_path / "store" / "elsewhere"
    killed(tmp_path / "store", tmp_path / "x.npz", "export")
    (notes / "0-folder").mkdir()
    (notes / "0-folder" / "x").write_bytes(bytes(3))
    (notes / "0-link").symlink_to("0-link")
    os.mkfifo(notes / "0-pipe")
    removed = elsewhere.prune(tmp_path / "store", time.time() + 1, None)
    assert [removed.pop(str(notes / f"0-{name}")) for name in ("folder", "link", "pipe")] == [3, 0, 0]
    assert sorted(removed.values()) == [5, 7]
    assert list(notes.iterdir()) == []


def test_a_note_that_this_user_may_not_read_stays_for_the_one_who_may(tmp_path, monkeypatch):
    def refuse(file, shape):
        raise PermissionError(EACCES, "Permission denied")

    killed(tmp_path / "store", tmp_path / "x.npz", "export")
    with monkeypatch.context() as other_user:
        other_user.setattr(elsewhere.json_files, "read", refuse)
        assert elsewhere.prune(tmp_path / "store", time.time() + 1, None) == {}
    assert sorted(elsewhere.prune(tmp_path / "store", time.time() + 1, None).values()) == [5, 7]


def test_what_cannot_be_removed_is_told_once_all_else_is(tmp_path, monkeypatch):
    for name in ("a", "b", "c"):
        killed(tmp_path / "store", tmp_path / f"{name}.npz", "export")
    find = elsewhere.leftovers_of

    def refuse(path):
        if path.name == "b.npz":
            raise PermissionError(EACCES, "Permission denied")
        return find(path)

    with monkeypatch.context() as refusing:
        refusing.setattr(elsewhere, "leftovers_of", refuse)
        with pytest.raises(NeuroscopeError, match=r"of .*b\.npz cannot be removed: PermissionError: Permission denied"):
            elsewhere.prune(tmp_path / "store", time.time() + 1, None)
    assert {each.name.split(".")[1] for each in hidden(tmp_path)} == {"b"}
    assert len(elsewhere.prune(tmp_path / "store", time.time() + 1, None)) == 2
    assert hidden(tmp_path) == []


def test_a_killed_run_by_a_link_is_found_by_prune_and_by_the_next_run(tmp_path):
    store, real, link = Store(tmp_path / "store"), tmp_path / "disk" / "run", tmp_path / "run"
    real.mkdir(parents=True)
    (real / "rows.csv").write_bytes(bytes(3))
    link.symlink_to(real)
    for come_back in (lambda: RunFolder(link).close(), lambda: catalogue.prune(store, 0)):
        killed(store.folder, link, "out")
        (partial,) = real.parent.glob(".run.*.partial")
        real.rename(partial.with_suffix(".former"))  # killed a moment later
        come_back()
        assert (real / "rows.csv").read_bytes() == bytes(3)
        assert list(real.parent.iterdir()) == [real]
    assert link.is_symlink()


def test_a_place_without_a_store_that_can_be_written_has_no_notes(tmp_path):
    (tmp_path / "store").touch()
    Note(tmp_path / "store", tmp_path / "x.npz").remove()
    assert [each.name for each in tmp_path.iterdir()] == ["store"]


def test_names_with_signs_of_patterns_are_taken_literally(tmp_path):
    for name in ("run[1]", "run1"):
        (tmp_path / f".{name}.{'0' * 16}.partial").mkdir()
    assert [each.name for each in leftovers_of(tmp_path / "run[1]")] == [f".run[1].{'0' * 16}.partial"]
