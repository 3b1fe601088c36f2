"""Files below a folder: progress, a corpus's own texts, one of several copies, and what lies near."""

from contextlib import contextmanager

import pytest

from neuroscope.contracts.progress import silent
from neuroscope_speech_tasks.reading.listing import found_near, list_files, one_of_each


def test_listing_tells_how_many_files_it_has_found_on_the_way(tmp_path):
    for folder in range(3):
        (tmp_path / str(folder)).mkdir()
        for number in range(1_100):
            (tmp_path / str(folder) / f"{number}.wav").touch()
    told = []

    @contextmanager
    def progress(label, total):
        told.append((label, total))
        yield told.append

    assert len(list_files(tmp_path, progress).names) == 3_300
    assert told == [("Listing files", 0), 1_100, 1_100, 1_100, 0]


def test_a_corpus_own_texts_are_passed_over_and_others_counted(tmp_path):
    for name in ("a.wav", "a.txt", "b.TXT", "c.csv", "Makefile"):
        (tmp_path / name).touch()
    found = list_files(tmp_path, silent, beside=(".txt",))
    assert (found.names, found.left_out) == (("a.wav",), {".csv file": 1, "no ending file": 1})


def test_of_copies_the_quickest_to_read_is_chosen_whatever_the_case_of_its_ending():
    named = [("a", "aac/a.m4a"), ("b", "aac/b.m4a"), ("a", "flac/a.flac"), ("a", "wav/a.WAV"), ("a", "wav2/a.wav")]
    assert one_of_each(named) == ({"a": "wav/a.WAV", "b": "aac/b.m4a"}, 3)


@pytest.mark.parametrize("place", ["x.txt", "a/x.txt", "a/b/X.TXT"])
def test_what_lies_near_is_in_the_folder_or_up_to_two_above_it(place, tmp_path):
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    assert found_near(tmp_path / "a" / "b", "x.txt") is None
    (tmp_path / place).touch()
    assert found_near(tmp_path / "a" / "b", "other.txt", "x.txt") == tmp_path.resolve() / place
    assert (found_near(tmp_path / "a" / "b" / "c", "x.txt") is None) == (place == "x.txt")
