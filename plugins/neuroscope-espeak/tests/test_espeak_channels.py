import csv
import json

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from neuroscope import NeuroscopeError
from neuroscope.cli.main import build
from neuroscope_espeak.channels import CHANNELS
from neuroscope_espeak.corpus import espeak

TINY = {"voices": ("m1", "f1"), "texts": 1, "rates": (300,), "pitches": (50,)}
ALL = tuple(CHANNELS)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """What is spoken, and what comes out of each channel."""
    root = tmp_path_factory.mktemp("corpora")
    return espeak(root, **TINY), espeak(root, **TINY, channels=ALL)


def bytes_of(manifest):
    return {utterance.id: utterance.path.read_bytes() for utterance in manifest}


def test_each_channel_has_a_file_of_its_codec_and_rate_for_each_utterance(made):
    spoken, received = made
    assert [each.id for each in received] == [f"{one.id}-{channel}" for one in spoken for channel in ALL]
    for utterance in received:
        about, (rate, subtype) = soundfile.info(utterance.path), CHANNELS[utterance.tags["channel"]]
        assert (about.samplerate, about.subtype, about.channels) == (rate, subtype, 1)
        assert 0 <= about.frames / rate - utterance.duration < 0.04  # GSM's blocks are of 320 samples
    assert {soundfile.info(each.path).subtype for each in received if each.tags["channel"] == "gsm"} == {"GSM610"}
    lengths = [{round(each.duration, 3) for each in received if each.tags["recording"] == one.id} for one in spoken]
    assert all(max(each) - min(each) <= 0.001 for each in lengths)
    tags = [{**one.tags, "channel": channel, "recording": one.id} for one in spoken for channel in ALL]
    assert [dict(each.tags) for each in received] == tags
    assert [each.speaker for each in received] == [one.speaker for one in spoken for _ in ALL]
    folder = received.utterances[0].path.parents[2]
    assert sorted(folder.rglob("*.wav")) == sorted(each.path for each in received)


def test_what_a_channel_does_is_heard(made):
    """8 kHz has nothing above 4 kHz; u-law and GSM are the same speech as PCM at 8 kHz, with more and more noise."""
    _, received = made
    wide, narrow, ulaw, gsm = (soundfile.read(each.path)[0] for each in received.utterances[: len(ALL)])
    assert abs(len(wide) / 2 - len(narrow)) <= 1
    power = np.abs(np.fft.rfft(wide)) ** 2
    assert power[len(power) // 2 :].sum() > 1e-3 * power.sum()  # above 4 kHz
    noise = [np.std(coded[: len(narrow)] - narrow[: len(coded)]) / np.std(narrow) for coded in (ulaw, gsm)]
    assert 0.001 < noise[0] < 0.05 < noise[1] < 0.7
    assert len(ulaw) == len(narrow) <= len(gsm) < len(narrow) + 320  # GSM has blocks of 320 samples


def test_same_options_same_bytes_and_none_are_what_they_were(made, tmp_path):
    spoken, received = made
    assert bytes_of(espeak(tmp_path, **TINY, channels=tuple(reversed(ALL)))) == bytes_of(received)
    some = bytes_of(espeak(tmp_path, **TINY, channels=("gsm",)))
    assert some == {name: content for name, content in bytes_of(received).items() if name.endswith("gsm")}
    folder = spoken.utterances[0].path.parents[2]
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        assert not {"channel", "bytes"} & set(csv.DictReader(file).fieldnames)
    assert folder != received.utterances[0].path.parents[2]


def test_a_cut_file_is_noticed_and_a_codec_that_fails_leaves_nothing(tmp_path, monkeypatch):
    one = {**TINY, "voices": ("m1",), "channels": ("gsm", "ulaw")}
    cut = espeak(tmp_path, **one).utterances[0].path
    cut.write_bytes(cut.read_bytes()[:-65])
    with pytest.raises(NeuroscopeError, match=f"1 of 2 files .*{cut.name}"):
        espeak(tmp_path, **one)

    def fails(*arguments, **options):
        raise OSError("no space left")

    monkeypatch.setattr(soundfile, "write", fails)
    with pytest.raises(NeuroscopeError, match="no space left"):
        espeak(tmp_path / "other", **one)
    assert list((tmp_path / "other").iterdir()) == []


def test_a_probe_tells_channels_apart():
    corpus = "espeak,voices=m1+m2+f1+f2,texts=2,rates=300,pitches=50,channels=pcm16+gsm"
    command = ["probe", "--backbone", "toy", "--task", "label:channel", "--dataset", corpus, "--runs", "1", "--json"]
    result = CliRunner().invoke(build(), command)
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)["rows"]
    best = max(row["value"] for row in rows if row["metric"] == "accuracy" and row["condition"] == "probe")
    assert best > 0.6
