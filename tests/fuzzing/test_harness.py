"""The fuzzing sees what it is for: wrong vectors, lost utterances, tracebacks, crashes, hangs, memory."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def parts(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    from fuzzing import children, plugin, spoiling

    monkeypatch.setattr(plugin, "FAULT", "")
    return SimpleNamespace(children=children, plugin=plugin, spoiling=spoiling)


@pytest.fixture
def case(tmp_path):
    """A case of three utterances, all of which have the right vectors."""
    truth = {"energy": np.arange(9.0).reshape(3, 3), "shape": np.ones((3, 3))}
    world = SimpleNamespace(ids=["u00", "u01", "u02"], truth={1: truth})
    case = SimpleNamespace(folder=tmp_path, world=world, must_fail="", loose=set(), spoiled=[])
    case.answer = {"ids": np.array(world.ids), "skipped": np.array([], dtype=str)}
    case.answer |= {f"layer {name}": values.copy() for name, values in truth.items()}
    return case


def compared(parts, case):
    np.savez(case.folder / "answer.npz", **case.answer)
    return parts.children._compare(case)


def test_right_vectors_in_any_order_are_an_answer(parts, case):
    assert compared(parts, case) == ""
    for name in ("ids", "layer energy", "layer shape"):
        case.answer[name] = case.answer[name][::-1]
    assert compared(parts, case) == ""


def test_a_wrong_vector_is_seen_unless_it_may_be_another(parts, case):
    case.answer["layer energy"][1] += 0.01
    assert compared(parts, case).startswith("wrong: u01")
    case.loose = {"u01"}
    assert compared(parts, case) == ""


def test_an_utterance_that_is_gone_is_lost_unless_that_is_told(parts, case):
    for name in ("ids", "layer energy", "layer shape"):
        case.answer[name] = case.answer[name][:2]
    assert compared(parts, case) == "lost: u02"
    case.answer["skipped"] = np.array(["u02"])
    assert compared(parts, case) == ""


def test_a_broken_contract_that_is_taken_is_seen_unless_a_plugin_s_slip_changes_nothing(parts, case):
    case.must_fail = "an id comes twice"
    assert compared(parts, case) == "accepted: an id comes twice"
    parts.plugin.FAULT = "truth values"
    assert compared(parts, case) == ""
    case.answer["layer energy"][1] += 1
    assert compared(parts, case).startswith("accepted")


TRACEBACK = (
    'Traceback (most recent call last):\n  File "/x/src/neuroscope/store/names.py", line 3, in find\n{error}: of it\n'
)


@pytest.mark.parametrize(
    ("code", "end", "err", "outcome"),
    [
        (0, 0, "", "clean answer"),
        (0, 2, "Error: no such file\n", "one-line error"),
        (0, 98, TRACEBACK.format(error="KeyError"), "traceback"),
        (0, 98, TRACEBACK.format(error="MemoryError"), "memory"),
        (0, 0, "thread '<unnamed>' panicked at crates/x.rs:12:3:\n", "traceback"),
        (0, 2, "Error: \x1b[2J\n", "message"),
        (0, 0, "a name \x07\n", "message"),
        (0, 2, "something else\n", "message"),
        (0, 2, "Error: a\n" + "line\n" * 40, "message"),
        (-signal.SIGSEGV, None, "", "crash"),
        (-signal.SIGXCPU, None, "", "hang"),
    ],
)
def test_every_outcome_has_its_name(parts, code, end, err, outcome):
    record = {"spoiled": [], "steps": [[["vectors"], end]], "problem": ""}
    found, signature = parts.children._judge(record, code, False, err)
    assert found == outcome
    assert bool(signature) == (outcome not in parts.children.GOOD)


def test_the_same_fault_has_the_same_signature(parts):
    errors = [TRACEBACK.format(error=f"KeyError: {key}") for key in ("12", "77")]
    (one,) = {parts.children._judge({"steps": [[["x"], 98]]}, 0, False, err)[1] for err in errors}
    assert one.startswith("neuroscope/store/names.py:find KeyError")


def test_a_child_that_ends_hangs_or_takes_memory_is_told_apart(parts, case, monkeypatch):
    monkeypatch.setattr(parts.children, "SECONDS", 1)
    acts = {
        "crash": lambda: os.kill(os.getpid(), signal.SIGKILL),
        "hang": signal.pause,
        "memory": lambda: bytearray(8 << 30),
    }
    for outcome, act in acts.items():
        folder = case.folder / outcome
        folder.mkdir()
        each = SimpleNamespace(**{**vars(case), "folder": folder})
        monkeypatch.setattr(parts.children, "command", lambda arguments, act=act: bool(act()) * 0)
        found = parts.children.run(each, lambda case: None, lambda case: [["vectors"]])
        assert found["outcome"] == outcome, found


def test_what_is_spoiled_depends_on_the_number_alone(parts):
    for spoil, content in ((parts.spoiling.spoil_bytes, bytes(200)), (parts.spoiling.spoil_json, b'{"a": [1, 2]}')):
        made = [[spoil(content, random.Random(number)) for number in range(40)] for _ in range(2)]
        assert made[0] == made[1]
        assert len({each[0] for each in made[0]}) > 10


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_it_runs_shows_a_table_and_a_case_comes_again_by_its_number(tmp_path):
    def fuzz(*options):
        command = [sys.executable, str(BENCHMARKS / "fuzz.py"), "--folder", str(tmp_path / "world"), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.returncode in (0, 1), done.stderr
        return done.stdout

    shown = fuzz("--minutes", "0.3", "--out", "found")
    assert "one-line error" in shown
    assert "harness" not in shown
    records = [json.loads(line) for line in (tmp_path / "found").read_text().splitlines()]
    assert all(record["signature"] for record in records)
    once, again = (fuzz("--case", "5").partition('"steps"')[0] for _ in range(2))
    assert once == again
    assert list(tmp_path.iterdir()) == [tmp_path / "found"]
