"""Which samples of a file an utterance is."""

from pathlib import Path

import pytest

from neuroscope.audio.files import AudioFile
from neuroscope.audio.spans import AudioFiles, locate, locate_all
from neuroscope.contracts.audio import Utterance
from neuroscope.errors import BadAudio

FILE = AudioFile("digest", 48_000, 16_000, 1)


def stretch(**fields):
    found = locate(Utterance(id="u", path=None, **fields), FILE)
    return found.first, found.last


def test_an_end_within_ten_milliseconds_of_the_files_is_the_files():
    assert [stretch(start=1.0, duration=seconds) for seconds in (1.9901, 2.0, 2.0099)] == [(16_000, 48_000)] * 3
    assert stretch(start=1.0, duration=1.9899) == (16_000, 47_838)  # 2.9899 s are 47,838.4 samples
    with pytest.raises(BadAudio) as caught:
        stretch(start=1.0, duration=2.0101)
    assert caught.value.reason == "end outside the file"


def test_a_stretch_begins_and_ends_at_the_nearest_sample():
    assert stretch(start=1.6 / 16_000, duration=10 / 16_000) == (2, 12)
    assert stretch(start=1.4 / 16_000, duration=10 / 16_000) == (1, 11)


def test_the_length_at_another_rate_is_counted_from_the_rate_of_each_ones_own_file():
    files = {Path("slow"): AudioFile("s", 8_000, 8_000, 1), Path("fast"): AudioFile("f", 24_000, 48_000, 1)}
    utterances = [Utterance(id=str(n), path=Path(name)) for n, name in enumerate(("fast", "slow", "fast"))]
    found = locate_all(utterances, AudioFiles.of(files))
    assert found.samples_at(16_000).tolist() == [8_000, 16_000, 8_000]
