import csv
import ctypes
import subprocess
import sys
import time
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import espeakng_loader
import numpy as np
import pytest

from neuroscope import MissingDependency, NeuroscopeError
from neuroscope_espeak import corpus
from neuroscope_espeak.corpus import espeak
from neuroscope_espeak.design import LANGUAGES, VOICES, sentences

SMALL = {"voices": ("m1", "f3", "f5"), "texts": 2, "rates": (300,), "pitches": (20, 80)}
TINY = {"voices": ("m1",), "texts": 1, "rates": (300,), "pitches": (50,)}


def bytes_of(manifest):
    return {utterance.id: utterance.path.read_bytes() for utterance in manifest}


def fundamental(path):
    """The strongest period between 50 and 400 Hz, in Hz."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(float)
    power = np.abs(np.fft.rfft(samples, 2 * len(samples))) ** 2
    shortest, longest = 22_050 // 400, 22_050 // 50
    return 22_050 / (shortest + np.argmax(np.fft.irfft(power)[shortest:longest]))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("corpora") / "not" / "there"
    return root, espeak(root, **SMALL)


def test_files_are_what_the_manifest_says(made):
    root, manifest = made
    assert len(manifest) == 3 * 2 * 2
    for utterance in manifest:
        with wave.open(str(utterance.path)) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (22_050, 1, 2)
            assert file.getnframes() / 22_050 == utterance.duration > 0.5
    first = manifest.utterances[0]
    assert (first.id, first.speaker) == ("en-m1-t01-r300-p20", "m1")
    assert first.tags == {
        "gender": "m", "language": "en", "text": "t01", "rate": "300", "pitch": "20", "sentence": sentences()["en"][0],
    }  # fmt: skip
    assert [entry.name for entry in root.iterdir()] == [first.path.relative_to(root).parts[0]]


def test_manifest_file_is_for_other_tools_too(made):
    _, manifest = made
    folder = manifest.utterances[0].path.parents[2]
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [folder / row["path"] for row in rows] == [utterance.path for utterance in manifest]
    assert [float(row["duration"]) for row in rows] == [utterance.duration for utterance in manifest]


def test_same_options_same_bytes_and_fingerprint(made, tmp_path):
    time.sleep(1.1)  # the library's own seed is the second it was loaded in
    again = espeak(tmp_path, **SMALL)
    assert bytes_of(again) == bytes_of(made[1])
    assert again.fingerprint == made[1].fingerprint


def test_a_voice_does_not_depend_on_the_others(made, tmp_path):
    alone = bytes_of(espeak(tmp_path, **{**SMALL, "voices": ("f5",)}))
    assert alone.items() <= bytes_of(made[1]).items()


def test_second_call_makes_nothing(made, monkeypatch):
    root, manifest = made
    monkeypatch.setattr(corpus, "_make", None)
    assert espeak(root, **{**SMALL, "voices": ("f5", "m1", "f3")}) == manifest


def test_other_options_lie_beside(made):
    root, manifest = made
    before = {entry.name for entry in root.iterdir()}
    espeak(root, **TINY)
    assert before < {entry.name for entry in root.iterdir()}
    assert all(utterance.path.is_file() for utterance in manifest)


def test_every_voice_and_language_speaks_differently(tmp_path):
    voices = espeak(tmp_path, **{**TINY, "voices": VOICES})
    languages = espeak(tmp_path, **TINY, languages=tuple(LANGUAGES))
    assert len(set(bytes_of(voices).values())) == len(VOICES)
    assert len(set(bytes_of(languages).values())) == len(LANGUAGES)


def test_language_is_applied_to_the_same_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("neuroscope_espeak.design.sentences", lambda: {key: ["Rosa, 1 2 3!"] for key in LANGUAGES})
    same_text = espeak(tmp_path, **TINY, languages=tuple(LANGUAGES))
    assert len(set(bytes_of(same_text).values())) == len(LANGUAGES)


def test_rate_is_applied(tmp_path):
    slow, fast = espeak(tmp_path, **{**TINY, "rates": (100, 400)})
    assert slow.duration > 2 * fast.duration


def test_pitch_is_applied(tmp_path):
    low, high = espeak(tmp_path, **{**TINY, "pitches": (0, 99)})
    assert fundamental(high.path) > 1.5 * fundamental(low.path)


def test_women_speak_higher_than_men(tmp_path):
    manifest = espeak(tmp_path, **{**TINY, "voices": VOICES})
    by_gender = {
        gender: [fundamental(utterance.path) for utterance in manifest if utterance.tags["gender"] == gender]
        for gender in "mf"
    }
    assert max(by_gender["m"]) < min(by_gender["f"])


@pytest.mark.parametrize("language", ["ar", "ru", "zh"])
def test_text_is_read_as_utf_8(language, tmp_path):
    (utterance,) = espeak(tmp_path, **TINY, languages=(language,))
    assert utterance.duration < 0.08 * len(utterance.tags["sentence"]) * (3 if language == "zh" else 1)


def test_library_is_not_loaded_in_this_process(tmp_path, monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", None)
    assert len(espeak(tmp_path, **TINY)) == 1


def test_data_may_lie_deeper_than_the_library_can_spell(tmp_path, monkeypatch):
    deep = tmp_path / ("x" * 180)
    deep.mkdir()
    (deep / "espeak-ng-data").symlink_to(espeakng_loader.get_data_path())
    monkeypatch.setattr(espeakng_loader, "get_data_path", lambda: str(deep / "espeak-ng-data"))
    assert len(espeak(tmp_path / "root", **TINY)) == 1


def test_two_at_once_agree(tmp_path):
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: espeak(tmp_path, **TINY), range(2))
    assert one == other
    assert len(list(tmp_path.iterdir())) == 1


def test_a_writer_that_dies_does_no_harm(tmp_path):
    code = f"""
import os, pathlib
from neuroscope_espeak import corpus
whole = corpus.synthesise
def dies(*arguments):
    whole(*arguments)
    os._exit(9)
corpus.synthesise = dies
corpus.espeak(pathlib.Path({str(tmp_path)!r}), **{TINY!r})
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    (leftover,) = tmp_path.iterdir()
    assert len(espeak(tmp_path, **TINY)) == 1
    assert leftover.name.startswith(".")


def test_interruption_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(_design, _library, folder):
        (folder / "half.wav").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(corpus, "synthesise", interrupted)
    with pytest.raises(KeyboardInterrupt):
        espeak(tmp_path, **TINY)
    assert not list(tmp_path.iterdir())


def test_a_cut_or_lost_file_is_noticed(tmp_path):
    cut, lost, *_ = espeak(tmp_path, **{**TINY, "texts": 3})
    cut.path.write_bytes(cut.path.read_bytes()[:-2])
    lost.path.unlink()
    with pytest.raises(NeuroscopeError, match=r"2 of 3 files .* delete the folder"):
        espeak(tmp_path, **{**TINY, "texts": 3})


def test_missing_loader_is_told_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(MissingDependency, match=r"pip install .espeakng-loader"):
        espeak(tmp_path / "new", **TINY)
    assert not (tmp_path / "new").exists()


def test_loader_without_its_data_is_a_missing_dependency(tmp_path, monkeypatch):
    def gone():
        raise RuntimeError("data path not exists")

    monkeypatch.setattr(espeakng_loader, "get_data_path", gone)
    with pytest.raises(MissingDependency, match="data path not exists"):
        espeak(tmp_path / "new", **TINY)


def test_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NeuroscopeError, match=str(tmp_path / "file" / "root")):
        espeak(tmp_path / "file" / "root", **TINY)


@pytest.mark.parametrize("language", ["zh", "fr-fr", "nonsense"])
def test_language_that_the_library_does_not_know_is_an_error(language, tmp_path, monkeypatch):
    monkeypatch.setitem(LANGUAGES, "zh", language)
    with pytest.raises(NeuroscopeError, match=f"zh.m1 could not be spoken: espeak_SetVoiceByName {language}.m1 failed"):
        espeak(tmp_path, **TINY, languages=("en", "zh"))
    assert not list(tmp_path.iterdir())


def test_variant_that_the_library_lacks_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr("neuroscope_espeak.design.VOICES", ("m99",))
    with pytest.raises(NeuroscopeError, match="no voice variant 'm99'"):
        espeak(tmp_path, **{**TINY, "voices": ("m99",)})


@pytest.mark.parametrize("text", ["", "...", "   "])
def test_silence_is_an_error(text, tmp_path, monkeypatch):
    monkeypatch.setattr("neuroscope_espeak.design.sentences", lambda: {key: [text] for key in LANGUAGES})
    with pytest.raises(NeuroscopeError, match="silence"):
        espeak(tmp_path, **TINY)
    assert not list(tmp_path.iterdir())


def test_library_that_cannot_be_loaded_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(espeakng_loader, "get_library_path", lambda: str(Path(__file__)))
    with pytest.raises(NeuroscopeError, match="could not be spoken: OSError") as raised:
        espeak(tmp_path, **TINY)
    assert "\n" not in str(raised.value)


def test_data_of_no_use_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "data" / "voices" / "!v").mkdir(parents=True)
    monkeypatch.setattr(espeakng_loader, "get_data_path", lambda: str(tmp_path / "data"))
    with pytest.raises(NeuroscopeError, match="cannot use its data"):
        espeak(tmp_path / "root", **TINY)
