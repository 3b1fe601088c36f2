"""Audio that is strange, or changes under a command's hands: counted, told, and never stored as what it is not."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from neuroscope.audio import index
from neuroscope.cli.main import build

PROBE = ["probe", "--backbone", "toy", "--task", "label:label", "--split", "utterance"]


def run(*arguments, code=0):
    result = CliRunner().invoke(build(), [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    return " ".join(result.stdout.split()), result


def write(path, seed, gain=0.1, channels=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = gain * np.random.default_rng(seed).standard_normal((8_000, channels))
    soundfile.write(path, samples, 16_000, subtype="FLOAT")
    return samples


@pytest.fixture
def audio(tmp_path):
    for number in range(20):
        write(tmp_path / "audio" / "ab"[number % 2] / f"{number:02}.wav", number)
    return tmp_path / "audio"


def test_strange_audio_is_told_by_every_command_that_uses_it(audio):
    soundfile.write(audio / "a" / "00.wav", np.zeros(8_000), 16_000)
    left = write(audio / "a" / "02.wav", 2)
    soundfile.write(audio / "a" / "02.wav", np.hstack([left, -left]), 16_000)
    for name in ("04", "06"):
        write(audio / "a" / f"{name}.wav", int(name), gain=3_000)
    told = [
        "Warning: 1 of 20 utterances: digital silence: all samples are equal; e.g. a/00.wav.",
        "Warning: 1 of 20 utterances: tracks that cancel each other in their mean; audio_channel reads one of them; "
        "e.g. a/02.wav.",
        "Warning: 2 of 20 utterances: samples far beyond full scale: more than ±2, where ±1 is full scale; e.g. "
        "a/04.wav.",
    ]
    for command, computed in ((["extract", "--backbone", "toy"], 20), (PROBE, 0)):
        shown, result = run(*command, "--root", audio)
        assert f"{computed} extracted now" in shown
        assert [line for line in told if line not in shown] == []
    folder = Path(result.stdout.splitlines()[-1])
    (extraction,) = json.loads((folder / "run.json").read_text())["extractions"]
    assert [each["kind"] for each in extraction["cautions"]] == [
        "digital silence",
        "tracks cancel each other",
        "samples far beyond full scale",
    ]


def test_ordinary_audio_has_no_warning(audio):
    shown, _ = run("extract", "--backbone", "toy", "--root", audio)
    assert "Warning" not in shown


def test_a_file_that_changes_behind_the_first_look_is_skipped_and_right_the_next_time(audio, tmp_path, monkeypatch):
    command = ["extract", "--backbone", "toy", "--root", audio, "--json"]
    look, changed = index.examine_all, audio / "a" / "00.wav"

    def look_and_change(*arguments, **options):
        found = look(*arguments, **options)
        write(changed, 99)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(index, "examine_all", look_and_change)
        _, result = run(*command)
    (extraction,) = json.loads(result.stdout)["run"]["extractions"]
    assert (extraction["computed"], extraction["skipped"]) == (19, {"changed file": 1})
    assert extraction["skipped_utterances"][0]["utterance"] == "a/00.wav"
    (extraction,) = json.loads(run(*command)[1].stdout)["run"]["extractions"]
    assert (extraction["computed"], extraction["found"], extraction["skipped"]) == (1, 19, {})


def test_an_impossible_channel_is_told_before_the_work(audio, tmp_path):
    for channel in (1, 2**63, 2**64, 10**30):
        (tmp_path / "m.jsonl").write_text(
            "".join(
                json.dumps({"path": str(path), "label": path.parent.name, "audio_channel": channel}) + "\n"
                for path in sorted(audio.rglob("*.wav"))
            )
        )
        _, result = run(*PROBE, "--root", tmp_path / "m.jsonl", code=2)
        assert len(result.stderr.strip().splitlines()) == 1
        assert "channel" in result.stderr
        assert str(channel) in result.stderr


def test_m4a_in_a_folder_says_what_reads_it(audio, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    for number in range(5):
        (audio / "a" / f"{number}.m4a").write_bytes(b"\x00\x00\x00\x1cftypM4A " + bytes(100))
    _, result = run(*PROBE, "--root", audio, code=2)
    assert len(result.stderr.strip().splitlines()) == 1
    assert f"{audio / 'a' / '0.m4a'} is such a file" in result.stderr
    assert 'pip install "neuroscope-speech[m4a]", or: pip install av' in result.stderr
