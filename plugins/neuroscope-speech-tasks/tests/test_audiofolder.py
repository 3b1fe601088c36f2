"""Folders of audio with metadata, as Hugging Face's audiofolder reads them."""

import json
from collections import Counter

import pytest

from neuroscope import MissingData
from neuroscope.contracts.progress import silent
from neuroscope_speech_tasks.formats.audiofolder import read_audiofolder

DATASET = "audiofolder"


def read(root):
    return read_audiofolder(root, progress=silent)


def test_metadata_name_audio_and_every_other_column_is_a_tag(names):
    root = names()
    manifest = read(root)
    one = manifest.utterances[0]
    assert (one.id, one.path, one.speaker) == ("train/m0_0.flac", root / "train/m0_0.flac", "m0")
    assert one.tags == {"gender": "m", "said": "so, he said 0", "split": "train"}
    assert Counter(each.tags["split"] for each in manifest) == {"train": 16, "test": 16}
    assert (manifest.left_out, manifest.warning) == ({}, "")


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("layout", ["root", "parts"])
@pytest.mark.parametrize("speaker", ["speaker", "speaker_id"])
def test_an_utterance_is_the_same_in_each_layout_and_form(names, tmp_path, layout, form, speaker):
    other = {each.id: each for each in read(names(layout=layout, form=form, speaker=speaker))}
    (tmp_path / "audiofolder").rename(tmp_path / "other")
    assert other == {each.id: each for each in read(names())}


def test_folders_may_lie_deeper(names):
    manifest = read(names(layout="data"))
    assert manifest.utterances[0].id == "data/test/m2_0.flac"
    assert {(each.tags["split"], each.path.parent.name) for each in manifest} == {("train", "train"), ("test", "test")}


@pytest.mark.parametrize(
    ("folder", "split"),
    [
        ("training", "train"),
        ("validation", "dev"),
        ("val", "dev"),
        ("eval", "test"),
        ("testing", "test"),
        ("Test", "test"),
        ("x", None),
    ],
)
def test_the_name_of_a_folder_says_the_part_where_no_column_does(tmp_path, folder, split):
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "a.wav").touch()
    (tmp_path / folder / "b.wav").touch()
    (tmp_path / "metadata.csv").write_text(f"file_name,split\n{folder}/a.wav,\n./{folder}/b.wav,mine\n")
    assert [each.tags.get("split") for each in read(tmp_path)] == [split, "mine"]


def test_a_split_of_some_utterances_is_a_warning(tmp_path):
    for name in ("train/a.wav", "b.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "metadata.csv").write_text("file_name\ntrain/a.wav\nb.wav\n")
    assert read(tmp_path).warning == "the split is known of 1 of 2 utterances: name the part of each"
    (tmp_path / "metadata.csv").write_text("file_name\ntrain/a.wav\n")
    assert read(tmp_path).warning == ""


def test_stretches_tracks_and_ids_are_understood_as_in_a_manifest(tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "a.wav").touch()
    rows = [
        {"file_name": "a.wav", "start": 1, "end": 2.5},
        {"file_name": "a.wav", "start": 3, "audio_channel": 1},
        {"file_name": "a.wav", "id": "third"},
    ]
    (tmp_path / "train" / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert [(each.id, each.start, each.duration, each.audio_channel, dict(each.tags)) for each in read(tmp_path)] == [
        ("train/a.wav#1,..2.5,", 1.0, 1.5, None, {"split": "train"}),
        ("train/a.wav#3,,1", 3.0, None, 1, {"split": "train"}),
        ("train/third", 0.0, None, None, {"split": "train"}),
    ]


def test_audio_and_rows_that_lack_each_other_are_counted(names, told):
    root = names()
    (root / "train/m0_0.flac").unlink()
    (root / "train/extra.wav").touch()
    (root / "train/other.csv").touch()
    manifest = read(root)
    assert len(manifest) == 31
    assert manifest.left_out == {".csv file": 1, "audio that no metadata name": 1, "row whose file is not there": 1}
    for each in root.rglob("*.flac"):
        each.unlink()
    assert "holds none of the 32 files that metadata.csv name" in told(root, MissingData)


def test_without_metadata_the_reader_of_folders_is_named(names, tmp_path, told):
    message = told(names(layout="classes"), MissingData)
    assert "no metadata.csv or metadata.jsonl with a column file_name" in message
    assert "32 audio files" in message
    assert "--dataset folder" in message
    (tmp_path / "empty").mkdir()
    assert "--dataset" not in told(tmp_path / "empty", MissingData)
    (tmp_path / "empty" / "metadata.parquet").touch()
    assert "metadata.parquet, which is not read" in told(tmp_path / "empty", MissingData)
    assert "there is no folder" in told(tmp_path / "gone", MissingData)


@pytest.mark.parametrize("name", ["../a.wav", "/etc/a.wav", "x/../../a.wav", "..\\a.wav", "a\tb.wav"])
def test_no_name_leads_out_of_the_folder(names, name, told):
    root = names()
    rows = [{"file_name": "train/m0_0.flac"}, {"file_name": name}]
    (root / "metadata.csv").unlink()
    (root / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert "metadata.jsonl line 2: file_name" in told(root)


def test_problems_of_all_tables_are_told_at_once(names, edit, told):
    root = names(layout="parts")
    edit(root / "train/metadata.csv", lambda text: text.replace("file_name", "file"))
    edit(root / "test/metadata.csv", lambda text: f"{text}a,b\nm2_0.flac,x,y,z\n,x,y,z\n")
    message = told(root)
    for fact in (
        "train/metadata.csv: there is no column 'file_name'; it has file, speaker_id",
        "test/metadata.csv: line 18: 2 cells, the header has 4",
        "test/metadata.csv line 19: test/m2_0.flac comes twice",
        "test/metadata.csv line 20: no file_name",
    ):
        assert fact in message


def test_what_is_not_clear_is_refused(names, edit, told):
    root = names()
    edit(root / "metadata.csv", lambda text: text.replace("said", "speaker", 1))
    assert "metadata.csv: columns speaker and speaker_id may each be the speaker" in told(root)
    (root / "metadata.jsonl").write_text('{"file_name": "train/m0_0.flac"}')
    assert "metadata.csv: metadata.jsonl lies beside it" in told(root)
    (root / "metadata.jsonl").unlink()
    (root / "metadata.csv").write_text("file_name,said\n")
    assert "metadata.csv: no rows" in told(root)
