"""What lies below a folder: what is left over, how large it is, and how old."""

import os

import pytest

from neuroscope.runtime.file_lock import FolderLock
from neuroscope.store import disk


@pytest.fixture
def folder(tmp_path):
    for name in (".a.partial", ".b.former", ".c.damaged"):
        (tmp_path / "in" / name).mkdir(parents=True)
    return tmp_path / "in"


def test_leftovers_are_hidden_names_with_one_of_three_endings_and_none_is_looked_into(folder):
    for name in ("d.partial", ".e.whole", ".partial.f"):
        (folder / name).mkdir()
    (folder / ".a.partial" / ".g.partial").touch()
    (folder / "d.partial" / ".h.partial").touch()
    found = [str(path.relative_to(folder)) for path in disk.leftovers(folder)]
    assert sorted(found) == [".a.partial", ".b.former", ".c.damaged", "d.partial/.h.partial"]


def test_the_size_is_that_of_the_files_alone_and_no_link_is_followed(folder, tmp_path):
    (folder / "one").write_bytes(bytes(5))
    (folder / ".a.partial" / "two").write_bytes(bytes(7))
    (tmp_path / "elsewhere").write_bytes(bytes(1_000))
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    assert disk.size(folder) == 12
    assert disk.size(folder / "one") == 5


def test_a_folder_changed_last_when_it_or_the_youngest_below_it_did(folder):
    for number, path in enumerate((folder, *sorted(folder.iterdir()))):
        os.utime(path, (9, 100 + number))
    assert disk.last_change(folder) == 103
    os.utime(folder, (9, 200))
    assert disk.last_change(folder) == 200


def test_what_is_gone_before_it_is_looked_at_has_no_size_is_not_old_and_is_not_counted(folder):
    gone = folder / ".gone.partial"
    assert (disk.size(gone), disk.last_change(gone)) == (0, float("inf"))
    assert disk.remove([gone]) == {}


def test_a_link_is_removed_and_not_what_it_leads_to(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kept").touch()
    links = {"folder": tmp_path / "elsewhere", "file": tmp_path / "elsewhere" / "kept", "nowhere": tmp_path / "nowhere"}
    for name, to in links.items():
        (folder / f".{name}.partial").symlink_to(to)
    removed = disk.remove(disk.leftovers(folder))
    assert len(removed) == 6
    assert list(folder.iterdir()) == []
    assert (tmp_path / "elsewhere" / "kept").exists()


def test_the_lock_of_a_dead_process_is_left_over_and_that_of_a_living_one_stays(folder):
    lock = FolderLock(folder / "d")
    (folder / ".e.lock").touch()
    removed = disk.remove(path for path in disk.leftovers(folder) if path.suffix == ".lock")
    assert [*removed] == [str(folder / ".e.lock")]
    assert (folder / ".d.lock").exists()
    lock.release()
