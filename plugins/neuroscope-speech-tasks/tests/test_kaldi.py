"""Kaldi data folders: which file and stretch an utterance is, what is told of it, and what is refused."""

import numpy as np
import pytest

from neuroscope import BadManifest, Data, MissingData, waves
from neuroscope.contracts.progress import silent
from neuroscope.testing import run
from neuroscope_speech_tasks.formats import kaldi


def read(root):
    return kaldi.read_kaldi(root, progress=silent)


def problems(root):
    with pytest.raises(BadManifest) as caught:
        read(root)
    return caught.value.problems


@pytest.mark.parametrize("layout", ["files", "segments", "calls"])
def test_each_layout_keeps_the_contract_and_tells_the_same(tree, layout):
    root = tree("kaldi", layout=layout)
    assert (
        layout == "files"
        or {each.check: each.reason for each in run("dataset", "kaldi", Data(root=root)) if not each.ok} == {}
    )
    manifest = read(root)
    assert (len(manifest), manifest.left_out, manifest.source) == (48, {}, str(root))
    for each in manifest:
        speaker, number = each.id[:4], int(each.id[-1])
        recording = {} if layout == "files" else {"recording": f"rec{speaker[-1]}"}
        assert each.speaker == speaker
        assert each.tags == {
            "gender": "mf"[int(speaker[-1]) % 2], "language": "ar" if number % 2 else "en", "seconds": "0.5",
            **recording,
        }  # fmt: skip
        assert (each.start, each.duration) == ((0.0, None) if layout == "files" else (number / 2, 0.5))
        assert each.audio_channel == (int(speaker[-1]) % 2 if layout == "calls" else None)


def test_tracks_of_a_call_are_its_speakers(tree):
    calls = read(tree("kaldi", layout="calls"))
    first, second = calls.utterances[0], calls.utterances[6]
    assert first.path == second.path
    file = waves.examine(first.path)
    spectra = [
        np.abs(np.fft.rfft(waves.read(each.path, waves.Span(file, 0, 16_000, each.audio_channel), 16_000)))
        for each in (first, second)
    ]
    assert [np.argmax(spectrum) for spectrum in spectra] == pytest.approx([120, 215], abs=2)


def test_paths_are_relative_to_the_folder_else_to_the_working_folder(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "b.wav").touch()
    (tmp_path / "a.wav").touch()
    root = made("a.wav", **{"wav.scp": f"x a.wav\ny far/b.wav\nz {tmp_path}/a.wav\n"})
    manifest = read(root)
    assert [str(each.path) for each in manifest] == [f"{root}/a.wav", "far/b.wav", f"{tmp_path}/a.wav"]
    assert manifest.source == f"{root} (paths are relative to the working folder)"


def test_paths_may_hold_spaces(made):
    (only,) = read(made("my files/a b.wav", **{"wav.scp": "x my files/a b.wav \n"}))
    assert only.path.name == "a b.wav"


def test_stretches_and_tracks_of_segments(made):
    lines = "one r 0.1 0.4\ntwo r 1.25 -1\nthree r 0 2 1\nfour r 0 2 -1\n"
    manifest = read(made("r.wav", segments=lines, **{"wav.scp": "r r.wav\n"}))
    found = {each.id: (each.start, each.duration, each.audio_channel) for each in manifest}
    assert found == {"one": (0.1, 0.3, None), "two": (1.25, None, None), "three": (0, 2, 1), "four": (0, 2, None)}
    assert {each.tags["recording"] for each in manifest} == {"r"}


@pytest.mark.parametrize(
    ("lines", "tracks"), [("a c A\nb c B\n", [0, 1]), ("a c 1\nb c 2\n", [0, 1]), ("b c B", [None, 1])]
)
def test_a_file_that_several_recordings_name_has_tracks(made, lines, tracks):
    root = made("c.sph", reco2file_and_channel=lines, **{"wav.scp": "a c.sph\nb c.sph\n"})
    assert [each.audio_channel for each in read(root)] == tracks


def test_sides_of_a_call_in_files_of_their_own_have_no_tracks(made):
    root = made("a.wav", "b.wav", reco2file_and_channel="a c A\nb c B\n", **{"wav.scp": "a a.wav\nb b.wav\n"})
    assert [each.audio_channel for each in read(root)] == [None, None]


def test_other_columns_speakers_and_genders(made):
    root = made(
        "a.wav",
        utt2spk="a s\n",
        spk2gender="s f\n",
        spk2utt="s a\n",
        utt2uniq="a u\n",
        utt2dur="a 1.5\n",
        utt2gender="a Female voice\n",
        text="a words\n",
        **{"wav.scp": "a a.wav\n", "feats.scp": "a foo.ark:12\n"},
    )
    (only,) = read(root)
    assert only.speaker == "s"
    assert only.tags == {"uniq": "u", "seconds": "1.5", "gender": "f"}  # in the word that all speakers have


def test_utterances_that_are_their_own_speakers_have_none_but_may_have_a_gender(made):
    root = made("a.wav", "b.wav", utt2spk="a a\nb b\n", spk2gender="a f\n", **{"wav.scp": "a a.wav\nb b.wav\n"})
    assert [(each.speaker, each.tags) for each in read(root)] == [(None, {"gender": "f"}), (None, {})]


def test_a_gender_of_an_utterance_that_contradicts_its_speakers_is_told(made):
    root = made(
        *("a.wav", "b.wav"),
        utt2spk="a s\nb s\n",
        spk2gender="s f\n",
        utt2gender="a m\nb f\n",
        **{"wav.scp": "a a.wav\nb b.wav\n"},
    )
    assert problems(root) == ("utt2gender: a is m here, and its speaker s is f in spk2gender",)


def test_backups_are_no_columns(made):
    root = made(
        "a.wav",
        utt2spk="a s\n",
        utt2num_frames="a 7\n",
        **{"utt2spk~": "a t\n", "utt2spk.bak": "a u\n", "utt2lang.old": "a de\n", "wav.scp": "a a.wav\n"},
    )
    manifest = read(root)
    assert [(each.speaker, each.tags) for each in manifest] == [("s", {"num_frames": "7"})]
    assert manifest.left_out == {
        "file that is no list by its name, utt2lang.old": 1,
        "file that is no list by its name, utt2spk.bak": 1,
        "file that is no list by its name, utt2spk~": 1,
    }


def test_lines_of_speakers_and_utterances_that_are_not_there_are_counted(made):
    root = made(
        "a.wav",
        utt2spk="a s\nb t\n",
        spk2gender="S f\nt m\n",
        utt2lang="a ar\nx de\ny de\n",
        utt2dur="A 1.5\n",
        **{"wav.scp": "a a.wav\n"},
    )
    manifest = read(root)
    assert [each.tags for each in manifest] == [{"language": "ar"}]
    assert manifest.left_out == {
        "line of utt2spk without audio": 1,
        "line of utt2lang without audio": 2,
        "line of utt2dur without audio": 1,
        "line of spk2gender whose speaker has no utterance": 2,
    }


def test_lists_may_be_links_to_wherever_they_lie(made, tmp_path):
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "wav.scp").write_text("a a.wav\n")
    root = made("a.wav")
    (root / "wav.scp").symlink_to(tmp_path / "lists" / "wav.scp")
    assert [each.id for each in read(root)] == ["a"]


def test_what_is_left_out_is_counted(made):
    root = made(
        "r.wav",
        segments="a r 0 1\nb gone 0 1\nc nowhere 0 1\n",
        utt2spk="a s\nb s\nc s\nd s\n",
        **{"wav.scp": "r r.wav\ngone gone.wav\nrest r.wav\n"},
    )
    manifest = read(root)
    assert [each.id for each in manifest] == ["a"]
    assert manifest.left_out == {
        "utterance whose file is not there": 1,
        "segment whose recording is not in wav.scp": 1,
        "recording of wav.scp without a segment": 1,
        "line of utt2spk without audio": 1,
    }


def test_commands_and_archives_are_refused_all_at_once_with_what_to_do(made):
    lines = (
        "a /opt/sph2pipe -f wav -p -c 2 /data/en_4156.sph |",
        "b sph2pipe -c 1 -f wav en.sph|",
        "c flac -d -c -s b.flac |",
        "d raw.ark:1234",
        "e raw.ark:1234[0:3]",
        "f -",
        "g g.wav",
    )
    found = problems(made("g.wav", **{"wav.scp": "\n".join(lines)}))
    assert found[0] == (
        "wav.scp line 1: a command is not run: write /data/en_4156.sph in its place, and a line 'RECORDING FILE B' in "
        "reco2file_and_channel"
    )
    assert "line 2: a command is not run: write en.sph in its place, and a line 'RECORDING FILE A'" in found[1]
    assert "run it once, and name the file that it makes (flac -d -c -s b.flac |)" in found[2]
    assert all("archive" in each for each in found[3:6])
    assert len(found) == 6


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("wav.scp", "a\n", "wav.scp line 1: 'a' stands alone"),
        ("wav.scp", "a a.wav\na a.wav\n", "wav.scp line 2: a comes twice"),
        ("wav.scp", "a \0\n", "it is binary"),
        ("utt2spk", "a s\na t\n", "utt2spk line 2: a comes twice"),
        ("utt2spk", "a s t\n", "utt2spk line 1: 's t' is more than one word"),
        ("spk2gender", "s f m\n", "spk2gender line 1: 'f m' is more than one word"),
        ("segments", "", "segments: it is empty"),
        ("utt2lang", "a\n", "utt2lang line 1: 'a' stands alone"),
        ("utt2id", "a x\n", "utt2id: no column can be named 'id'"),
        ("segments", "a r 2 1\n", "segments line 1: 'r 2 1' is not: recording, start, end (seconds, -1 = to its end)"),
        ("segments", "a r -0.1 1\n", "is not: recording"),
        ("segments", "a r nan 1\n", "is not: recording"),
        ("segments", "a r 0 1 2\n", "is not: recording"),
        ("segments", "a r 0\n", "is not: recording"),
        ("reco2file_and_channel", "a c C\n", "'c C' is not a file and A or B (1 or 2)"),
    ],
)
def test_lines_that_cannot_be_read_are_told(made, file, text, said):
    texts = {"wav.scp": "a a.wav\n", file: text}
    (found,) = problems(made("a.wav", **texts))
    assert said in found


def test_no_list_and_no_file_are_told(made, tmp_path):
    with pytest.raises(MissingData, match=r"gone holds no wav\.scp"):
        read(tmp_path / "gone")
    with pytest.raises(MissingData, match=r"no file that .*wav\.scp names is there \(first: /gone/a\.wav\)"):
        read(made(**{"wav.scp": "a /gone/a.wav\n"}))
    with pytest.raises(MissingData, match="nothing"):
        read(made(**{"wav.scp": ""}))
