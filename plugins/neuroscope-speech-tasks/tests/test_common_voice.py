"""Common Voice, in the forms of its releases."""

import shutil
from collections import Counter

import pytest

from neuroscope import BadOption, MissingData, Plugins
from neuroscope.contracts.progress import silent
from neuroscope_speech_tasks.corpora.common_voice import read_common_voice

DATASET = "common-voice"

NEW = "cv-corpus-17.0-2024-03-15"
REST = {"clip of none of the parts train+dev+test": 4}


def read(root, **options):
    return read_common_voice(root, progress=silent, **options)


def first(manifest):
    return manifest.utterances[0]


def counts(manifest):
    return Counter((each.tags["language"], each.tags.get("split")) for each in manifest)


def test_a_release_has_all_its_locales_and_its_own_parts(names):
    root = names()
    manifest = read(root)
    assert counts(manifest) == {(x, p): n for x in ("ar", "en") for p, n in (("train", 8), ("dev", 4), ("test", 8))}
    assert manifest.left_out == REST
    one = first(manifest)
    assert (one.id, one.path) == ("ar/common_voice_ar_100", root / NEW / "ar/clips/common_voice_ar_100.mp3")
    assert one.speaker == "ar0" * 20
    assert one.tags == {
        "language": "ar",
        "split": "train",
        "gender": "male_masculine",
        "age": "twenties",
        "accent": "ar accent",
        "sentence_id": "text0",
        "seconds": "0.500",
    }
    (silent_one,) = [each for each in manifest if each.id == "ar/common_voice_ar_108"]
    assert silent_one.tags.keys() == {"language", "split", "sentence_id", "seconds"}


@pytest.mark.parametrize("root", ["", NEW, f"{NEW}/ar"])
def test_the_root_is_the_releases_a_release_or_a_locale(names, root):
    whole = names()
    manifest = read(whole / root, locales=("ar",))
    assert manifest.fingerprint == read(whole, locales=("ar",)).fingerprint
    assert manifest.left_out == {"clip of none of the parts train+dev+test": 2}


OLD = {"language": "ar", "split": "train", "gender": "male", "age": "twenties", "accent": "ar accent"}


@pytest.mark.parametrize(
    ("release", "layout", "more"),
    [
        ("1", "locale", {}),
        ("4-2019-12-10", "locale", {}),
        ("4-2019-12-10", "locales", {}),
        ("5.1-2020-06-22", "release", {}),
        ("5.1-2020-06-22", "locale", {}),
        ("15.0-2023-09-08", "release", {"seconds": "0.500"}),
    ],
)
def test_each_release_is_read_in_its_own_form(names, release, layout, more):
    manifest = read(names(release=release, layout=layout), locales=("ar",))
    assert len(manifest) == 20
    assert dict(first(manifest).tags) == OLD | more
    assert first(manifest).id == ("ar/" + (f"{100:064x}" if release == "1" else "common_voice_ar_100"))
    assert {each.path.is_file() for each in manifest} == {True}
    assert len({each.speaker for each in manifest}) == 5


def test_a_release_without_locales_is_named_by_the_option_or_by_its_folder(names, told):
    root = names(release="4-2019-12-10", layout="locale")
    assert "nothing says which locale" in told(root, BadOption)
    assert {each.tags["language"] for each in read(root, locales=("ar",))} == {"ar"}
    assert "locales=ar" in told(root, BadOption, locales=("ar", "en"))
    for name, locale in (("zh-CN", "zh-CN"), ("ckb", "ckb"), ("rm-sursilv", "rm-sursilv")):
        root = root.rename(root.with_name(name))
        assert {each.tags["language"] for each in read(root)} == {locale}
    root = root.rename(root.with_name("cv"))  # Chuvash, or short for the corpus
    assert "nothing says which locale" in told(root, BadOption)
    assert first(read(root, locales=("cv",))).tags["language"] == "cv"


@pytest.mark.parametrize("name", ["german", "my-cv", "common_voice_ar", "AR", "ar-x"])
def test_a_folder_whose_name_is_no_locale_is_named_by_the_option(names, name, told):
    root = names(release="4-2019-12-10", layout="locales", locales=("ar",))
    (root / "ar").rename(root / name)
    assert f"nothing says which locale {root}/{name}" in told(root, BadOption)
    assert {each.tags["language"] for each in read(root, locales=("de",))} == {"de"}
    names(release="4-2019-12-10", layout="locales", locales=("ar",))
    assert {each.path.parts[-3] for each in read(root, locales=("ar",))} == {"ar"}


def test_the_tables_say_the_locale_where_the_folder_does_not(names, told):
    root = names(layout="locale")
    assert {each.tags["language"] for each in read(root)} == {"ar"}
    assert "has no locale en (it has ar)" in told(root, MissingData, locales=("en",))


def test_a_row_of_another_locale_is_a_problem(names, told):
    root = names(layout="locales")
    (root / "en").rename(root / "de")
    assert told(root).splitlines()[1:] == [
        f"  de/{part}.tsv line 2: locale en in a table of de (and {more} more lines)"
        for part, more in (("train", 7), ("dev", 3), ("test", 7))
    ]


def test_locales_and_parts_that_are_not_there_are_told_with_those_that_are(names, told):
    root = names()
    message = told(root, MissingData, locales=("ar", "ru"))
    assert "has no locale ru (it has ar, en)" in message
    assert "datacollective.mozillafoundation.org" in message
    for part in ("train", "dev"):
        (root / NEW / "ar" / f"{part}.tsv").unlink()  # as in delta releases
    message = told(root, MissingData)
    assert f"{NEW}/ar/train.tsv, {NEW}/ar/dev.tsv" in message
    assert "(parts=test+validated+other+invalidated would do)" in message
    assert len(read(root, parts=("validated",))) == 40


def test_no_parts_are_none(names, told):
    assert "parts names no set" in told(names(), BadOption, parts=())


def test_parts_that_are_no_split_have_no_split(names):
    root = names()
    manifest = read(root, parts=("validated",), locales=("ar",))
    assert (len(manifest), manifest.columns.count("split")) == (20, 0)
    assert manifest.left_out == {"clip of none of the parts validated": 2}
    both = read(root, parts=("validated", "other", "invalidated", "test"), locales=("ar",))
    assert counts(both) == {("ar", "test"): 8, ("ar", None): 14}
    assert both.left_out == {}


def test_of_several_releases_with_a_locale_none_is_chosen_silently(names, tmp_path, told):
    root = names()
    elsewhere = tmp_path / "old"
    elsewhere.mkdir()
    (root / NEW / "en").rename(elsewhere / "en")
    (elsewhere / "en").rename(root / "en")
    manifest = read(root)
    assert len(manifest) == 40  # no locale twice
    assert manifest.warning.startswith(f"locales of several releases: ar from {NEW}, en from a folder of none; ")
    assert read(root, locales=("en",)).warning == ""
    old = "cv-corpus-16.1-2023-12-06"
    shutil.copytree(root / NEW, root / old)
    message = told(root, BadOption)
    assert f"{old}/ar/, {NEW}/ar/" in message
    assert f"with the option version, e.g. version={NEW}" in message
    assert len(read(root, locales=("en",))) == 20
    for version in ("17.0", "17.0-2024-03-15", NEW):
        assert {each.path.parts[-4] for each in read(root, version=version)} == {NEW}
    assert "no release 3 (it has cv-corpus-16.1-2023-12-06, cv-corpus-17.0-2024-03-15)" in told(
        root, MissingData, version="3"
    )


def test_a_release_that_is_the_root_has_its_version(names, told):
    root = names()
    assert len(read(root / NEW, version="17.0")) == 40
    assert len(read(root / NEW / "ar", version="17.0")) == 20
    assert f"no release 16.1 (it has {NEW})" in told(root / NEW, MissingData, version="16.1")


def test_a_clip_of_a_split_that_is_validated_too_keeps_it_in_any_order(names, edit):
    root = names(locales=("ar",))
    manifest = read(root, parts=("validated", "train"))
    assert counts(manifest) == {("ar", "train"): 8, ("ar", None): 12}
    edit(
        root / NEW / "ar" / "other.tsv",
        lambda text: text + (root / NEW / "ar" / "validated.tsv").read_text().split("\n")[1],
    )
    assert read(root, parts=("validated", "other")).left_out["row that comes twice"] == 1


def test_clips_that_are_not_there_are_counted(names, told):
    root = names(layout="locale")
    (root / "clips" / "common_voice_ar_101.mp3").unlink()
    (root / "clips" / "readme.txt").touch()
    manifest = read(root)
    assert len(manifest) == 19
    assert manifest.left_out == {
        ".txt file": 1,
        "clip of none of the parts train+dev+test": 2,
        "row whose file is not there": 1,
    }
    for each in (root / "clips").glob("*.mp3"):
        each.unlink()
    assert "no file of those that its tables name" in told(root, MissingData)
    (root / "clips" / "readme.txt").unlink()
    (root / "clips").rmdir()
    assert "has no clips/" in told(root, MissingData)


def test_clips_that_were_converted_are_found_by_their_names(names):
    root = names(layout="locale")
    before = read(root)
    for each in (root / "clips").glob("*.mp3"):
        each.rename(each.with_suffix(".wav"))
    after = read(root)
    assert after.fingerprint == before.fingerprint
    assert {each.path.suffix for each in after} == {".wav"}


def test_copies_in_another_format_are_counted_and_a_wav_is_read_first(names):
    root = names(layout="locale")
    before = read(root)
    for each in list((root / "clips").iterdir())[:5]:
        each.with_suffix(".wav").touch()
        each.with_suffix(".webm").touch()
    after = read(root)
    assert after.fingerprint == before.fingerprint
    assert after.left_out == before.left_out | {"copy of an utterance": 10}
    assert {each.path.suffix for each in after} == {".wav", ".mp3"}


@pytest.mark.parametrize("end", ["", "ar"])
def test_a_tab_in_a_sentence_moves_no_cell_into_another_column(names, end, edit, told):
    root = names(layout="locale", locales=("ar",))
    for part in ("train", "test"):
        edit(root / f"{part}.tsv", lambda text: text.replace("He said", "He\tsaid").replace("\t\n", f"\t{end}\n"))
    assert told(root).splitlines()[1:] == [
        "  train.tsv line 2: 14 cells, there are 13 columns (and 7 more lines)",
        "  test.tsv line 2: 14 cells, there are 13 columns (and 7 more lines)",
    ]


def test_a_clip_that_comes_twice_is_counted_and_a_contradiction_is_a_problem(names, edit, told):
    root = names(layout="locale")
    edit(root / "train.tsv", lambda text: f"{text}{text.splitlines()[1]}\n")
    assert read(root).left_out["row that comes twice"] == 1
    edit(root / "dev.tsv", lambda text: f"{text}{(root / 'train.tsv').read_text().splitlines()[1]}\n")
    assert "dev.tsv line 6: ar/common_voice_ar_100 comes twice" in told(root)


def test_lengths_that_are_no_lengths_are_problems(names, edit, told):
    root = names(layout="locale")
    edit(root / "clip_durations.tsv", lambda text: text.replace("_101.mp3\t500", "_101.mp3\thalf"))
    assert "clip_durations.tsv line 3: no clip and its milliseconds" in told(root)
    (root / "clip_durations.tsv").unlink()
    (root / "times.txt").write_text("common_voice_ar_100.mp3\t4320\n/x/clips/common_voice_ar_101.mp3 = 1005\n")
    manifest = read(root)
    assert [each.tags.get("seconds") for each in manifest.utterances[:3]] == ["4.320", "1.005", None]
    edit(root / "times.txt", lambda text: text + "nothing\n")
    assert "times.txt line 3" in told(root)


def test_all_problems_of_all_tables_are_told_at_once(names, edit, told):
    root = names(layout="locale")
    edit(root / "train.tsv", lambda text: text.replace("ar0" * 20, "", 1))
    edit(root / "dev.tsv", lambda text: text.replace("client_id", "client"))
    edit(root / "test.tsv", lambda text: text.replace("common_voice_ar_112.mp3", "../../x.mp3"))
    message = told(root)
    for fact in ("train.tsv line 2: no client_id", "dev.tsv line 1: there is no column client_id", "test.tsv line 2"):
        assert fact in message


def test_a_corpus_that_is_packed_or_empty_is_told(names, tmp_path, edit, told):
    packed = tmp_path / "packed"
    packed.mkdir()
    assert "holds none of it" in told(packed, MissingData)
    (packed / "cv-corpus-17.0-2024-03-15-ar.tar.gz").touch()
    assert "unpack cv-corpus-17.0-2024-03-15-ar.tar.gz with tar -xzf" in told(packed, MissingData)
    root = names(layout="locale")
    for part in ("train", "dev", "test"):
        edit(root / f"{part}.tsv", lambda text: text.splitlines()[0])
    assert "train.tsv, dev.tsv, test.tsv: no rows" in told(root)


def test_the_command_line_gives_the_options(names):
    choice = Plugins.load().datasets.choose("common-voice,locales=ar+en,parts=dev+test,version=17.0")
    assert len(choice.build(names(), progress=silent)) == 24
    with pytest.raises(BadOption, match="parts"):
        Plugins.load().datasets.choose("common-voice,parts=reported")


def test_a_folder_that_is_no_locale_never_becomes_the_one_that_lacks(tree):
    root = tree("common-voice")
    release = next(root.glob("cv-corpus-*"))
    for name in ("german-backup", "old", "cv"):
        for table in (release / "en").glob("*.tsv"):
            table.write_text(table.read_text().replace("\ten\t", "\t\t").replace("locale", "place"))
        (release / "en").rename(release / name)
        with pytest.raises(BadOption, match=r"nothing says which locale .* is: name the folder so"):
            read(root, locales=("ar", "de"))
        assert {each.tags["language"] for each in read(root, locales=("ar",))} == {"ar"}
        assert {each.tags["language"] for each in read(release / name, locales=("de",))} == {"de"}
        (release / name).rename(release / "en")
