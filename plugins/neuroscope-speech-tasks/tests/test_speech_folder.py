"""A folder of audio: which files are utterances, and what their paths say."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from neuroscope import BadManifest, BadOption, MissingData
from neuroscope.contracts.progress import silent
from neuroscope_speech_tasks.formats import folder as reader
from neuroscope_speech_tasks.reading.listing import AUDIO


def read_folder(root, **options):
    return reader.read_folder(root, progress=silent, **options)


@pytest.fixture
def folder(tmp_path):
    """``folder("a/b.wav", ...)``: a folder with these files, all empty (a reader looks at names alone)."""

    def make(*names):
        for name in names:
            path = tmp_path / "corpus" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path / "corpus"

    return make


def tags(manifest):
    return {each.id: dict(each.tags) for each in manifest}


def test_the_folder_of_a_file_is_its_class_and_a_file_in_no_folder_has_none(folder):
    root = folder("m/a.wav", "f/x/b.FLAC", "c.mp3")
    manifest = read_folder(root)
    assert tags(manifest) == {"c.mp3": {}, "f/x/b.FLAC": {"label": "x"}, "m/a.wav": {"label": "m"}}
    assert [each.path for each in manifest] == [root / each.id for each in manifest]
    assert manifest.fingerprint == read_folder(root).fingerprint


def test_the_class_may_have_another_column_and_speaker_is_understood(folder):
    root = folder("m/a.wav")
    assert tags(read_folder(root, column="gender")) == {"m/a.wav": {"gender": "m"}}
    (only,) = read_folder(root, column="speaker")
    assert (only.speaker, only.tags) == ("m", {})


@pytest.mark.parametrize("ending", AUDIO)
def test_every_kind_of_audio_counts_in_capitals_too(folder, ending):
    assert len(read_folder(folder(f"a{ending}", f"b{ending.upper()}"))) == 2


def test_files_of_one_name_are_a_warning(folder):
    assert read_folder(folder("x/a.wav", "y/a.wav")).warning == ""
    manifest = read_folder(folder("x/a.flac"))
    assert len(manifest) == 3
    assert manifest.warning == "files of one name with several endings, all of them read: 1 more than names"


def test_other_files_are_counted_by_ending_and_hidden_ones_are_not(folder):
    root = folder("a.wav", "a.txt", "b.txt", "README", ".hidden.wav", ".git/x.wav", "__MACOSX/._a.wav")
    manifest = read_folder(root)
    assert [each.id for each in manifest] == ["a.wav"]
    assert manifest.left_out == {".txt file": 2, "no ending file": 1}


def test_a_corpus_below_a_hidden_folder_is_not_hidden(folder):
    folder(".cache/corpus/m/a.wav")
    assert len(read_folder(folder() / ".cache" / "corpus")) == 1


def test_named_groups_of_an_expression_become_columns(folder):
    root = folder("ann_f/1.wav", "bob_m/2.wav", "noise.wav")
    manifest = read_folder(root, label_from=r"(?P<speaker>\w+)_(?P<gender>[mf])/")
    assert [each.speaker for each in manifest] == ["ann", "bob", None]
    assert tags(manifest) == {"ann_f/1.wav": {"gender": "f"}, "bob_m/2.wav": {"gender": "m"}, "noise.wav": {}}


def test_the_first_group_of_an_expression_is_the_class_and_an_empty_one_is_none(folder):
    root = folder("x/a-1.wav", "y/-2.wav")
    assert tags(read_folder(root, label_from="([a-z]?)-", column="who")) == {"x/a-1.wav": {"who": "a"}, "y/-2.wav": {}}
    assert tags(read_folder(root, label_from="^(.)/"))["y/-2.wav"] == {"label": "y"}


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({"label_from": "("}, r"label_from=\("),
        ({"label_from": "a{99999999999999999999}"}, "label_from=a"),
        ({"label_from": "[mf]"}, "group"),
        ({"label_from": "(z+)/"}, "m/a.wav"),
        ({"label_from": "(?P<id>.)"}, "id"),
        ({"column": "id"}, "id"),
        ({"column": ""}, "name"),
    ],
)
def test_an_expression_or_column_that_cannot_serve_is_told(folder, options, fact):
    with pytest.raises(BadOption, match=fact):
        read_folder(folder("m/a.wav"), **options)


def test_no_folder_and_no_audio_are_told(folder, tmp_path):
    with pytest.raises(MissingData, match="gone"):
        read_folder(tmp_path / "gone")
    with pytest.raises(MissingData, match=r"\.wav.*among 2 files"):
        read_folder(folder("a.txt", "b.txt"))
    with pytest.raises(MissingData):
        read_folder(folder() / "a.txt")


@pytest.mark.parametrize("name", ["дом/файл 1.wav", "日本/é.wav", "a,b/c=d+e.wav", "a b/#1.wav"])
def test_names_in_any_script_are_kept(folder, name):
    (only,) = read_folder(folder(name))
    assert only.id == name
    assert only.tags == {"label": name.split("/")[0]}


def test_names_that_are_no_text_are_told_all_at_once(folder):
    root = folder("fine.wav")
    for name in (b"caf\xe9.wav", b"na\xefve.wav"):
        (root / os.fsdecode(name)).touch()
    with pytest.raises(BadManifest) as caught:
        read_folder(root)
    assert len(caught.value.problems) == 2
    assert "caf" in str(caught.value)
    str(caught.value).encode()


def test_links_to_files_are_utterances_and_links_to_folders_or_nothing_are_counted(folder, tmp_path):
    root = folder("m/a.wav")
    (root / "m" / "link.wav").symlink_to(root / "m" / "a.wav")
    (root / "again").symlink_to(root, target_is_directory=True)
    (root / "broken.wav").symlink_to(tmp_path / "gone.wav")
    os.mkfifo(root / "pipe.wav")
    manifest = read_folder(root)
    assert [each.id for each in manifest] == ["m/a.wav", "m/link.wav"]
    assert manifest.left_out == {"link to a folder, not followed": 1, "link to nothing, pipe or device": 2}


READ_AS_NOBODY = """
import os, sys, pathlib
from neuroscope import BadManifest
from neuroscope.contracts.progress import silent
from neuroscope_speech_tasks.formats.folder import read_folder
if os.getuid() == 0:
    os.setuid(65534)
try:
    print(len(read_folder(pathlib.Path(sys.argv[1]), progress=silent)), "utterances")
except BadManifest as error:
    print(error)
"""


@pytest.fixture
def shared():
    """A folder that other users may open, unlike that of pytest."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("mode", [0o000, 0o400], ids=["not listed", "listed but not looked into"])
def test_a_folder_that_may_not_be_opened_is_an_error_and_no_missing_class(shared, mode):
    for name in ("f/a.wav", "m/b.wav", "m/deep/c.wav"):
        (shared / name).parent.mkdir(parents=True, exist_ok=True)
        (shared / name).touch()
    closed = shared / "m"
    closed.chmod(mode)
    try:
        done = subprocess.run(
            [sys.executable, "-c", READ_AS_NOBODY, shared], capture_output=True, text=True, check=True
        )
    finally:
        closed.chmod(0o755)
    assert f"{closed}" in done.stdout
    assert "may not be opened (Permission denied)" in done.stdout
    assert "utterances" not in done.stdout


@pytest.mark.parametrize(
    ("names", "options", "said"),
    [
        (["m/a.wav", "f/b.wav"], {}, ["'label'", "--task label:label", "--dataset folder,column=gender"]),
        (["m/a.wav", "f/b.wav"], {"column": "who"}, ["'who'", "--task label:who", "(?P<gender>REGEX)"]),
        (["a.wav", "b.wav"], {}, ["lie in no folder", "(?P<gender>REGEX)"]),
        (["m_a.wav"], {"label_from": "(?P<who>.)_"}, ["label_from makes no such column", "(?P<gender>REGEX)"]),
    ],
)
def test_a_column_that_the_paths_do_not_make_is_told_with_the_way_to_it(folder, names, options, said):
    way = read_folder(folder(*names), **options).way.replace("{column}", "gender")
    for each in said:
        assert each in way
