"""A place for a run is tried before any work, beside other runs that try the same, and nothing stays of it."""

from pathlib import Path

import pytest

from neuroscope.errors import BadOption
from neuroscope.runtime import file_lock
from neuroscope.runtime.file_lock import FolderLock, make_folder
from neuroscope.runtime.files import write_on_trial
from neuroscope.study.run_folder import check_out


def test_nothing_stays_of_a_trial_and_what_others_made_meanwhile_does(tmp_path):
    write_on_trial(tmp_path / "a" / "b" / "run")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "others").touch()
    write_on_trial(tmp_path / "a" / "run")
    assert [each.name for each in (tmp_path / "a").iterdir()] == ["others"]


@pytest.fixture
def thieves(monkeypatch):
    """Other processes that remove an empty folder just after it was made, three times."""
    mkdir, stolen = Path.mkdir, []

    def make_and_lose(self, *given, **named):
        mkdir(self, *given, **named)
        if self.name == "made" and len(stolen) < 3:
            stolen.append(self)
            self.rmdir()

    monkeypatch.setattr(Path, "mkdir", make_and_lose)
    return stolen


def test_a_folder_that_others_remove_while_it_is_empty_is_made_again(tmp_path, thieves):
    write_on_trial(tmp_path / "made" / "run")
    assert len(thieves) == 3
    assert list(tmp_path.iterdir()) == []


def test_a_lock_in_a_folder_that_others_remove_is_held(tmp_path, thieves):
    lock = FolderLock(tmp_path / "made" / "run")
    assert lock.keeps_others_out
    assert len(thieves) == 3
    assert not FolderLock(tmp_path / "made" / "run").is_free
    lock.release()
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_folder_stays_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "file")
    with pytest.raises(NotADirectoryError):
        make_folder(tmp_path / "file" / "a")
    with pytest.raises(BadOption, match="cannot be written"):
        check_out(tmp_path / "file" / "a", tmp_path)


def test_a_link_is_tried_where_it_leads_to(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file" / "run")
    (tmp_path / "file").touch()
    with pytest.raises(BadOption, match=f"--out {tmp_path / 'link'} cannot be written: File exists"):
        check_out(tmp_path / "link", tmp_path)


def test_a_link_that_leads_to_itself_is_refused(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(BadOption, match="Too many levels of symbolic links"):
        check_out(tmp_path / "a", tmp_path)
    with pytest.raises(BadOption, match="cannot be"):
        check_out(tmp_path / "a" / "run", tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a", "b"]


def test_a_run_folder_that_another_run_replaces_just_now_is_no_stranger(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").touch()
    is_dir = Path.is_dir

    def look_and_move(self):
        found = is_dir(self)
        if self.name == "run" and found:
            self.rename(self.with_name("away"))
        return found

    monkeypatch.setattr(Path, "is_dir", look_and_move)
    check_out(tmp_path / "run", tmp_path)


def test_whoever_looks_at_a_lock_for_a_moment_is_waited_for(tmp_path, monkeypatch):
    first = FolderLock(tmp_path / "run")
    monkeypatch.setattr(file_lock.time, "sleep", lambda _: first.release())
    assert FolderLock(tmp_path / "run").keeps_others_out
