"""The main job on real speech: what a speaker encoder is known to know."""

import json

import pytest
from typer.testing import CliRunner

from neuroscope.cli.main import build


def probe(speech, *arguments, code=0):
    command = ["probe", "--backbone", "ge2e", "--root", str(speech / "manifest.csv"), "--json", *arguments]
    result = CliRunner().invoke(build(), command)
    assert result.exit_code == code, result.output
    return json.loads(result.stdout) if code == 0 else result.stderr


def accuracy(printed, layer, condition="probe"):
    (value,) = (
        row["value"]
        for row in printed["rows"]
        if (row["layer"], row["condition"], row["metric"], row["seed"]) == (layer, condition, "accuracy", None)
    )
    return value


@pytest.mark.timeout(300)
def test_gender_of_unseen_speakers(speech):
    arguments = ("--task", "gc", "--where", "corpus=librispeech")
    printed = probe(speech, *arguments)
    assert accuracy(printed, "lstm3") >= 0.90
    assert accuracy(printed, "ALL") >= 0.90
    assert 0.35 < accuracy(printed, "", "majority") < 0.65
    again = probe(speech, *arguments)
    assert again["rows"] == printed["rows"]
    assert [each["computed"] for each in again["run"]["extractions"]] == [0]


@pytest.mark.timeout(300)
def test_channel_of_one_speaker_needs_another_split(speech):
    arguments = ("--task", "label:channel", "--where", "corpus=asterisk-core-en")
    assert "--split group:text" in probe(speech, *arguments, code=2)
    printed = probe(speech, *arguments, "--split", "group:text", "--runs", "2")
    assert accuracy(printed, "ALL") >= 0.9
    assert printed["run"]["cells"][0]["split_warning"] == ""  # all of it is one speaker, who tells no channel
