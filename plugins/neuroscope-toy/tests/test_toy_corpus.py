"""The toy corpus: made once, whole, and the same everywhere."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import soundfile

from neuroscope import BadOption, NeuroscopeError
from neuroscope_toy.corpus import toy
from neuroscope_toy.task import toy as task


def digest(manifest):
    return [hashlib.sha256(each.path.read_bytes()).hexdigest() for each in manifest]


def test_the_manifest_names_every_file_that_is_there(tmp_path):
    manifest = toy(tmp_path, speakers=5, utterances=3)
    assert len(manifest) == 15
    assert len({each.id for each in manifest}) == 15
    assert {each.path for each in manifest} == set(tmp_path.rglob("*.wav"))
    assert len({each.speaker for each in manifest}) == 5
    for each in manifest:
        assert soundfile.info(each.path).samplerate == 16_000
        assert 0.01 < np.abs(soundfile.read(each.path)[0]).max() < 1


def test_the_tone_of_a_speaker_is_what_is_heard(tmp_path):
    label = task().label
    for each in toy(tmp_path, speakers=6, utterances=1):
        wave, rate = soundfile.read(each.path)
        pitch = np.abs(np.fft.rfft(wave)).argmax() * rate / len(wave)
        assert (pitch < 500) if label(each) == "low" else (pitch > 2000)
    assert {label(each) for each in toy(tmp_path, speakers=4)} == {"low", "high"}


def test_the_same_options_give_the_same_bytes_and_another_seed_gives_others(tmp_path):
    here, there = (toy(tmp_path / name, speakers=4, utterances=1) for name in ("a", "b"))
    assert here.fingerprint == there.fingerprint
    assert digest(here) == digest(there)
    other = toy(tmp_path / "a", speakers=4, utterances=1, seed=1)
    assert not set(digest(here)) & set(digest(other))


def test_what_is_there_is_not_made_again(tmp_path):
    first = toy(tmp_path, speakers=4, utterances=1)
    times = [each.path.stat().st_mtime_ns for each in first]
    assert [each.path.stat().st_mtime_ns for each in toy(tmp_path, speakers=4, utterances=1)] == times


def test_many_at_once_make_one_whole_corpus(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: digest(toy(tmp_path, speakers=4, utterances=2)), range(8)))
    assert all(each == made[0] for each in made)
    assert len(list(tmp_path.iterdir())) == 1  # and nothing temporary


def test_an_interrupted_corpus_leaves_nothing_behind(tmp_path, monkeypatch):
    calls = iter(range(3))

    def interrupted(*args):
        if next(calls) == 2:
            raise KeyboardInterrupt
        return _write(*args)

    _write = soundfile.write
    monkeypatch.setattr(soundfile, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        toy(tmp_path, speakers=4, utterances=2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", [{"speakers": 3}, {"utterances": 0}, {"seed": -1}])
def test_what_cannot_be_made_is_refused_before_anything_is_written(tmp_path, options):
    with pytest.raises(BadOption):
        toy(tmp_path, **options)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NeuroscopeError, match=r"cannot be written.*file"):
        toy(tmp_path / "file")
