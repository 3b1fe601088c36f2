"""ADI-5: which set, dialect, channel and show a file is of, in every layout."""

from collections import Counter

import pytest

from neuroscope import BadManifest, BadOption, MissingData
from neuroscope.contracts.progress import silent
from neuroscope_speech_tasks.corpora import adi5

LAYOUTS = ("mgb3", "folders", "numbers", "heap")
SAME = "3e3befa09f6a20650c92a24c85b8cf38"
"""Fingerprint of the manifest in every layout."""
SHOW = "0b3a9cf3acd38cb8dd95815f8de69ed1"


def read(root, **options):
    return adi5.read_adi5(root, progress=silent, **options)


def problems(root, **options):
    with pytest.raises(BadManifest) as caught:
        read(root, **options)
    return caught.value.problems


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_holds_the_same_utterances(tree, layout):
    manifest = read(tree("adi5", layout=layout))
    assert manifest.fingerprint == SAME
    assert manifest.left_out == {}
    found = Counter((each.tags["split"], each.tags["channel"], each.tags["dialect"]) for each in manifest)
    assert found == {
        (part, channel, dialect): count
        for part, channel, count in (("train", "SatQ", 4), ("dev", "HQ", 2), ("test", "HQ", 4))
        for dialect in ("EGY", "GLF", "LAV", "MSA", "NOR")
    }


def test_what_a_name_says(made):
    root = made(
        "train.vardial2017/EGY/EGY002279.wav",
        f"dev.vardial2017/GLF/{SHOW}__27.55_36.02.wav",
        f"test.MGB3/NOR/{SHOW}_F_0007_73.28_91.11.wav",
    )
    dev, test, train = read(root)
    assert (train.id, train.speaker) == ("train/EGY002279", None)
    assert train.tags == {"dialect": "EGY", "split": "train", "channel": "SatQ", "recording": "EGY002279"}
    assert (dev.id, dev.speaker) == (f"dev/{SHOW}__27.55_36.02", None)
    assert dev.tags == {
        "dialect": "GLF", "split": "dev", "channel": "HQ", "recording": SHOW, "seconds": "8.47",
    }  # fmt: skip
    assert (test.id, test.speaker) == (f"test/{SHOW}_F_0007_73.28_91.11", f"{SHOW}_F_0007")
    assert test.tags == {
        "dialect": "NOR", "split": "test", "channel": "HQ", "recording": SHOW, "seconds": "17.83",
        "diariser_gender": "F",
    }  # fmt: skip
    assert test.path == root / f"test.MGB3/NOR/{SHOW}_F_0007_73.28_91.11.wav"
    assert (test.start, test.duration) == (0.0, None)  # the file is the stretch of the show


@pytest.mark.parametrize(
    "folder",
    ["test.MGB3", "test", "Test", "test.vardial2017", "MGB3_ADI_testset/wav", "adi/testset", "test_wav", "test-wavs"],
)
def test_a_set_is_told_by_the_folder_where_the_name_does_not_tell(made, folder):
    (only,) = read(made(f"{folder}/EGY/interview.wav"), parts=("test",))
    assert (only.id, only.tags["split"], only.tags["recording"]) == ("test/interview", "test", "interview")
    assert only.speaker is None


def test_a_set_is_told_by_the_name_before_the_folder(made):
    root = made(f"train/GLF/{SHOW}__1.00_2.00.wav")
    (only,) = read(root, parts=("dev",))
    assert (only.id, only.tags["channel"]) == (f"dev/{SHOW}__1.00_2.00", "HQ")


def test_a_dialect_is_told_by_the_folder_that_a_file_lies_in_and_not_by_those_further_above(made):
    other, third = (f"{SHOW}_M_000{n}_1.00_2.00" for n in range(2))
    root = made(
        "nor/adi5/train/EGY000001.wav", f"nor/adi5/test/GLF/{other}.wav", f"nor/adi5/test/lav/wav/{third}.wav",
        "nor/adi5/test/wav/nobody_knows.wav",
    )  # fmt: skip
    manifest = read(root, parts=("train", "test"))
    assert {each.id: each.tags["dialect"] for each in manifest} == {
        "train/EGY000001": "EGY", f"test/{other}": "GLF", f"test/{third}": "LAV",
    }  # fmt: skip
    assert manifest.left_out == {"file without a dialect in its folder or a list": 1}


def test_a_list_tells_no_dialect_by_folders_further_above(made):
    root = made("test/x.wav", **{"test/test.txt": "/home/nor/adi5/test/wav/x.wav\t0\n"})
    (only,) = read(root, parts=("test",))
    assert only.tags["dialect"] == "EGY"


def test_names_in_capitals_or_not_are_the_same(made):
    names = ("EGY000001.wav", f"{SHOW}__1.00_2.00.wav", f"{SHOW}_F_0001_1.00_2.00.wav", f"{SHOW}_M_0001_1.00_2.00.wav")
    train, dev, test, flat = names
    published = made(
        f"1/train.vardial2017/EGY/{train}", f"1/dev.vardial2017/GLF/{dev}", f"1/test.MGB3/MSA/{test}",
        f"1/test.MGB3/wav/{flat}", **{"1/test.MGB3/reference": f"{flat.removesuffix('.wav')} 5\n"},
    )  # fmt: skip
    for copy, case in (("2", str.upper), ("3", str.lower)):
        for each in ("TRAIN.VARDIAL2017/EGY/" + train, "DEV.VARDIAL2017/GLF/" + dev, "TEST.MGB3/MSA/" + test):
            made(f"{copy}/{case(each)}")
        made(f"{copy}/{case('TEST.MGB3/wav/' + flat)}")
        made(**{f"{copy}/{case('TEST.MGB3/reference')}": f"{flat.removesuffix('.wav')} 5\n"})
        made(**{f"{copy}/{case('TRAIN.VARDIAL2017/wav.lst')}": f"http://example.net/EGY/{train}\n"})
    first, *copies = (read(published / copy) for copy in "123")
    assert Counter(each.tags["recording"] for each in first) == {SHOW: 3, "EGY000001": 1}
    assert {each.speaker for each in first} == {None, f"{SHOW}_F_0001", f"{SHOW}_M_0001"}
    for copy in copies:
        assert [(each.id, each.speaker, each.tags) for each in copy] == [
            (each.id, each.speaker, each.tags) for each in first
        ]
        assert copy.left_out == {}


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("test/test.txt", "/home/me/my data/EGY/x y.wav\t0"),
        ("test/test.txt", "/home/me/my data/x y.wav\t\t0\t"),
        ("test/reference", "x y\t1"),
        ("test/wav.lst", "/home/me/my data/EGY/x y.wav"),
    ],
)
def test_paths_in_lists_may_hold_blanks(made, file, line):
    manifest = read(made("test/x y.wav", **{file: f"{line}\n"}), parts=("test",))
    assert [(each.id, each.tags["dialect"]) for each in manifest] == [("test/x y", "EGY")]
    assert manifest.left_out == {}


def test_features_and_the_sets_of_2016_are_no_audio_of_a_set(made):
    root = made("train/EGY/EGY000001.wav", "train.IS2016/EGY/interview.wav", "data/train/EGY.words", "readme.txt")
    manifest = read(root, parts=("train",))
    assert [each.id for each in manifest] == ["train/EGY000001"]
    assert manifest.left_out == {"audio that is of no set by its name or folder": 1}


def test_files_of_other_kinds_are_counted(made):
    root = made("train/EGY/EGY000001.wav", "train/EGY/EGY000002.avi", "paper.pdf", "LICENSE", "train/wav.lst")
    left_out = {".avi file": 1, ".pdf file": 1, "no ending file": 1}
    assert read(root, parts=("train",)).left_out == left_out


def test_lines_without_files_and_files_without_dialects_are_counted(made):
    one, other, third = (f"{SHOW}_M_000{n}_1.00_2.00" for n in range(3))
    root = made(f"test/{one}.wav", f"test/{other}.wav", **{"test/reference": f"{one} 5\n{third} 1\n"})
    manifest = read(root, parts=("test",))
    assert [(each.id, each.tags["dialect"]) for each in manifest] == [(f"test/{one}", "NOR")]
    assert manifest.left_out == {
        "line of a list without its file": 1,
        "file without a dialect in its folder or a list": 1,
    }


def test_lines_of_other_sets_are_not_missing(made):
    root = made("wav/EGY000001.wav", **{"data/wav.lst": f"x/EGY/EGY000001.wav\nx/EGY/{SHOW}__1.00_2.00.wav\n"})
    assert read(root, parts=("train",)).left_out == {}


def test_other_counts_than_the_published_ones_are_a_warning(made, monkeypatch):
    root = made("train/EGY/EGY000001.wav", "train/NOR/NOR000001.wav")
    said = "not the files that were published: train has"
    assert read(root, parts=("train",)).warning == f"{said} 2 of 14,592"
    monkeypatch.setitem(adi5.PUBLISHED, "train", (2, 0, 0, 0, 0))
    assert read(root, parts=("train",)).warning == f"{said} 1 EGY, not 2, train has 1 NOR, not 0"
    monkeypatch.setitem(adi5.PUBLISHED, "train", (1, 0, 0, 0, 1))
    assert read(root, parts=("train",)).warning == ""


def test_the_published_counts_add_up():
    totals = {part: sum(counts) for part, counts in adi5.PUBLISHED.items()}
    assert totals == {"train": 14_592, "dev": 1_566, "test": 1_492}


def test_contradictions_are_told_at_once(made):
    one, other = f"{SHOW}_M_0001_1.00_2.00", f"{SHOW}_M_0002_1.00_2.00"
    root = made(
        f"test/EGY/{one}.wav",
        f"test/GLF/{other}.wav",
        "train/MSA/EGY000001.wav",
        **{"test/reference": f"{one} 2\n{other} 2\n", "data/test.txt": f"a/LAV/{other}.wav\t1\n"},
    )
    found = problems(root, parts=("train", "test"))
    assert found == (
        f"data/test.txt line 1: test/{other} is GLF here, and LAV elsewhere",
        f"test/EGY/{one}.wav: test/{one} is EGY here, and GLF elsewhere",
        "train/MSA/EGY000001.wav: train/EGY000001 is EGY here, and MSA elsewhere",
    )


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        ("test/reference", "x 0", "reference line 1: '0' is no dialect: 1 to 5 stand for them here"),
        ("test/reference", "x", "reference line 1: '' is no dialect"),
        ("data/test.txt", "x.wav\t5", "test.txt line 1: '5' is no dialect: 0 to 4 stand for them here"),
        ("data/test.txt", "x.wav\tEGY", "'EGY' is no dialect"),
        ("data/test.txt", "x\0y\t1", "it is binary"),
    ],
)
def test_a_list_that_is_not_understood_is_told(made, file, line, said):
    (found,) = problems(made("test/EGY/x.wav", **{file: f"{line}\n"}), parts=("test",))
    assert said in found


def test_copies_of_a_file_are_counted_and_have_to_agree(made):
    root = made("test.MGB3/wav/x.wav", "test/EGY/x.wav", "test/EGY/x.flac")
    (only,) = read(root, parts=("test",))
    assert (only.path, only.tags["dialect"]) == (root / "test.MGB3/wav/x.wav", "EGY")
    assert read(root, parts=("test",)).left_out == {"copy of an utterance": 2}
    made("test/GLF/x.wav")
    assert problems(root, parts=("test",)) == ("test/GLF/x.wav: test/x is GLF here, and EGY elsewhere",)


def test_files_of_two_sets_may_have_one_name(made):
    manifest = read(made("test/EGY/x.wav", "train/GLF/x.wav"), parts=("train", "test"))
    assert [(each.id, each.tags["dialect"]) for each in manifest] == [("test/x", "EGY"), ("train/x", "GLF")]


def test_names_in_lists_that_lead_elsewhere_open_nothing(made, tmp_path):
    (tmp_path / "EGY000009.wav").touch()
    root = made("train/EGY/EGY000001.wav", **{"train/wav.lst": "../../EGY000009.wav\n/etc/EGY000008.wav\n"})
    manifest = read(root, parts=("train",))
    assert [each.id for each in manifest] == ["train/EGY000001"]
    assert manifest.left_out == {"line of a list without its file": 2}


def test_what_is_missing_is_told(made, tmp_path):
    with pytest.raises(MissingData, match=r"gone does not exist.*arabicspeech\.org.*--data adi5="):
        read(tmp_path / "gone")
    root = made("train/EGY/EGY000001.wav")
    with pytest.raises(MissingData, match=r"has no wavs of dev, test \(parts=train does without\)"):
        read(root)
    made(f"test/{SHOW}_M_0001_1.00_2.00.wav")
    with pytest.raises(MissingData, match="has no dialects of test: no folders EGY/ to NOR/, no list"):
        read(root, parts=("train", "test"))
    with pytest.raises(BadOption, match="no set"):
        read(root, parts=())


def test_linked_sets_that_are_not_followed_are_told_with_the_way_out(tree, tmp_path):
    disk = tree("adi5", layout="folders")
    (tmp_path / "here").mkdir()
    for part in ("train", "dev", "test"):
        (tmp_path / "here" / part).symlink_to(disk / part)
    with pytest.raises(
        MissingData,
        match=r"no wavs of train, dev, test; links to folders, not followed: 3 \(name the folder itself, or link the "
        r"whole corpus\)\. ADI-5",
    ):
        read(tmp_path / "here")
    (tmp_path / "there").symlink_to(disk)
    assert len(read(tmp_path / "there")) == 50


def test_a_dialect_is_told_by_any_folder_below_that_of_its_set(tree):
    root = tree("adi5", layout="folders")
    expected = read(root).fingerprint
    for folder in list(root.glob("*/EGY")):
        (folder / "16k").mkdir()
        for file in folder.glob("*.wav"):
            file.rename(folder / "16k" / file.name)
    assert read(root).fingerprint == expected
