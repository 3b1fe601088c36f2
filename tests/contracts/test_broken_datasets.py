"""Every check of a dataset, proven by a reader that is broken in that one way; a sound one passes them all."""

import itertools
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from neuroscope import BadManifest, BadOption, Manifest, MissingData, PluginBroken, Plugins, Utterance
from neuroscope.data import Data
from neuroscope.plugin.registry import Entry
from neuroscope.testing import checks_of, run

COUNT = 60
TURNS = itertools.count()


def sound(root: Path):
    """Every ``.wav`` below the root, in the order of their names."""
    paths = sorted(root.rglob("*.wav"))
    if not paths:
        raise MissingData(f"no .wav file lies in {root}: put the corpus there")
    return Manifest(tuple(utterance(path, root) for path in paths), source=str(root))


def utterance(path, root):
    name = path.relative_to(root).as_posix()
    return Utterance(id=name, path=path, start=0.01, duration=0.04, speaker=name[0], tags={"set": "a"})


def changed(at=7, **changes):
    """A reader of which one utterance differs."""

    def read(root: Path):
        rows = list(sound(root).utterances)
        rows[at] = replace(rows[at], **changes)
        return Manifest(tuple(rows))

    return read


def empty(root: Path):
    return Manifest(sound(root).utterances[:0])


def names_a_file_that_is_gone(root: Path):
    rows = sound(root).utterances
    return Manifest((*rows, replace(rows[0], id="gone", path=root / "gone.wav")))


def takes_text_for_audio(root: Path):
    rows = sound(root).utterances
    return Manifest((*rows, replace(rows[0], id="text", path=root / "notes.txt")))


def takes_every_file_for_audio(root: Path):
    rows = sound(root).utterances
    return Manifest((replace(rows[0], id="text", path=root / "notes.txt"), *rows))


def shuffled(root: Path):
    rows = list(sound(root).utterances)
    random.Random(next(TURNS)).shuffle(rows)
    return Manifest(tuple(rows))


def ids_with_the_root(root: Path):
    return Manifest(tuple(replace(each, id=str(each.path)) for each in sound(root)))


def tags_with_the_true_place(root: Path):
    rows = sound(root)
    return Manifest(tuple(replace(each, tags={"folder": str(each.path.resolve().parent)}) for each in rows))


def leaves_an_index(root: Path):
    manifest = sound(root)
    (root / "index.txt").write_text(str(next(TURNS)))
    return manifest


def leaves_more_and_more(root: Path):
    manifest = sound(root)
    (root / f"{next(TURNS)}.log").touch()
    return manifest


def silent_about_nothing(root: Path):
    return sound(root) if list(root.rglob("*.wav")) else Manifest(())


def fails_at_nothing(root: Path):
    list(root.iterdir())
    return sound(root)


def names_no_place(root: Path):
    try:
        return sound(root)
    except MissingData:
        raise MissingData("no data; download it first") from None


def blames_an_option(root: Path):
    try:
        return sound(root)
    except MissingData as error:
        raise BadOption(str(error)) from None


def seeds_python(root: Path):
    random.seed(0)
    return sound(root)


def draws_from_numpy(root: Path):
    np.random.permutation(3)
    return sound(root)


BROKEN = {
    "no utterance": (empty, "has_utterances"),
    "an id twice": (changed(id="00.wav"), "ids_are_unique"),
    "an empty id": (changed(id=" "), "ids_are_unique"),
    "a file that is gone": (names_a_file_that_is_gone, "files_exist"),
    "text as audio, last": (takes_text_for_audio, "files_hold_audio"),
    "text as audio, first": (takes_every_file_for_audio, "files_hold_audio"),
    "lasts no time": (changed(duration=0.0), "durations_are_positive"),
    "lasts less than no time": (changed(duration=-0.01), "durations_are_positive"),
    "starts before the file": (changed(start=-0.01), "durations_are_positive"),
    "lasts no number": (changed(duration=float("nan")), "durations_are_positive"),
    "milliseconds": (changed(at=0, start=10.0, duration=40.0), "utterances_lie_within_their_files"),
    "ends behind the file": (changed(at=0, duration=0.11), "utterances_lie_within_their_files"),
    "no such channel": (changed(at=-1, audio_channel=1), "utterances_lie_within_their_files"),
    "a number as a tag": (changed(tags={"age": 30}), "columns_are_text"),
    "an empty tag": (changed(tags={"age": ""}), "columns_are_text"),
    "speaker as a tag": (changed(tags={"speaker": "a"}), "columns_are_text"),
    "an empty speaker": (changed(speaker=""), "columns_are_text"),
    "another order each time": (shuffled, "same_place_same_manifest"),
    "ids with the root": (ids_with_the_root, "another_place_same_manifest"),
    "tags with the true place": (tags_with_the_true_place, "another_place_same_manifest"),
    "an index that changes": (leaves_an_index, "reading_writes_nothing"),
    "more and more files": (leaves_more_and_more, "reading_writes_nothing"),
    "silent about nothing": (silent_about_nothing, "an_empty_root_is_told"),
    "a bare OSError at nothing": (fails_at_nothing, "an_empty_root_is_told"),
    "an error without a place": (names_no_place, "an_empty_root_is_told"),
    "the wrong error": (blames_an_option, "an_empty_root_is_told"),
    "a seed for everybody": (seeds_python, "global_randomness_is_left_alone"),
    "everybody's generator": (draws_from_numpy, "global_randomness_is_left_alone"),
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Sixty files of a tenth of a second, and one that is no audio."""
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "notes.txt").write_text("recorded on a Sunday")
    for number in range(COUNT):
        soundfile.write(folder / f"{number:02d}.wav", np.full(1600, 0.1), 16_000)
    return folder


def outcomes(reader, root):
    plugins = Plugins()
    plugins.datasets.add(Entry("dataset", "mine", reader, "", "", "test:mine"))
    data = None if root is None else Data(root=root)
    return {each.check: each for each in run("dataset", "mine", data, plugins=plugins)}


def failed(found):
    return {name: each.reason for name, each in found.items() if not each.ok}


def test_a_sound_reader_passes_every_check(corpus):
    found = outcomes(sound, corpus)
    assert failed(found) == {}
    assert {each.verdict for each in found.values()} == {"passed"}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_reader_fails_its_check_and_no_other(name, corpus):
    reader, check = BROKEN[name]
    assert list(failed(outcomes(reader, corpus))) == [check]


def test_every_check_has_its_broken_reader():
    assert {check for _, check in BROKEN.values()} == {check.__name__ for check in checks_of("dataset")}


def test_a_file_as_root_is_linked_with_its_folder_and_a_large_corpus_is_not_copied(corpus, monkeypatch, tmp_path):
    def beside(root: Path):
        if not root.is_file():
            raise BadManifest(str(root), ["it is no file"])
        return sound(root.parent)

    assert failed(outcomes(beside, corpus / "notes.txt")) == {}
    monkeypatch.setattr("neuroscope.testing.inputs.places._COPIED_FILES", COUNT - 1)
    assert failed(outcomes(tags_with_the_true_place, corpus)) == {}
    assert list(failed(outcomes(ids_with_the_root, corpus))) == ["another_place_same_manifest"]


def test_without_a_root_the_default_place_is_read_and_a_generator_need_not_tell_of_nothing(own_folders, corpus):
    def generates(root: Path):
        if not root.exists():
            root.mkdir(parents=True)
        if not (root / "a.wav").exists():
            soundfile.write(root / "a.wav", np.full(1600, 0.1), 16_000)
        return sound(root)

    found = outcomes(generates, None)
    assert (own_folders / "data" / "mine" / "a.wav").is_file()
    assert {name for name, each in found.items() if each.verdict != "passed"} == {"an_empty_root_is_told"}
    assert found["an_empty_root_is_told"].verdict == "skipped"


def test_a_dataset_that_makes_no_use_of_its_root_is_no_failure():
    def elsewhere(root: Path):
        return Manifest((Utterance(id="a", path=None),))

    found = outcomes(elsewhere, Path("/nowhere"))
    assert failed(found) == {}
    assert found["another_place_same_manifest"].verdict == "skipped"


def test_messages_say_what_is_wrong_where_and_what_to_do(corpus):
    def of(name):
        reader, check = BROKEN[name]
        return outcomes(reader, corpus)[check].reason

    assert "00.wav (2 times)" in of("an id twice")
    assert "07.wav: 'age'=30" in of("a number as a tag")
    assert "write str(value)" in of("a number as a tag")
    assert "10 s to 50 s of 0.100 s" in of("milliseconds")
    assert "sort what a folder lists" in of("another order each time")
    assert "relative to the root" in of("ids with the root")
    assert "index.txt" in of("an index that changes")
    assert "FileNotFoundError" in of("a bare OSError at nothing")


@pytest.mark.parametrize(
    ("reader", "told"),
    [
        (lambda root: [], "returns a list, not a Manifest"),
        (lambda root: Manifest(("a",)), "'a' in it, which is no Utterance"),
        (lambda root: Manifest(tuple(1 / 0 for _ in "a")), "ZeroDivisionError"),
    ],
)
def test_what_is_no_manifest_at_all_cannot_be_checked(reader, told, corpus):
    with pytest.raises(PluginBroken, match=told):
        outcomes(reader, corpus)


def test_a_dataset_is_checked_whole(corpus):
    plugins = Plugins()
    plugins.datasets.add(Entry("dataset", "mine", sound, "", "", "test:mine"))
    with pytest.raises(BadOption, match="--root, and nothing else"):
        run("dataset", "mine", Data(root=corpus, where=["set=a"]), plugins=plugins)
    with pytest.raises(MissingData, match="put the corpus there"):
        run("dataset", "mine", plugins=plugins)
