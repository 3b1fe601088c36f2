"""VoxCeleb2: m4a as published and converted, its table in each form, and who is of part test."""

import pytest

from neuroscope import BadManifest, MissingData
from neuroscope.contracts.progress import silent
from neuroscope.waves import examine
from neuroscope_speech_tasks.corpora.voxceleb2 import read_voxceleb2

DATASET = "voxceleb2"

TEST = {"id00017", "id00061", "id00081", "id00154", "id00419", "id00562", "id00812", "id00817"}


def read(root, **options):
    return read_voxceleb2(root, progress=silent, **options)


def test_the_tree_as_published(names):
    root = names()
    manifest = read(root)
    assert len(manifest) == 32
    first = manifest.utterances[0]
    assert (first.id, first.speaker) == ("id00017/-00017WjVCk/00001", "id00017")
    assert first.path == root / "aac/id00017/-00017WjVCk/00001.m4a"
    assert first.tags == {"gender": "m", "recording": "-00017WjVCk"}
    assert (manifest.left_out, manifest.trials, manifest.way) == ({}, (), "")


def test_the_table_tells_who_is_of_part_test_and_no_range_does(names):
    root = names()
    assert {each.speaker for each in read(root)} == TEST
    assert {each.speaker for each in read(root, part="dev")} == {"id00012"}
    assert {each.speaker for each in read(root, part="all")} == {"id00012", *TEST}


@pytest.mark.parametrize("ending", [".m4a", ".wav", ".flac"])
@pytest.mark.parametrize("layout", ["official", "parts", "zips"])
def test_each_layout_and_format_has_the_same_utterances(layout, ending, names, expected):
    manifest = read(names(layout=layout, ending=ending))
    assert manifest.utterances[0].path.suffix == ending
    assert (manifest.fingerprint, manifest.left_out) == (expected.fingerprint, {})


@pytest.mark.parametrize(("layout", "place"), [("official", ".."), ("official", "aac"), ("parts", "test/aac")])
def test_the_root_may_be_above_or_below_the_corpus_folder(layout, place, names, expected):
    assert read((names(layout=layout) / place).resolve()).fingerprint == expected.fingerprint


@pytest.mark.parametrize("form", ["clean", "names"])
def test_the_table_cleaned_or_with_tabs_and_names_says_the_same(form, names, expected):
    assert read(names(form=form)).fingerprint == expected.fingerprint


def test_a_copy_that_was_converted_in_place_is_read_before_the_original(names):
    root = names()
    (root / "aac/id00017/-00017WjVCk/00001.wav").touch()
    manifest = read(root)
    assert manifest.utterances[0].path.suffix == ".wav"
    assert (len(manifest), manifest.left_out) == (32, {"copy of an utterance": 1})


def test_folders_tell_the_part_where_there_is_no_table(names, expected):
    manifest = read(names(layout="parts", form=""))
    assert [each.id for each in manifest] == [each.id for each in expected]
    assert manifest.columns == ("id", "recording", "speaker")
    assert "https://www.openslr.org/resources/49/vox2_meta.csv" in manifest.way


def test_without_the_table_and_such_folders_it_is_asked_for(names):
    with pytest.raises(MissingData, match=r"has no vox2_meta\.csv \(https.*which tells who is of part test"):
        read(names(form=""))


def test_what_is_not_understood_of_the_table_is_told(names):
    root = names()
    (root / "vox2_meta.csv").write_text("VoxCeleb2 ID ,VGGFace2 ID ,Gender ,Set \nid00017 ,n000017 ,x ,test \n")
    with pytest.raises(BadManifest, match=r"vox2_meta\.csv line 2: Gender is 'x', expected f or m"):
        read(root)


def test_what_is_not_there_is_asked_for(tmp_path):
    with pytest.raises(MissingData, match=r"nowhere does not exist.*36,237 utterances.*NEUROSCOPE_DATA/voxceleb2"):
        read(tmp_path / "nowhere")


def test_audio_as_published_is_read(tree):
    pytest.importorskip("av")
    file = examine(tree("voxceleb2") / "aac/id00017/-00017WjVCk/00001.m4a")
    assert (file.rate, file.channels) == (16_000, 1)
    assert file.frames == pytest.approx(8_000, abs=2_100)
