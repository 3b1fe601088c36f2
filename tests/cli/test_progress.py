"""Off a terminal a line a minute says how far it is; on one, a bar."""

import time

import pytest
from rich.console import Console

from neuroscope.runtime import progress_bar


def test_the_pace_says_how_far_how_fast_and_how_long_still(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress_bar.time, "monotonic", lambda: now[0])
    pace = progress_bar.Pace("Extracting", 2_000, 7_200.0)
    for _ in range(3):
        now[0] += 25.0
        pace.advance(250, 900.0)
    assert str(pace) == "750 of 2,000, 0.75 of 2.00 h of audio, 36 times real time, 0:02:05 left"


def test_work_that_is_not_on_audio_says_no_hours():
    pace = progress_bar.Pace("Reading files", 10, 0.0)
    pace.advance(10)
    assert str(pace) == "10 of 10"


def test_off_a_terminal_there_is_a_line_a_minute_on_stderr_also_within_a_step(monkeypatch, capsys):
    monkeypatch.setattr(progress_bar, "_MINUTE", 0.05)
    with progress_bar.progress_bar("Reading files", 10) as advance:
        advance(4)
        until = time.monotonic() + 30
        lines = []
        while len(lines) < 2 and time.monotonic() < until:
            time.sleep(0.05)
            out, err = capsys.readouterr()
            lines += err.splitlines()
    assert out == ""
    assert all(line.startswith("Reading files: 4 of 10, ") for line in lines)
    assert len(lines) >= 2
    time.sleep(0.2)
    capsys.readouterr()
    time.sleep(0.2)
    assert capsys.readouterr().err == ""


def test_work_goes_on_where_nobody_listens(monkeypatch):
    class Gone:
        encoding = "utf-8"

        def write(self, text):
            raise BrokenPipeError

        def isatty(self):
            return False

        def flush(self):
            raise BrokenPipeError

    monkeypatch.setattr(progress_bar, "_MINUTE", 0.01)
    monkeypatch.setattr("sys.stderr", Gone())
    with progress_bar.progress_bar("Reading files", 10) as advance:
        time.sleep(0.1)
        advance(10)


@pytest.mark.parametrize("seconds", [0.0, 36.0])
def test_on_a_terminal_there_is_a_bar_with_the_time_that_has_passed(monkeypatch, capsys, seconds):
    monkeypatch.setattr(progress_bar, "Console", lambda **options: Console(**options, force_terminal=True, width=200))
    with progress_bar.progress_bar("Extracting", 2, seconds) as advance:
        advance(1, seconds / 2)
        advance(1, seconds / 2)
    shown = capsys.readouterr().err
    assert "2 of 2" in shown
    assert "0:00:0" in shown
