"""The second look at a corpus opens no file that has not changed."""

import os
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars
import pytest
import soundfile

from neuroscope.audio import waveforms
from neuroscope.audio.files import AudioFile, Stamp
from neuroscope.audio.index import examine_all
from neuroscope.audio.waveforms import examine
from neuroscope.errors import BadAudio


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / f"{number}.wav" for number in range(4)]
    for number, path in enumerate(paths):
        soundfile.write(path, np.full(100 + number, number / 10), 16_000)
    return paths


@pytest.fixture
def index(tmp_path):
    return tmp_path / "index"


def looks_at(paths, index):
    """How many files a look reads."""
    totals = [0]

    @contextmanager
    def progress(label, total):
        del label
        totals[0] = total
        yield lambda steps: None

    examine_all(index, paths, progress)
    return totals[0]


def test_every_file_is_what_examining_it_alone_says(files, index):
    assert examine_all(index, [*files, files[0]]) == {path: examine(path) for path in files}


@pytest.fixture
def no_more_files(monkeypatch):
    """A function after which nobody may open a file that is examined."""
    return lambda: monkeypatch.setattr(waveforms, "examine", lambda path: pytest.fail(f"{path} is opened"))


def test_the_second_look_opens_no_file(files, index, no_more_files):
    first = examine_all(index, files)
    no_more_files()
    assert examine_all(index, files) == first


def test_a_file_that_changed_in_size_or_time_is_read_again(files, index):
    first = examine_all(index, files)
    soundfile.write(files[0], np.zeros(200), 16_000)
    status = files[1].stat()
    soundfile.write(files[1], np.full(101, 0.5), 16_000)
    os.utime(files[1], ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    status = files[2].stat()
    soundfile.write(files[2], np.full(102, 0.5), 16_000)
    os.utime(files[2], ns=(status.st_atime_ns, status.st_mtime_ns))  # as a copy does that keeps times
    second = examine_all(index, files)
    assert [path for path in files if first[path] != second[path]] == files[:3]
    assert second[files[0]].frames == 200


def test_a_relative_path_is_the_same_file_and_not_in_another_folder(files, index, monkeypatch, tmp_path):
    first = examine_all(index, files)
    monkeypatch.chdir(tmp_path)
    assert looks_at([Path(files[0].name)], index) == 0
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    soundfile.write("0.wav", np.zeros(7), 16_000)
    assert examine_all(index, [Path("0.wav")])[Path("0.wav")] != first[files[0]]


def test_a_file_under_two_names_is_remembered_under_both(files, index, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    names = [files[0], Path("0.wav"), *files[1:], files[0]]
    first = examine_all(index, names)
    assert list(first) == [files[0], Path("0.wav"), *files[1:]]
    assert looks_at(names, index) == 0
    assert examine_all(index, names) == first == {path: examine(path) for path in names}


def test_what_cannot_be_used_is_told_each_time_and_never_remembered(files, index, tmp_path):
    bad = {tmp_path / "missing.wav": "missing file", tmp_path: "not a file", tmp_path / "n\0l.wav": "unreadable file"}
    (tmp_path / "text.wav").write_text("text")
    bad[tmp_path / "text.wav"] = "not audio, or damaged"
    for _ in range(2):
        found = examine_all(index, [*bad, files[0]])
        assert {path: found[path].reason for path in bad} == bad
    soundfile.write(tmp_path / "missing.wav", np.zeros(9), 16_000)
    assert isinstance(examine_all(index, bad)[tmp_path / "missing.wav"], AudioFile)


def test_an_empty_file_is_told_by_its_size_and_not_opened(index, tmp_path, no_more_files):
    empty = [tmp_path / f"{number}.wav" for number in range(3)]
    for path in empty:
        path.touch()
    assert [str(examine_all(index, empty)[path]) for path in empty] == [f"empty file: {path}" for path in empty]
    with pytest.raises(BadAudio, match="empty file"):
        examine(empty[0])
    no_more_files()
    assert [each.reason for each in examine_all(index, empty).values()] == ["empty file"] * 3


def test_an_empty_file_that_is_filled_is_read(files, index, tmp_path):
    path = tmp_path / "later.wav"
    path.touch()
    assert looks_at([path], index) == 0
    path.write_bytes(files[0].read_bytes())
    assert looks_at([path], index) == 1


def test_a_pipe_has_no_size_and_is_no_empty_file(index, tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    (found,) = examine_all(index, [tmp_path / "pipe.wav"]).values()
    assert found.reason == "not a file"


def test_a_name_that_is_not_utf8_is_remembered(files, index, tmp_path, no_more_files):
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.wav"))
    files[0].rename(odd)
    first = examine_all(index, [odd])
    no_more_files()
    assert examine_all(index, [odd]) == first
    assert isinstance(first[odd], AudioFile)


def test_segments_of_several_looks_add_up(files, index):
    for path in files:
        examine_all(index, [path])
    assert looks_at(files, index) == 0


def test_what_a_look_finds_can_be_read_and_is_another_file_when_it_changes(files, index):
    """New and remembered files have the stamp that they had when they were digested."""
    for _ in range(2):
        found = examine_all(index, files)
        assert [found[path].stamp for path in files] == [Stamp.of(path.stat()) for path in files]


def test_a_file_that_changes_between_two_looks_at_it_has_the_stamp_of_what_was_digested(files, index, monkeypatch):
    examine = waveforms.examine

    def change_and_examine(path):
        soundfile.write(path, np.zeros(300), 16_000)
        return examine(path)

    monkeypatch.setattr(waveforms, "examine", change_and_examine)
    found = examine_all(index, files)
    assert [found[path].stamp for path in files] == [Stamp.of(path.stat()) for path in files]
    assert looks_at(files, index) == 0


def test_no_flipped_bit_of_the_index_is_believed(files, index):
    """Any byte, by any bit: the index is made anew, and is whole again behind the look."""
    first = examine_all(index, files)
    (segment,) = index.glob("*.parquet")
    whole = segment.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 200)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        segment.write_bytes(damaged)
        assert examine_all(index, files) == first
        assert [each.read_bytes() for each in index.glob("*.parquet")] == [whole]


def test_damaged_and_foreign_segments_cost_a_look_and_nothing_else(files, index):
    first = examine_all(index, files)
    (segment,) = index.glob("*.parquet")
    segment.write_bytes(segment.read_bytes()[:-20])
    (index / "empty.parquet").touch()
    polars.DataFrame({"other": [1]}).write_parquet(index / "foreign.parquet")
    assert examine_all(index, files) == first
    assert looks_at(files, index) == 0


def test_an_index_that_cannot_be_written_is_done_without(files, tmp_path):
    (tmp_path / "occupied").write_text("a file where the folder should be")
    found = examine_all(tmp_path / "occupied" / "index", files)
    assert all(isinstance(each, AudioFile) for each in found.values())


def test_an_interrupted_look_remembers_what_it_read(files, index):
    @contextmanager
    def interrupted(label, total):
        del label
        steps = []

        def advance(count):
            steps.append(count)
            if len(steps) == total - 1:
                raise KeyboardInterrupt

        yield advance

    with pytest.raises(KeyboardInterrupt):
        examine_all(index, files, interrupted)
    assert looks_at(files, index) == 1


def test_nothing_but_whole_segments_is_left_in_the_folder(files, index):
    examine_all(index, files)
    assert [path.suffix for path in index.iterdir()] == [".parquet"]
