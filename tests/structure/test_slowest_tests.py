"""A suite that has grown too long says which tests made it so."""

import runpy
from pathlib import Path
from types import SimpleNamespace

CONFTEST = runpy.run_path(str(Path(__file__).parents[2] / "conftest.py"))


def report(name, duration):
    return SimpleNamespace(nodeid=name, duration=duration)


def test_the_slowest_are_named_with_what_was_set_up_for_them():
    reports = [report("a", 1.0), report("b", 2.0), report("a", 1.5), report("c", 0.1)]
    assert CONFTEST["slowest"](reports, count=2) == ["     2.5 s  a", "     2.0 s  b"]


def test_a_short_run_names_none(monkeypatch):
    written = []
    reporter = SimpleNamespace(getreports=lambda kind: [], section=written.append, write_line=written.append)
    known = CONFTEST["pytest_terminal_summary"].__globals__
    monkeypatch.setitem(known, "_BEGAN", known["_BEGAN"] + 1e6)  # whenever this test runs, the suite has just begun
    CONFTEST["pytest_terminal_summary"](reporter)
    assert written == []
    monkeypatch.setitem(known, "_BEGAN", known["_BEGAN"] - 1e6 - CONFTEST["LONG"] - 1)
    CONFTEST["pytest_terminal_summary"](reporter)
    assert written == ["the suite took more than 8 minutes; its slowest tests"]
