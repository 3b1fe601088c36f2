"""What lies below a folder: what is left over, how large it is, and how old."""

import os

import pytest

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
