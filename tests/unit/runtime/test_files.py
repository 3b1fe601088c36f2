"""A file or folder is whole or not there."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from neuroscope.runtime.files import cache_folder, data_folders, whole_file, whole_folder, write_on_trial


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def umask():
    """Sets the umask of this process, and sets it back."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def test_a_file_appears_whole_and_replaces_the_former(tmp_path):
    (tmp_path / "a.txt").write_text("former")
    with whole_file(tmp_path / "a.txt") as temporary:
        temporary.write_text("new")
        assert (tmp_path / "a.txt").read_text() == "former"
    assert (tmp_path / "a.txt").read_text() == "new"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_block_that_fails_leaves_everything_as_it_was(tmp_path, error):
    (tmp_path / "a.txt").write_text("former")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "former").touch()
    with pytest.raises(error), whole_file(tmp_path / "a.txt") as temporary:
        temporary.write_text("half")
        raise error
    with pytest.raises(error), whole_folder(tmp_path / "folder", replace=True) as temporary:
        (temporary / "half").touch()
        raise error
    assert (tmp_path / "a.txt").read_text() == "former"
    assert names(tmp_path) == ["a.txt", "folder"]
    assert names(tmp_path / "folder") == ["former"]


def test_a_folder_that_exists_wins_unless_it_is_to_be_replaced(tmp_path):
    for content in ("first", "second"):
        with whole_folder(tmp_path / "folder") as temporary:
            (temporary / content).touch()
    assert names(tmp_path / "folder") == ["first"]
    with whole_folder(tmp_path / "folder", replace=True) as temporary:
        (temporary / "nested").mkdir()
        (temporary / "nested" / "third").touch()
    assert names(tmp_path / "folder") == ["nested"]
    assert names(tmp_path) == ["folder"]


def test_of_many_writers_of_one_folder_one_is_seen_whole(tmp_path):
    def write(number):
        with whole_folder(tmp_path / "folder") as temporary:
            for part in ("a", "b"):
                (temporary / part).write_text(str(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    assert names(tmp_path) == ["folder"]
    assert (tmp_path / "folder" / "a").read_text() == (tmp_path / "folder" / "b").read_text()


def test_a_former_folder_comes_back_when_the_new_one_cannot_take_its_place(tmp_path, monkeypatch):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "former").touch()
    rename = Path.rename

    def refuse(self, target):
        if self.suffix == ".partial":
            raise PermissionError(13, "not now")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(PermissionError), whole_folder(tmp_path / "folder", replace=True) as temporary:
        (temporary / "new").touch()
    assert names(tmp_path / "folder") == ["former"]
    assert names(tmp_path) == ["folder"]


def test_replacing_through_a_link_keeps_the_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with whole_folder(tmp_path / "link", replace=True) as temporary:
        (temporary / "new").touch()
    assert (tmp_path / "link").is_symlink()
    assert names(tmp_path / "real") == ["new"]


@pytest.mark.parametrize(("mask", "file_mode", "folder_mode"), [(0o022, 0o644, 0o755), (0o077, 0o600, 0o700)])
def test_who_may_read_is_what_the_user_set(tmp_path, umask, mask, file_mode, folder_mode):
    umask(mask)
    with whole_file(tmp_path / "a.txt") as temporary:
        temporary.touch()
    with whole_folder(tmp_path / "folder") as temporary:
        (temporary / "b.txt").touch()
    modes = [path.stat().st_mode & 0o777 for path in (tmp_path / "a.txt", tmp_path / "folder")]
    assert modes == [file_mode, folder_mode]
    assert (tmp_path / "folder" / "b.txt").stat().st_mode & 0o777 == file_mode


@pytest.mark.parametrize("whole", [whole_file, whole_folder])
def test_a_place_that_cannot_be_written_is_an_os_error(tmp_path, whole):
    (tmp_path / "file").touch()
    for parent in ("file", "missing"):
        with pytest.raises(OSError), whole(tmp_path / parent / "a") as temporary:
            (temporary / "x" if whole is whole_folder else temporary).touch()


def test_a_killed_writer_leaves_the_former_and_no_name_that_is_looked_for(tmp_path):
    code = (
        "import os, sys, pathlib\n"
        "from neuroscope.runtime.files import whole_file, whole_folder\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "with whole_folder(folder / 'shard') as shard, whole_file(folder / 'a.json') as file:\n"
        "    file.write_text('half')\n"
        "    (shard / 'half').touch()\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    (tmp_path / "a.json").write_text("former")
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == -9
    assert (tmp_path / "a.json").read_text() == "former"
    assert [name for name in names(tmp_path) if not name.startswith(".")] == ["a.json"]
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".json" and path.name != "a.json"]


def test_the_folders_are_those_of_the_environment_or_the_users_own(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NEUROSCOPE_CACHE", "~/cache")
    monkeypatch.setenv("NEUROSCOPE_DATA", "~/data")
    assert cache_folder() == tmp_path / "cache"
    assert data_folders("corpus")[0] == tmp_path / "data" / "corpus"
    for name in ("NEUROSCOPE_CACHE", "NEUROSCOPE_DATA"):
        monkeypatch.setenv(name, "")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert cache_folder().is_relative_to(tmp_path)
    assert len(data_folders("corpus")) == 1
    assert data_folders("corpus")[0].is_relative_to(tmp_path)


def test_what_is_written_on_trial_leaves_nothing(tmp_path):
    write_on_trial(tmp_path / "made" / "for" / "it")
    assert names(tmp_path) == []


def test_trials_beside_each_other_do_not_fail(tmp_path):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: write_on_trial(tmp_path / "made" / "for" / "it"), range(200)))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_disk_that_takes_no_more_is_found_on_trial(tmp_path):
    script = """
import resource, sys
from pathlib import Path
from neuroscope.runtime.files import write_on_trial

resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))
try:
    write_on_trial(Path(sys.argv[1]))
except OSError as error:
    print(error.strerror)
"""
    arguments = [sys.executable, "-c", script, str(tmp_path / "run")]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "File too large\n"
    assert names(tmp_path) == []
