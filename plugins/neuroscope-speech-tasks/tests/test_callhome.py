"""CALLHOME: calls in any case, their sides, and the times of transcripts; the detector has tests of its own."""

from collections import Counter
from importlib import metadata

import numpy as np
import pytest
import soundfile

from neuroscope import BadManifest, BadOption, MissingData, MissingDependency
from neuroscope.audio import index
from neuroscope.contracts.progress import silent
from neuroscope.extraction.session import ExtractionSettings, Workspace
from neuroscope_speech_tasks.corpora import callhome

SAME = "3565fcda0b05f39fbad551ccf519f40e"
"""Fingerprint of the manifest by transcripts, in every layout."""
SET = "CALLHOME/ARABIC/TRAIN"


def read(root, segments="transcript", **options):
    return callhome.read_callhome(root, progress=silent, cache=root.parent / "cache", segments=segments, **options)


@pytest.fixture
def made(tmp_path):
    """``made("TRAIN/AR_4012.SPH", **{"ar_4012.txt": "1.0 4.0 A: text"})``: short audio of two tracks, and texts."""

    def make(*names, tracks=2, **texts):
        for name in (*names, *texts):
            path = tmp_path / "made" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name in texts:
                path.write_text(texts[name])
            else:
                kind = "NIST" if path.suffix.lower() == ".sph" else "WAV"
                soundfile.write(path, np.zeros((80, tracks)), 8_000, format=kind, subtype="ULAW")
        return tmp_path / "made"

    return make


@pytest.mark.parametrize(
    ("layout", "transcripts"),
    [("upper", "roman"), ("lower", "roman"), ("upper", "script"), ("upper", "scr"), ("upper", "both")],
)
def test_each_layout_holds_the_same_segments(tree, layout, transcripts):
    root = tree("callhome", layout=layout, transcripts=transcripts)
    manifest = read(root)
    assert manifest.fingerprint == SAME
    assert manifest.left_out == {}
    assert manifest.source == f"{root} (segments: times of the transcripts)"
    assert manifest.warning == "not the calls that were published: train has 3 of 80, dev has 1 of 20, test has 2 of 20"
    assert Counter(each.tags["split"] for each in manifest) == {"train": 24, "dev": 8, "test": 16}


def test_what_a_segment_is(made):
    root = made(f"{SET}/AR_4012.SPH", **{"transcrp/train/roman/ar_4012.txt": "812.34 816.04 B: la ana baqu-\n"})
    (only,) = read(root, parts=("train",))
    assert (only.id, only.speaker) == ("ar_4012-B-000812.34", "ar_4012-B")
    assert (only.start, only.duration, only.audio_channel) == (812.34, 3.7, 1)
    assert only.path == root / SET / "AR_4012.SPH"
    assert only.tags == {
        "channel": "TF", "language": "ar", "dialect": "EGY", "split": "train", "recording": "ar_4012",
        "segments": "transcript",
    }  # fmt: skip


def test_a_side_is_the_first_letter_of_who_speaks(made):
    lines = "1.00 4.00 A: a\n1.00 4.00 B1: b\n5.00 8.00 A2: c\n"
    manifest = read(made(f"{SET}/AR_4012.SPH", **{"ar_4012.txt": lines}), parts=("train",))
    assert [(each.speaker, each.audio_channel, each.start) for each in manifest] == [
        ("ar_4012-A", 0, 1.0),
        ("ar_4012-A", 0, 5.0),
        ("ar_4012-B", 1, 1.0),
    ]


def test_short_reversed_and_overlapping_times_are_counted(made):
    lines = "1.00 3.49 A: short\n4.00 6.50 A: just\n6.00 9.00 A: over\n5.00 9.00 B: other side\n20.0 10.0 A: back\n"
    root = made(f"{SET}/AR_4012.SPH", f"{SET}/AR_4013.SPH", **{"ar_4012.txt": lines, "ar_9999.txt": "no call"})
    manifest = read(root, parts=("train",))
    assert [each.id for each in manifest] == ["ar_4012-A-000004.00", "ar_4012-B-000005.00"]
    assert manifest.left_out == {
        "call without a transcript": 1,
        "line of a transcript that ends before it begins": 1,
        "line of a transcript that overlaps the one before it, of the same side": 1,
        "segment shorter than 2.5 s": 1,
    }
    assert len(read(root, parts=("train",), shortest=1)) == 3


@pytest.mark.parametrize("place", ["a/script/ar_4012.txt", "z/script/ar_4012.txt", "z/ar_4012.scr"])
def test_of_two_transcripts_the_one_in_latin_letters_is_read(made, place):
    texts = {"m/ROMAN/ar_4012.txt": "1.00 4.00 A: roman\n", place: "10.00 14.00 A: script\n"}
    (only,) = read(made(f"{SET}/AR_4012.SPH", **texts), parts=("train",))
    assert only.start == 1.0


def test_mono_copies_are_refused_by_transcripts_as_by_the_detector(made, tmp_path):
    root = made(f"{SET}/AR_4012.wav", tracks=1, **{"ar_4012.txt": "1.00 4.00 A: x\n1.00 4.00 B: y\n"})
    said = r"not two tracks: .*AR_4012\.wav has 1"
    with pytest.raises(BadManifest, match=said):
        read(root, parts=("train",))
    made(f"{SET}/AR_4013.wav", f"{SET}/AR_4014.wav", **{"ar_4013.txt": "1.00 4.00 B: x\n"})
    manifest = read(root, parts=("train",))
    assert [each.id for each in manifest] == ["ar_4013-B-000001.00"]
    assert manifest.left_out == {"call: not two tracks": 1, "call without a transcript": 1}


def test_what_files_hold_is_looked_up_once_for_the_reader_and_for_extraction(tree, tmp_path, monkeypatch):
    root, read_files = tree("callhome"), []
    original = index._examine
    monkeypatch.setattr(index, "_examine", lambda name: read_files.append(name) or original(name))
    manifest = read(root)
    assert len(read_files) == 6
    assert read(root).fingerprint == manifest.fingerprint
    Workspace(ExtractionSettings(cache=root.parent / "cache")).audio_files(manifest)
    assert len(read_files) == 6


def test_linked_discs_that_are_not_followed_are_told_with_the_way_out(tree, tmp_path):
    disk = tree("callhome")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "CALLHOME").symlink_to(disk / "CALLHOME")
    with pytest.raises(MissingData, match=r"EVLTEST/\); links to folders, not followed: 1 \(name the folder itself"):
        read(tmp_path / "here")
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "texts").symlink_to(disk / "callhome_arabic_trans_970711")
    (disk / "CALLHOME").rename(tmp_path / "beside" / "CALLHOME")
    with pytest.raises(MissingData, match=r"no transcripts .*; links to folders, not followed: 1 "):
        read(tmp_path / "beside")


def test_comments_and_lines_that_go_on_are_no_problem_and_others_are_told(made):
    lines = "# Language: Arabic\n\n1.00 4.00 A: one\n    and more: of it\n99 problems, no times\n"
    manifest = read(made(f"{SET}/AR_4012.SPH", **{"ar_4012.txt": lines}), parts=("train",))
    assert (len(manifest), manifest.left_out) == (1, {"line of a transcript without times": 3})
    root = made(**{"ar_4012.txt": "no times\n"})
    with pytest.raises(BadManifest, match=r"ar_4012\.txt: it has no line of start, end, side"):
        read(root, parts=("train",))
    root = made(**{"ar_4012.txt": "1.00 4.00 C: one\n1.00 4.00 A one\n1.00 4,00 A: x\n"})
    with pytest.raises(BadManifest) as caught:
        read(root, parts=("train",))
    assert [each.split("'")[0] for each in caught.value.problems] == [f"ar_4012.txt line {n}: " for n in (1, 2, 3)]
    assert "is not: start, end, side (A or B), colon, text" in str(caught.value)


def test_supplements_have_no_split_and_are_read_where_they_are_asked_for(tree):
    root = tree("callhome", supplements=True)
    assert len(read(root)) == 48
    manifest = read(root, parts=("supplement",))
    assert {each.tags["recording"]: "split" in each.tags for each in manifest} == {"ar_4571": False, "ar_4822": False}
    assert manifest.warning == ""


def test_parts_choose_calls(tree):
    root = tree("callhome")
    assert {each.tags["recording"] for each in read(root, parts=("dev", "test"))} == {"ar_4101", "ar_4201", "ar_4205"}


def test_audio_that_is_no_call_is_counted(made):
    root = made(f"{SET}/AR_4012.SPH", "docs/sample.wav", **{"ar_4012.txt": "1.00 4.00 A: x\n"})
    assert read(root, parts=("train",)).left_out == {"audio that is no call by its name": 1}


def test_files_of_other_kinds_are_counted(made):
    root = made(f"{SET}/AR_4012.SPH", "INDEX.HTML", "docs/x.pdf", **{"ar_4012.txt": "1.00 4.00 A: x\n"})
    assert read(root, parts=("train",)).left_out == {".HTML file": 1, ".pdf file": 1}


@pytest.mark.parametrize(("tracks", "read_first"), [(2, ".wav"), (1, ".SPH")])
def test_a_converted_copy_of_a_call_is_read_where_it_has_both_sides(made, tracks, read_first):
    root = made(f"{SET}/AR_4012.SPH", "wav/left/ar_4012.wav", **{"ar_4012.txt": "1.00 4.00 A: x\n"})
    soundfile.write(root / "wav/left/ar_4012.wav", np.zeros((800, tracks)), 8_000)
    (only,) = manifest = read(root, parts=("train",))
    assert (only.path.suffix, only.tags["split"]) == (read_first, "train")
    assert manifest.left_out == {"copy of an utterance": 1}


def test_a_call_in_two_files_of_which_none_has_both_sides_is_told(made):
    root = made("A/ar_4012.wav", "B/ar_4012.wav", **{"ar_4012.txt": "1.00 4.00 A: x\n"})
    for side in "AB":
        soundfile.write(root / side / "ar_4012.wav", np.zeros(800), 8_000)
    with pytest.raises(BadManifest, match=r"A/ar_4012\.wav: ar_4012 lies also at B/ar_4012\.wav, and no file has two"):
        read(root, parts=("supplement",))


def test_a_call_in_two_sets_is_told(made):
    with pytest.raises(BadManifest, match="ar_4012 is train here, and test elsewhere"):
        read(made(f"{SET}/AR_4012.SPH", "CALLHOME/ARABIC/EVLTEST/AR_4012.SPH"), parts=("train",))


def test_what_is_missing_is_told(made, tmp_path):
    with pytest.raises(MissingData, match=r"gone does not exist.*LDC97S45.*--data callhome="):
        read(tmp_path / "gone")
    root = made(f"{SET}/AR_4012.SPH")
    with pytest.raises(
        MissingData, match=r"has no calls of dev, test \(TRAIN/, DEVTEST/, EVLTEST/\) \(parts=train does without\)"
    ):
        read(root)
    with pytest.raises(MissingData, match=r"transcripts \(LDC97T19: .*segments=vad does without\)"):
        read(root, parts=("train",))
    made(**{"ar_4012.txt": "1.00 2.00 A: x\n"})
    with pytest.raises(BadManifest, match=r"no segment of 2\.5 s in 1 calls \(times of the transcripts\)"):
        read(root, parts=("train",))


@pytest.mark.parametrize(
    "options", [{"parts": ()}, {"shortest": 20}, {"shortest": -1}, {"longest": 0.5, "shortest": 0}, {"longest": 1e9}]
)
def test_options_that_contradict_themselves_are_told(made, options):
    with pytest.raises(BadOption, match=r"parts|shortest"):
        read(made(), **options)


def test_without_the_detector_it_is_named_with_the_command_that_brings_it(made, monkeypatch):
    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr("neuroscope_speech_tasks.activity.network.metadata.distribution", absent)
    with pytest.raises(MissingDependency, match="pip install --no-deps silero-vad"):
        read(made(f"{SET}/AR_4012.SPH"), segments="vad", parts=("train",))
