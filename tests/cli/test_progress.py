"""Off a terminal a line a minute says how far it is; on one, a bar."""

import pytest
from rich.console import Console

from neuroscope.runtime import progress_bar


def test_off_a_terminal_there_is_a_line_a_minute_on_stderr(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(progress_bar.time, "monotonic", lambda: now[0])
    with progress_bar.progress_bar("Extracting", 2_000, 7_200.0) as advance:
        for _ in range(4):
            now[0] += 25.0
            advance(250, 900.0)
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "Extracting: 750 of 2,000, 0.75 of 2.00 h of audio, 36 times real time, 0:02:05 left\n"


def test_work_that_is_not_on_audio_says_no_hours(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(progress_bar.time, "monotonic", lambda: now[0])
    with progress_bar.progress_bar("Reading files", 10) as advance:
        now[0] = 60.0
        advance(10)
    assert capsys.readouterr().err == "Reading files: 10 of 10\n"


@pytest.mark.parametrize("seconds", [0.0, 36.0])
def test_on_a_terminal_there_is_a_bar(monkeypatch, capsys, seconds):
    monkeypatch.setattr(progress_bar, "Console", lambda **options: Console(**options, force_terminal=True, width=200))
    with progress_bar.progress_bar("Extracting", 2, seconds) as advance:
        advance(1, seconds / 2)
        advance(1, seconds / 2)
    assert "2 of 2" in capsys.readouterr().err
