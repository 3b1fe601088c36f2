"""FLEURS, as it lies after unpacking, and as Lhotse copies it."""

from collections import Counter

import pytest

from neuroscope import BadOption, MissingData
from neuroscope.contracts.progress import silent
from neuroscope_speech_tasks.corpora.fleurs import LANGUAGES, read_fleurs

DATASET = "fleurs"


def read(root, **options):
    return read_fleurs(root, progress=silent, **options)


def test_recordings_have_language_gender_text_and_part_but_no_speaker(names):
    root = names()
    manifest = read(root)
    assert manifest.left_out == {}
    assert Counter((each.tags["language"], each.tags["split"]) for each in manifest) == {
        (code, part): count
        for code in ("ar_eg", "cmn_hans_cn")
        for part, count in (("train", 8), ("dev", 4), ("test", 8))
    }
    one = manifest.utterances[1]
    assert (one.id, one.path) == ("ar_eg/train/5501001", root / "data/ar_eg/audio/train/5501001.wav")
    assert one.tags == {"language": "ar_eg", "split": "train", "gender": "FEMALE", "text": "0", "seconds": "0.500"}
    assert {each.speaker for each in manifest} == {None}
    assert {each.tags["gender"] for each in manifest} == {"MALE", "FEMALE", "OTHER"}


@pytest.mark.parametrize("layout", ["flat", "languages", "lhotse"])
def test_an_utterance_is_the_same_in_each_layout(names, tmp_path, layout):
    other = read(names(layout=layout))
    (tmp_path / "fleurs").rename(tmp_path / layout)
    assert other.fingerprint == read(names()).fingerprint
    assert other.left_out == {}
    assert {(tmp_path / layout / each.path.relative_to(tmp_path / "fleurs")).is_file() for each in other} == {True}


def test_a_language_folder_is_read_by_its_name(names):
    root = names(layout="language")
    root = root.rename(root.with_name("ar_eg"))
    assert {each.tags["language"] for each in read(root)} == {"ar_eg"}


def test_archives_are_told_with_the_command_that_unpacks_them(names, told):
    root = names(layout="packed")
    message = told(root, MissingData, languages=("ar_eg",), parts=("dev",))
    folder = root / "data/ar_eg/audio"
    assert f"tar -xzf {folder}/dev.tar.gz -C {folder}" in message
    assert "train" not in message


def test_many_archives_are_told_with_one_command(names, told):
    root = names(layout="packed")
    message = told(root, MissingData)
    assert f"but 6 archives: find {root} -name '*.tar.gz' -execdir tar -xzf {{}} \\;" in message
    assert message.count("tar -xzf") == 1


@pytest.mark.parametrize("layout", ["data", "languages", "lhotse"])
def test_a_folder_that_is_no_language_is_refused_unless_others_are_asked_for(names, layout, told):
    root = names(layout=layout)
    tables = {"data": root / "data", "languages": root, "lhotse": root / "metadata"}[layout]
    (tables / "cmn_hans_cn").rename(tables / "fleurs_chinese")
    assert "fleurs_chinese is no language of FLEURS: name its folder as in ar_eg" in told(root)
    assert len(read(root, languages=("ar_eg", "ar_eg"))) == 20
    assert "no language fleurs_chinese (it has ar_eg)" in told(root, MissingData, languages=("fleurs_chinese",))


def test_there_are_102_languages():
    assert len(LANGUAGES) == 102


def test_languages_and_parts_are_chosen_and_what_is_not_there_is_told(names, told):
    root = names()
    assert len(read(root, languages=("cmn_hans_cn",), parts=("test", "dev"))) == 12
    message = told(root, MissingData, languages=("ru_ru", "ar_eg"))
    assert "no language ru_ru (it has ar_eg, cmn_hans_cn)" in message
    assert "huggingface.co/datasets/google/fleurs" in message
    (root / "data/ar_eg/dev.tsv").unlink()
    assert "no data/ar_eg/dev.tsv (parts=train+test does without)" in told(root, MissingData)
    assert "holds none of it" in told(root / "data/ar_eg/audio", MissingData)


def test_files_and_rows_that_lack_each_other_are_counted(names, edit, told):
    root = names()
    (root / "data/ar_eg/audio/dev/5300000.wav").unlink()
    (root / "data/ar_eg/audio/dev/extra.wav").touch()
    manifest = read(root)
    assert manifest.left_out == {"audio without a row": 1, "row whose file is not there": 1}
    edit(root / "data/ar_eg/train.tsv", lambda text: text + text.splitlines(keepends=True)[0])
    assert read(root).left_out["row that comes twice"] == 1
    for each in root.rglob("*.wav"):
        each.unlink()
    assert "no file of those that its tables name" in told(root, MissingData)


def test_copies_in_another_format_are_counted_and_a_wav_is_read_first(names):
    root = names()
    before = read(root)
    for each in root.rglob("dev/*.wav"):
        each.with_suffix(".flac").touch()
    after = read(root)
    assert (after.fingerprint, after.left_out) == (before.fingerprint, {"copy of an utterance": 8})
    assert {each.path.suffix for each in after} == {".wav"}


def test_all_folders_are_listed_at_once(names):
    listed = []

    def progress(label, total):
        listed.append(label)
        return silent(label, total)

    read_fleurs(names(), progress=progress)
    assert listed == ["Listing files"]


def test_no_parts_are_none(names, told):
    assert "parts names no set" in told(names(), BadOption, parts=())


def test_files_that_were_converted_are_found_by_their_names(names):
    root = names()
    before = read(root)
    for each in root.rglob("*.wav"):
        each.rename(each.with_suffix(".flac"))
    assert read(root).fingerprint == before.fingerprint


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("MALE", "HOMBRE", 1), "train.tsv line 1: gender HOMBRE is none of"),
        (lambda text: text.replace("8000", "8000.0", 1), "train.tsv line 1: num_samples 8000.0"),
        (lambda text: text.replace("5500000.wav", "../5500000.wav", 1), "train.tsv line 1: file_name ../"),
        (
            lambda text: text.replace("5501001.wav", "5500000.wav", 1),
            "train.tsv line 2: ar_eg/train/5500000 comes twice",
        ),
        (lambda text: text.replace("MALE", "MALE\tx", 1), "train.tsv line 1: 8 cells, there are 7 columns"),
        (lambda text: text.replace("MALE", "", 1), "train.tsv line 1: no gender"),
    ],
)
def test_what_is_not_understood_is_told(names, change, said, edit, told):
    root = names()
    edit(root / "data/ar_eg/train.tsv", change)
    edit(root / "data/ar_eg/dev.tsv", lambda text: text.replace("FEMALE", "?", 1))
    message = told(root)
    assert said in message
    assert "data/ar_eg/dev.tsv line 2: gender ?" in message


def test_tables_without_rows_are_told(names, edit, told):
    root = names(languages=("ar_eg",))
    for part in ("train", "dev", "test"):
        edit(root / "data/ar_eg" / f"{part}.tsv", lambda text: "")
    assert "data/ar_eg/test.tsv: no rows" in told(root)
