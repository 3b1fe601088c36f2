"""LibriSpeech: its subsets, its table of speakers, and where they may lie."""

import pytest

from neuroscope import BadManifest, MissingData
from neuroscope.contracts.progress import silent
from neuroscope_speech_tasks.corpora.librispeech import read_librispeech

DATASET = "librispeech"


def read(root, **options):
    return read_librispeech(root, progress=silent, **options)


@pytest.fixture
def corpus(names):
    """The folder of a tree as published, without the one above it."""
    return names(folder="")


def test_the_tree_as_published(names):
    root = names()
    manifest = read(root)
    assert len(manifest) == 36
    one = next(each for each in manifest if each.speaker == "84")
    assert one.id == "84-84123-0000"
    assert one.path == root / "LibriSpeech/dev-clean/84/84123/84-84123-0000.flac"
    assert one.tags == {"gender": "F", "subset": "dev-clean", "recording": "84123"}
    assert [each.id for each in manifest] == sorted(each.id for each in manifest)
    genders = {each.speaker: each.tags["gender"] for each in manifest if each.tags["subset"] == "dev-clean"}
    assert sorted(genders.values()) == ["F"] * 3 + ["M"] * 5
    assert (manifest.left_out, manifest.way) == ({}, "")


def test_names_of_speakers_may_hold_the_delimiter(corpus):
    assert {each.tags["gender"] for each in read(corpus) if each.speaker == "1272"} == {"F"}
    assert {each.tags["gender"] for each in read(corpus) if each.speaker == "422"} == {"M"}


def test_the_root_may_be_the_folder_above_or_one_subset(tree):
    expected = read(tree("librispeech", audio=False))
    root = tree("librispeech", audio=False, folder="other/librispeech") / "other"
    assert read(root).fingerprint == read(root / "librispeech").fingerprint == expected.fingerprint
    some = read(root / "librispeech/dev-clean")
    assert [each.id for each in some] == [each.id for each in expected if each.tags["subset"] == "dev-clean"]
    assert some.fingerprint == read(root, subsets=("dev-clean",)).fingerprint


def test_a_converted_copy_has_the_same_utterances(names, tmp_path):
    expected = read(names(folder="as published") / "as published").fingerprint
    copy = read(names(folder="converted", ending=".wav") / "converted")
    assert copy.fingerprint == expected
    assert {each.path.suffix for each in copy} == {".wav"}


def test_subsets_are_chosen(corpus):
    assert {each.tags["subset"] for each in read(corpus, subsets=("test-other",))} == {"test-other"}
    assert len(read(corpus, subsets=("test-other", "dev-clean"))) == 36


def test_subsets_that_are_not_there_are_told_with_those_that_are(corpus):
    with pytest.raises(MissingData, match=r"has no subset dev_clean, test-clean \(it has dev-clean, test-other\)\."):
        read(corpus, subsets=("test-clean", "dev-clean", "dev_clean"))


def test_columns_are_found_by_the_names_in_the_comment(corpus):
    rows = "; |\n;SUBSET | ID | SEX | NAME\n" + "".join(f"x | {id_} | F | a | b\n" for id_ in (84, 174))
    (corpus / "SPEAKERS.TXT").write_text(rows)
    assert {each.speaker: each.tags["gender"] for each in read(corpus)} == {"84": "F", "174": "F"}


def test_without_the_table_the_gender_is_not_known(names):
    manifest = read(names(table=False))
    assert len(manifest) == 36
    assert manifest.columns == ("id", "recording", "speaker", "subset")
    assert manifest.way.startswith("SPEAKERS.TXT knows the gender: put it into ")


def test_what_is_left_out_is_counted(corpus):
    with (corpus / "SPEAKERS.TXT").open("a") as table:
        table.write("1272 | F | dev-clean | 8.10 | John | Rose | \n")
    speakers = [line for line in (corpus / "SPEAKERS.TXT").read_text().splitlines() if not line.startswith("84 ")]
    (corpus / "SPEAKERS.TXT").write_text("\n".join(speakers))
    for name in ("noise.flac", "dev-clean/174/174123/84-174123-0000.flac", "dev-clean/174/174123/174-174123-0000.wav"):
        (corpus / name).touch()
    (corpus / "dev-clean.tar.gz").touch()
    manifest = read(corpus)
    assert manifest.left_out == {
        ".gz file": 1,
        "audio file that is named otherwise than those of LibriSpeech (SLR12)": 2,
        "copy of an utterance": 1,
        "utterance of a speaker that SPEAKERS.TXT does not have": 4,
    }
    assert len(manifest) == 32


def test_what_is_not_understood_of_the_table_is_told_at_once(corpus):
    with (corpus / "SPEAKERS.TXT").open("a") as table:
        table.write("84 | M | dev-clean | 8.02 | Christie Nowak\n99 | X | dev-clean | 1 | A\n100 M\n")
    with pytest.raises(BadManifest) as problem:
        read(corpus)
    assert [line.strip(" -") for line in str(problem.value).splitlines()[1:]] == [
        "SPEAKERS.TXT line 14: 84 comes twice, and not alike",
        "SPEAKERS.TXT line 15: SEX is 'X', expected F or M",
        "SPEAKERS.TXT line 16: expected ID | SEX | SUBSET | MINUTES | NAME, it has '100 M'",
    ]


def test_a_table_without_speakers_is_told(corpus):
    (corpus / "SPEAKERS.TXT").write_text(";ID  |SEX| SUBSET\n")
    with pytest.raises(BadManifest, match=r"SPEAKERS\.TXT: it has no speakers"):
        read(corpus)


def test_what_is_not_there_is_asked_for(tmp_path):
    with pytest.raises(MissingData, match=r"nowhere does not exist.*openslr.org/12/; CC BY 4.0; 982 h.*--root"):
        read(tmp_path / "nowhere")
    with pytest.raises(MissingData, match="holds none of it"):
        read(tmp_path)
    (tmp_path / "a.flac").touch()
    with pytest.raises(
        MissingData, match=r"has no utterance \(audio file that is named otherwise than .*: 1, the first: a\.flac\)"
    ):
        read(tmp_path)
    with pytest.raises(MissingData, match=r"a\.flac is a file; unpack it, where it is an archive, and name the folder"):
        read(tmp_path / "a.flac")


def test_a_speaker_in_the_folder_of_another_subset_is_told(corpus):
    (corpus / "dev-clean/84").rename(corpus / "test-other/84")
    with pytest.raises(BadManifest, match=r"SPEAKERS\.TXT: 84 is of dev-clean, and lies in test-other"):
        read(corpus)


def test_an_empty_folder_hides_nothing(corpus):
    expected = read(corpus).fingerprint
    (corpus / "librispeech").mkdir()
    assert read(corpus).fingerprint == expected
    (corpus / "LibriSpeech").touch()
    assert read(corpus).fingerprint == expected


def test_the_table_may_lie_above_a_link_and_above_what_it_leads_to(corpus, tmp_path):
    for place in ("disk/parts", "home"):
        (tmp_path / place).mkdir(parents=True)
    (corpus / "dev-clean").rename(tmp_path / "disk/parts/dev-clean")
    (tmp_path / "home/dev-clean").symlink_to(tmp_path / "disk/parts/dev-clean")
    for place in ("home", "disk"):
        table = (corpus / "SPEAKERS.TXT").rename(tmp_path / place / "SPEAKERS.TXT")
        assert "gender" in read(tmp_path / "home/dev-clean").columns
        table.rename(corpus / "SPEAKERS.TXT")
    assert "gender" not in read(tmp_path / "home/dev-clean").columns


def test_folders_behind_links_are_told_with_the_way_out(corpus, tmp_path):
    (tmp_path / "root").mkdir()
    (tmp_path / "root/dev-clean").symlink_to(corpus / "dev-clean")
    out = r"links to folders, not followed: 1 \(name the folder itself, or link the whole corpus\)"
    with pytest.raises(MissingData, match=out):
        read(tmp_path / "root")


def test_the_table_says_the_subset_where_the_folder_is_none(corpus):
    expected = read(corpus).fingerprint
    (corpus / "dev-clean").rename(corpus / "Dev-Clean")
    assert read(corpus).fingerprint == expected
    (corpus / "Dev-Clean").rename(corpus / "wav")
    assert read(corpus).fingerprint == expected
    assert {each.tags["subset"] for each in read(corpus, subsets=("dev-clean",))} == {"dev-clean"}


def test_a_subset_as_the_root_is_held_to_the_table(corpus):
    assert {each.tags["subset"] for each in read(corpus / "dev-clean", subsets=("dev-clean",))} == {"dev-clean"}
    (corpus / "test-other").rename(corpus / "kept")
    (corpus / "dev-clean").rename(corpus / "test-other")
    with pytest.raises(BadManifest, match=r"is of dev-clean, and lies in test-other"):
        read(corpus / "test-other")
