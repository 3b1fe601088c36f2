"""Manifests as tables that are read back."""

import os

import numpy as np
import pytest
import soundfile

from neuroscope import BadManifest, Data, Manifest, Plugins, Utterance
from neuroscope.data.manifest_csv import manifest_csv, write_manifest
from neuroscope.data.sources import load


def again(tmp_path, *utterances):
    write_manifest(tmp_path / "m.csv", manifest_csv(utterances))
    return load(Data(root=tmp_path / "m.csv"), Plugins.load()).manifest


def test_what_is_written_is_read_back(tmp_path):
    (tmp_path / "a b").mkdir()
    file = tmp_path / "a b" / 'ё,"1".wav'
    soundfile.write(file, np.zeros(800), 8000)
    utterances = (
        Utterance(id="a, b", path=file, tags={"said": 'so "he" said,\nand went', "offset": "0.5", "begin": "x"}),
        Utterance(id="#1", path=file, start=1 / 3, duration=0.1 + 0.2, audio_channel=0, speaker="s,1"),
        Utterance(id="NaN", path=file, start=0.05, speaker="null", tags={"channel_id": "7", "duration_ms": "100"}),
        Utterance(
            id=" b ",
            path=file,
            start=np.float64(0.025),
            tags={"label": " male ", "line": "a\rb\r\nc", "path": "p", "tag:x": "y"},
        ),
        Utterance(id="without audio", path=None, tags={"duration": "long", "neuroscope": "me", "speaker": "s"}),
    )
    read = again(tmp_path, *utterances)
    assert read.utterances == utterances
    assert read.fingerprint == Manifest(utterances).fingerprint


def test_a_table_that_somebody_has_edited_is_read(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(8000), 8000)
    again(tmp_path, Utterance(id="a", path=tmp_path / "a.wav", tags={"offset": "x"}))
    text = (tmp_path / "m.csv").read_text()
    (tmp_path / "m.csv").write_text(text + f",,{tmp_path / 'a.wav'},y\n")
    read = load(Data(root=tmp_path / "m.csv"), Plugins.load()).manifest
    assert [(each.id, dict(each.tags)) for each in read] == [
        ("a", {"offset": "x"}),
        (str(tmp_path / "a.wav"), {"offset": "y"}),
    ]
    (tmp_path / "own.csv").write_text("path,speaker,neuroscope\na.wav, s,yes\n")
    (own,) = load(Data(root=tmp_path / "own.csv"), Plugins.load()).manifest
    assert (own.id, own.speaker, dict(own.tags)) == ("a.wav", "s", {"neuroscope": "yes"})


def test_tags_named_like_stretches_are_tags_where_no_utterance_has_a_stretch(tmp_path):
    utterances = tuple(
        Utterance(id=str(n), path=None, tags={"offset": "0.1", "start_time": "3", "dur": "7", "audio_channel_id": "2"})
        for n in range(3)
    )
    read = again(tmp_path, *utterances)
    assert read.utterances == utterances
    assert read.warning == ""


def test_relative_paths_are_absolute_in_the_table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    soundfile.write("a.wav", np.zeros(800), 8000)
    from pathlib import Path

    (each,) = again(tmp_path, Utterance(id="a", path=Path("a.wav")))
    assert each.path == tmp_path / "a.wav"


def test_a_table_of_ones_own_is_read_as_before(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(8000), 8000)
    header = "id,path,start,end,duration,audio_channel,speaker"
    (tmp_path / "m.csv").write_text(f"{header}\na,a.wav,0.1,0.3,,,s\n")
    (each,) = load(Data(root=tmp_path / "m.csv"), Plugins.load()).manifest
    assert (each.start, round(each.duration, 9), dict(each.tags)) == (0.1, 0.2, {})


def test_a_folder_that_is_no_utf8_is_told_before_anything_is_read(tmp_path):
    root = tmp_path / os.fsdecode(b"caf\xe9")
    (root / "x").mkdir(parents=True)
    soundfile.write(tmp_path / "a.wav", np.zeros(8000), 8000)
    (tmp_path / "a.wav").rename(root / "x" / "a.wav")
    with pytest.raises(BadManifest, match=r"caf.udce9' is no UTF-8; rename it"):
        load(Data(dataset="folder", root=root), Plugins.load())
