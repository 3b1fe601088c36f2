"""The paper's tasks on trees of their corpora's form, each with the paper's kinds of networks, as a user runs them."""

from importlib import metadata, util

import polars
import pytest
import soundfile
import soxr
from typer.testing import CliRunner

from neuroscope.cli.main import build
from neuroscope_espeak.corpus import espeak

BACKBONES = ("ge2e", "adi-cnn,weights=random", "mockingjay-base,weights=random")
TASKS = {
    "gc": ({"voxceleb1": {}}, {"female": 16, "male": 16}),
    "lid": (
        {"common-voice": {"locales": ("ar", "en", "es", "de", "fr", "ru", "zh-CN")}},
        dict.fromkeys(["ar", "de", "en", "es", "fr", "ru", "zh"], 16),
    ),
    "did": ({"adi5": {}}, dict.fromkeys(["EGY", "GLF", "LAV", "MSA", "NOR"], 8)),
    "cc,segments=transcript": ({"adi5": {}, "callhome": {}}, dict.fromkeys(("HQ", "SatQ", "TF"), 20)),
}


def run(*arguments, code=0):
    result = CliRunner().invoke(build(), [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def place(tree, tmp_path, monkeypatch):
    """Trees of corpora lie where a task looks for its default data."""
    monkeypatch.setenv("NEUROSCOPE_DATA", str(tmp_path))
    return tree


@pytest.mark.parametrize("task", TASKS)
def test_a_task_is_asked_of_its_corpora_as_they_lie_on_disk(task, place, tmp_path):
    corpora, classes = TASKS[task]
    for name, options in corpora.items():
        place(name, **options)
    named = [part for backbone in BACKBONES for part in ("--backbone", backbone)]
    shown = run("probe", *named, "--task", task, "--runs", 1, "--out", tmp_path / "run").stdout
    assert "the same audio" not in shown
    rows = (
        polars.read_parquet(tmp_path / "run" / "rows.parquet").filter(layer="ALL", metric="accuracy").drop_nulls("seed")
    )
    assert sorted(rows.filter(condition="probe")["backbone"]) == sorted(BACKBONES)
    labels = polars.read_parquet(tmp_path / "run" / "manifest.parquet")["label"].value_counts()
    assert {name: count // len(BACKBONES) for name, count in labels.rows()} == classes


@pytest.fixture
def spoken(tmp_path):
    """Four sentences of more than 2.5 s each, at 8 kHz, by four synthetic voices."""
    if util.find_spec("espeakng_loader") is None or not any(metadata.distributions(name="silero-vad")):
        pytest.skip("pip install espeakng-loader, and pip install --no-deps silero-vad==6.2.3")
    manifest = espeak(tmp_path / "espeak", voices=("m1", "f1", "m3", "f4"), texts=1, rates=(120,), pitches=(50,))
    return [soxr.resample(*soundfile.read(each.path), 8_000) for each in manifest]


def test_the_channel_is_asked_of_calls_that_a_detector_of_speech_cuts(spoken, place, tmp_path):
    place("adi5")
    place("callhome", speech=spoken)
    run("probe", "--backbone", "toy", "--task", "cc", "--runs", 1, "--out", tmp_path / "run")
    rows = polars.read_parquet(tmp_path / "run" / "manifest.parquet")
    counts = dict(rows["label"].value_counts().rows())
    assert set(counts) == {"HQ", "SatQ", "TF"}
    assert len(set(counts.values())) == 1
    calls = rows.filter(label="TF")
    assert len(calls) >= 12
    assert "(segments: silero-vad " in (tmp_path / "run" / "run.json").read_text()
    assert set(calls["audio_channel"]) == {0, 1}
    assert calls["duration"].min() >= 2.5
