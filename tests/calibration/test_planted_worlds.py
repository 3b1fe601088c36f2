"""The instrument that holds printed numbers to the truth: what it plants is there, and what it counts is counted."""

import importlib
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def load(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


@pytest.mark.parametrize(
    "planted",
    [{"accuracy": 0.7}, {"accuracy": 0.9, "effect": 1.0}, {"accuracy": 0.9, "classes": 5}, {"accuracy": 0.98}],
)
def test_the_best_rule_reaches_what_was_planted(load, planted):
    worlds = load("planted.worlds")
    features, rows = worlds.draw(worlds.World(groups=2000, each=1, **planted), seed=1)
    said = features.values[:, : len(rows.target.names)].argmax(axis=1)
    assert np.mean(said == rows.target.values) == pytest.approx(planted["accuracy"], abs=0.02)


def test_where_nothing_is_planted_nothing_is_there(load):
    worlds = load("planted.worlds")
    assert worlds.distance(worlds.World(accuracy=0.5)) == 0
    assert worlds.distance(worlds.World(accuracy=0.2, classes=5)) == 0


def test_a_speaker_has_one_class_and_one_part(load):
    worlds = load("planted.worlds")
    _, rows = worlds.draw(worlds.World(groups=10, classes=3), seed=0)
    parts = {}
    for utterance, value in zip(rows.utterances, rows.target.values.tolist(), strict=True):
        parts.setdefault(utterance.speaker, set()).add((value, utterance.tags["split"]))
    assert {len(each) for each in parts.values()} == {1}
    tested = {value for ((value, part),) in parts.values() if part == "test"}
    assert tested == {0, 1, 2}


def test_a_figure_is_out_where_its_error_does_not_explain_it(load):
    calibration = load("calibration")
    assert calibration.Figure("w", "x", 0.90, 0.01, (0.93, 0.985)).holds is False
    assert calibration.Figure("w", "x", 0.92, 0.01, (0.93, 0.985)).holds is True
    whole = calibration.share("x", "w", [True] * 98, (0.0, 0.06))
    assert whole.value == 1.0
    assert whole.error == pytest.approx(np.sqrt(0.99 * 0.01 / 98))


def test_a_command_says_what_it_says(load):
    commands, worlds = load("planted.commands"), load("planted.worlds")
    world = worlds.World(accuracy=0.98, effect=0.0, layers=2, runs=2)
    said = commands.command(world, seed=0)
    assert said == commands.command(world, seed=0)
    assert said.low <= said.value <= said.high
    assert said.best.known
