"""ADI-17: segments as files and cut from videos, their dialects, sets and times."""

from collections import Counter

import pytest

from neuroscope import BadManifest, BadOption, Data, MissingData
from neuroscope.contracts.progress import silent
from neuroscope.testing import run
from neuroscope_speech_tasks.corpora import adi17

SOME = ("ALG", "EGY", "YEM")
SEGMENT = "2XwBQJ7eHKs_055962-056391"


def read(root, **options):
    return adi17.read_adi17(root, progress=silent, **options)


@pytest.mark.parametrize("layout", ["segments", "videos"])
def test_each_layout_is_read(tree, layout):
    manifest = read(tree("adi17", layout=layout, dialects=SOME))
    assert manifest.left_out == {}
    assert len({each.tags["recording"] for each in manifest}) == 3 * 3 * 2
    found = Counter((each.tags["split"], each.tags["dialect"]) for each in manifest)
    assert found == {(part, dialect): 4 for part in ("train", "dev", "test") for dialect in SOME}


def test_segments_of_videos_keep_the_contract(tree):
    root = tree("adi17", layout="videos", dialects=SOME)
    assert {each.check: each.reason for each in run("dataset", "adi17", Data(root=root)) if not each.ok} == {}


def test_both_layouts_hold_the_same_segments(tree):
    root = tree("adi17", layout="segments", dialects=SOME)
    cut = read(root.rename(root.with_name("segments")))
    whole = read(tree("adi17", layout="videos", dialects=SOME))
    assert [(each.id, each.tags) for each in cut] == [(each.id, each.tags) for each in whole]
    assert {each.duration for each in cut} == {None}
    assert {(each.start, each.duration) for each in whole} == {(0.05, 0.3), (0.42, 0.4)}


def test_a_segment_that_lies_as_a_file_is_read_before_the_video(tree):
    tree("adi17", layout="segments", dialects=SOME)
    assert {each.duration for each in read(tree("adi17", layout="videos", dialects=SOME))} == {None}


def test_a_segment_that_lies_as_a_file_is_the_whole_file(made):
    (only,) = read(made(f"train_segments/ALG/{SEGMENT}.wav"), parts=("train",))
    assert (only.id, only.start, only.duration, only.speaker) == (SEGMENT, 0.0, None, None)
    assert only.tags == {"dialect": "ALG", "split": "train", "recording": "2XwBQJ7eHKs", "seconds": "4.29"}


def test_a_segment_of_a_video_is_cut_at_the_times_of_the_list(made):
    lists = {"data/dev/segments": f"{SEGMENT} 2XwBQJ7eHKs 559.62 563.92\n", "data/dev/utt2lang": "2XwBQJ7eHKs ALG\n"}
    (only,) = read(made("wav/ALG/2XwBQJ7eHKs.wav", **lists), parts=("dev",))
    assert (only.id, only.start, only.duration) == (SEGMENT, 559.62, 4.3)
    assert only.tags == {"dialect": "ALG", "split": "dev", "recording": "2XwBQJ7eHKs", "seconds": "4.30"}
    assert only.path.name == "2XwBQJ7eHKs.wav"


@pytest.mark.parametrize("place", ["wav/2XwBQJ7eHKs.wav", "dev/2XwBQJ7eHKs.wav", "2XwBQJ7eHKs.WAV"])
def test_a_video_may_lie_in_no_folder_of_its_dialect(made, place):
    lists = {"data/dev/segments": f"{SEGMENT} 2XwBQJ7eHKs 559.62 563.92\n", "data/dev/utt2lang": "2XwBQJ7eHKs ALG\n"}
    (only,) = read(made(place, **lists), parts=("dev",))
    assert only.tags["dialect"] == "ALG"


@pytest.mark.parametrize("above", ["lib", "LIB", "mor/wav", "srv/SUD/2026"])
def test_folders_further_above_are_no_dialect(made, above):
    lists = {f"{above}/adi17/data/dev_segments/utt2lang": f"{SEGMENT} ALG\n"}
    (only,) = read(made(f"{above}/adi17/dev_segments/{SEGMENT}.wav", **lists), parts=("dev",))
    assert only.tags["dialect"] == "ALG"
    lists = {"lib/adi17/data/dev/segments": f"{SEGMENT} 2XwBQJ7eHKs 559.62 563.91\n"}
    root = made("lib/adi17/wav/2XwBQJ7eHKs.wav", **lists)
    (root / f"{above}/adi17/data/dev_segments/utt2lang").unlink()
    with pytest.raises(MissingData, match="no segments of dev with their dialects"):
        read(root, parts=("dev",))


@pytest.mark.parametrize(
    ("folder", "dialect"),
    [("ALG", "ALG"), ("ALG/wav", "ALG"), ("MOR/ALG/WAVS", "ALG"), ("lib", None), ("lib/wav", None)],
)
def test_a_folder_of_a_dialect_is_in_capitals_and_next_to_the_file(made, folder, dialect):
    root = made("dev_segments/YEM/AAAAAAAAAAA_000001-000100.wav", f"dev_segments/{folder}/{SEGMENT}.wav")
    found = {each.id: each.tags["dialect"] for each in read(root, parts=("dev",))}
    assert found.get(SEGMENT) == dialect


@pytest.mark.parametrize(
    ("times", "agree"),
    [
        ("559.61 563.90", True),
        ("559.63 563.92", True),
        ("559.635 563.91", True),
        ("559.60 563.91", False),
        ("559.64 563.91", False),
        ("559.62 563.89", False),
        ("559.62 563.93", False),
        ("559.12 563.41", False),
    ],
)
def test_times_in_a_name_are_those_of_the_list_but_for_their_rounding(made, times, agree):
    lists = {"data/dev/segments": f"{SEGMENT} 2XwBQJ7eHKs {times}\n"}
    root = made(f"dev_segments/ALG/{SEGMENT}.wav", **lists)
    if agree:
        assert [each.id for each in read(root, parts=("dev",))] == [SEGMENT]
    else:
        with pytest.raises(BadManifest, match="which its name contradicts"):
            read(root, parts=("dev",))


def test_a_flat_set_takes_its_dialects_from_the_list_beside_it_or_in_data(made):
    for place in ("dev_segments", "data/dev_segments"):
        root = made(f"dev_segments/{SEGMENT}.wav", **{f"{place}/utt2lang": f"{SEGMENT} YEM\n"})
        (only,) = read(root, parts=("dev",))
        assert only.tags["dialect"] == "YEM"
        (root / place / "utt2lang").unlink()


def test_names_of_videos_may_hold_what_names_of_segments_hold(made):
    (only,) = read(made("test_segments/QAT/a_000-1_-_b_000027-1000381.wav"), parts=("test",))
    assert (only.tags["recording"], only.tags["seconds"]) == ("a_000-1_-_b", "10003.54")


def test_what_is_left_out_is_counted(made):
    other = "2XwBQJ7eHKs_000027-000381"
    root = made(
        f"dev_segments/{SEGMENT}.wav",
        f"dev_segments/{other}.wav",
        "elsewhere/AAAAAAAAAAA_000001-000100.wav",
        "wav/ALG/BBBBBBBBBBB.wav",
        **{"data/dev_segments/utt2lang": f"{SEGMENT} ALG\nCCCCCCCCCCC_000001-000100 EGY\n"},
    )
    manifest = read(root, parts=("dev",))
    assert [each.id for each in manifest] == [SEGMENT]
    assert manifest.left_out == {
        "segment of a list whose file or video is not there": 1,
        "segment that is of no set by its folder or a list": 1,
        "segment without a dialect in its folder or a list": 1,
        "video without a segment in a list": 1,
    }


def test_lists_of_other_folders_are_not_read(made):
    root = made(f"dev_segments/ALG/{SEGMENT}.wav", **{"data/train_segments_semi/utt2lang": f"{SEGMENT} no dialect\n"})
    assert read(root, parts=("dev",)).left_out == {"no ending file": 1}


def test_files_of_other_kinds_are_counted(made):
    root = made(f"dev_segments/ALG/{SEGMENT}.wav", "paper.pdf", "LICENSE", "dev_segments/ALG/info.json")
    assert read(root, parts=("dev",)).left_out == {".json file": 1, ".pdf file": 1, "no ending file": 1}


@pytest.mark.parametrize("ending", ["webm", "mp4", "m4a", "mkv"])
def test_videos_may_lie_as_they_were_crawled(made, ending):
    lists = {"data/dev/segments": f"{SEGMENT} 2XwBQJ7eHKs 559.62 563.92\n", "data/dev/utt2lang": "2XwBQJ7eHKs ALG\n"}
    root = made(f"wav/ALG/2XwBQJ7eHKs.{ending}", **lists)
    (only,) = manifest = read(root, parts=("dev",))
    assert (only.id, only.path, manifest.left_out) == (SEGMENT, root / f"wav/ALG/2XwBQJ7eHKs.{ending}", {})


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        ("data/dev_segments/utt2lang", f"{SEGMENT} EGY", "is ALG here, and EGY elsewhere"),
        ("data/dev/utt2lang", "2XwBQJ7eHKs EGY", f"{SEGMENT}: it is ALG, and its video 2XwBQJ7eHKs is EGY"),
        ("data/dev/utt2lang", "2XwBQJ7eHKs egyptian", "utt2lang line 1: 'egyptian' is no dialect; they are ALG EGY"),
        ("data/dev/utt2lang", "2XwBQJ7eHKs", "utt2lang line 1: '' is no dialect"),
        ("data/dev/segments", f"{SEGMENT} 2XwBQJ7eHKs 55962 56391", "55962 s to 56391 s of 2XwBQJ7eHKs in a list"),
        ("data/dev/segments", f"{SEGMENT} 2XwBQJ7eHKs 559.62", "is not: segment, video, start, end (seconds)"),
        ("data/dev/segments", f"{SEGMENT} 2XwBQJ7eHKs 563.92 559.62", "is not: segment, video, start, end"),
        ("data/dev/segments", f"{SEGMENT} 2XwBQJ7eHKs 559.62 inf", "is not: segment, video, start, end"),
        ("data/test_segments/utt2lang", f"{SEGMENT} ALG", f"{SEGMENT} is dev here, and test elsewhere"),
        (
            "data/dev/segments",
            f"{SEGMENT} 2XwBQJ7eHKs 559.62 563.92\n{SEGMENT} 2XwBQJ7eHKs 559.62 563.91",
            "segments line 2: 2XwBQJ7eHKs_055962-056391 comes twice",
        ),
    ],
)
def test_contradictions_and_what_is_not_understood_are_told(made, file, line, said):
    root = made(f"dev_segments/ALG/{SEGMENT}.wav", **{file: f"{line}\n"})
    with pytest.raises(BadManifest) as caught:
        read(root, parts=("dev",))
    (problem,) = caught.value.problems
    assert said in problem


def test_copies_of_a_file_are_counted_and_have_to_agree(made):
    root = made(f"dev_segments/{SEGMENT}.wav", f"dev_segments/ALG/{SEGMENT}.wav")
    manifest = read(root, parts=("dev",))
    assert ([each.id for each in manifest], manifest.left_out) == ([SEGMENT], {"copy of an utterance": 1})
    made(f"test_segments/EGY/{SEGMENT}.wav")
    with pytest.raises(BadManifest) as caught:
        read(root)
    assert caught.value.problems == (
        f"test_segments/EGY/{SEGMENT}.wav: {SEGMENT} is EGY here, and ALG elsewhere",
        f"test_segments/EGY/{SEGMENT}.wav: {SEGMENT} is test here, and dev elsewhere",
    )


def test_folders_behind_links_are_told_with_the_way_out(made, tmp_path):
    (tmp_path / "disk").mkdir()
    root = made(f"train_segments/ALG/{SEGMENT}.wav")
    (root / "dev_segments").symlink_to(tmp_path / "disk")
    out = r"links to folders, not followed: 1 \(name the folder itself, or link the whole corpus\)"
    with pytest.raises(MissingData, match=out):
        read(root, parts=("train", "dev"))


def test_what_is_missing_is_told(made, tmp_path):
    with pytest.raises(MissingData, match=r"gone does not exist.*arabicspeech\.org.*--data adi17="):
        read(tmp_path / "gone")
    with pytest.raises(MissingData, match=r"no segments of dev, test with .*utt2lang.*\(parts=train does without\)"):
        read(made(f"train_segments/ALG/{SEGMENT}.wav"))
    with pytest.raises(BadOption, match="no set"):
        read(made(), parts=())
