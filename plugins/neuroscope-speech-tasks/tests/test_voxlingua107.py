"""VoxLingua107: languages and videos of the names of segments."""

import pytest

from neuroscope import MissingData
from neuroscope.contracts.progress import silent
from neuroscope_speech_tasks.corpora.voxlingua107 import CODES, read_voxlingua107

DATASET = "voxlingua107"


def read(root):
    return read_voxlingua107(root, progress=silent)


def test_the_tree_as_published(names):
    root = names()
    manifest = read(root)
    assert len(manifest) == 30
    rows = {each.id: each for each in manifest}
    one = rows["zh/-1yJXRhkdzh---1034.500-1035.000"]
    assert one.path == root / "zh/-1yJXRhkdzh---1034.500-1035.000.wav"
    assert one.tags == {"language": "zh", "split": "train", "recording": "-1yJXRhkdzh", "seconds": "0.500"}
    assert (one.speaker, manifest.left_out) == (None, {})
    assert rows["en/a--b---c_en---0037.420-0037.920"].tags["recording"] == "a--b---c_en"
    assert list(rows) == sorted(rows)


def test_a_file_is_its_segment_and_read_whole(names):
    assert {(each.start, each.duration) for each in read(names())} == {(0.0, None)}


def test_dev_has_a_split_and_ids_of_its_own(names):
    manifest = read(names())
    dev = [each for each in manifest if each.tags["split"] == "dev"]
    assert [each.id for each in dev] == [
        f"dev/{code}/0a1b2c3d4{code}---{times}"
        for code in ("en", "iw", "zh")
        for times in ("0037.420-0037.920", "1034.500-1035.000")
    ]
    assert {each.tags["split"] for each in manifest if each not in dev} == {"train"}


def test_without_dev_all_is_train(names):
    assert {each.tags["split"] for each in read(names(dev=False))} == {"train"}


def test_the_language_is_the_nearest_folder_that_is_one(names):
    root = names(dev=False)
    (root / "en/wav").mkdir()
    (root / "en/wav/a---0000.000-0001.000.wav").touch()
    (root / "old").mkdir()
    (root / "old/a---0000.000-0001.000.wav").touch()
    manifest = read(root)
    assert {each.id.partition("/")[0] for each in manifest} == {"en", "iw", "zh"}
    assert "en/a---0000.000-0001.000" in {each.id for each in manifest}
    assert sum(manifest.left_out.values()) == 1
    assert len(CODES) == 107


@pytest.mark.parametrize("place", ["dev", "dev/en", "en"])
def test_a_root_within_the_corpus_has_the_same_ids_and_splits(names, place):
    root = names()
    whole = {each.id: (each.tags, each.path) for each in read(root) if each.id.startswith(f"{place}/")}
    assert {each.id: (each.tags, each.path) for each in read(root / place)} == whole


def test_the_folder_of_somebody_named_dev_is_no_split(names):
    root = names().rename(names().with_name("dev"))
    assert {each.tags["split"] for each in read(root)} == {"train", "dev"}


def test_obsolete_codes_are_todays_languages_and_ids_keep_the_folder(names):
    root = names(dev=False)
    (root / "en").rename(root / "jw")
    languages = {each.id.partition("/")[0]: each.tags["language"] for each in read(root)}
    assert languages == {"iw": "he", "jw": "jv", "zh": "zh"}


def test_the_group_of_a_speaker_in_a_name_is_no_part_of_the_video(names):
    root = names(dev=False)
    (root / "en/0LPJnIgkYmE__U__S12---0196.530-0212.080.wav").touch()
    rows = {each.id: each.tags for each in read(root)}
    tags = rows["en/0LPJnIgkYmE__U__S12---0196.530-0212.080"]
    assert (tags["recording"], tags["seconds"]) == ("0LPJnIgkYmE", "15.550")


def test_the_folder_above_and_a_converted_copy_have_the_same_utterances(names, tmp_path):
    expected = read(names())
    names().rename(tmp_path / "as published")
    copy = read(names(ending=".flac").parent / "voxlingua107")
    assert copy.fingerprint == expected.fingerprint
    assert read(tmp_path).fingerprint == expected.fingerprint
    assert read(tmp_path).left_out == {"copy of an utterance": 30}


def test_what_is_left_out_is_counted(names):
    root = names(dev=False)
    (root / "dev").mkdir()
    for name in (
        "en/intro.wav",
        "a---0000.000-0001.000.wav",
        "dev/a---0000.000-0001.000.wav",
        "English/a---0.0-1.0.wav",
    ):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).touch()
    (root / "en.zip").touch()
    manifest = read(root)
    otherwise = "audio file that is named otherwise than those of VoxLingua107"
    assert (len(manifest), manifest.left_out) == (24, {".zip file": 1, otherwise: 4})


def test_what_is_not_there_is_asked_for(tmp_path):
    with pytest.raises(MissingData, match=r"nowhere does not exist.*taltech.*6,628 h.*--root"):
        read(tmp_path / "nowhere")
    with pytest.raises(MissingData, match="holds none of it"):
        read(tmp_path)
    (tmp_path / "en.zip").touch()
    with pytest.raises(MissingData, match=r"has no utterance \(\.zip file: 1\)"):
        read(tmp_path)


def test_where_the_corpus_lies_tells_neither_language_nor_split(names, tmp_path):
    expected = read(names()).fingerprint
    place = tmp_path / "dev" / "sd"
    place.mkdir(parents=True)
    names().rename(place / "voxlingua107")
    assert {read(each).fingerprint for each in (place / "voxlingua107", place)} == {expected}
    with pytest.raises(MissingData):  # sd, which is Sindhi, and en: of which of the two is not told
        read(place.parent)


def test_a_link_is_called_as_the_user_calls_it(names, tmp_path):
    (tmp_path / "ab").mkdir()
    (names() / "en").rename(tmp_path / "ab" / "ab")
    (tmp_path / "en").symlink_to(tmp_path / "ab" / "ab")
    assert {each.tags["language"] for each in read(tmp_path / "en")} == {"en"}


def test_a_segment_below_two_languages_is_of_none(names):
    root = names(dev=False)
    (root / "en" / "no").mkdir()
    segment = next((root / "en").glob("*.wav"))
    segment.rename(root / "en" / "no" / segment.name)
    manifest = read(root)
    assert segment.name not in {each.path.name for each in manifest}
    assert sum(manifest.left_out.values()) == 1
