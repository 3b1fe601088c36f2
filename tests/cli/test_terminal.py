"""Whatever the shell made of streams, terminal and folder: no traceback, and nothing that was said is lost."""

import os
import signal
import subprocess
import sys

import pytest
from rich.table import Table
from rich.text import Text

from neuroscope.cli import terminal
from neuroscope.cli.application import PluginCommand
from neuroscope.cli.errors import line_of
from neuroscope.errors import BadOption, NeuroscopeError

NEUROSCOPE = f"{sys.executable} -m neuroscope"


def shell(command, folder, **environment):
    """Run a line of bash in a folder: exit code, stdout, stderr."""
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize(
    ("command", "code", "out", "err"),
    [
        ("list poolings | head -1", 0, "name ", ""),
        ("list poolings >&-", 0, "", "meanstd"),
        ("list poolings >/dev/full", 2, "", "meanstd"),
        ("plugins --json >/dev/full", 2, "", '"plugins"'),
        ("plugins --json >&- 2>&- <&-", 0, "", ""),
        ("list nothing 2>&-", 2, "", ""),
        ("list nothing 2>/dev/full", 2, "", ""),
        ("--help >/dev/full", 2, "", "stdout cannot be written"),
        ("--help >&-", 0, "", "neurons"),
    ],
)
def test_what_a_closed_or_full_stdout_was_to_hold_is_on_stderr(tmp_path, command, code, out, err):
    found = shell(f"{NEUROSCOPE} {command}", tmp_path)
    assert found[0] == code
    assert found[1].startswith(out)
    assert bool(found[1]) == bool(out)
    assert err in found[2]
    assert bool(found[2]) == bool(err)
    assert ("stdout cannot be written: No space left on device" in found[2]) == ("/dev/full" in command and bool(err))


@pytest.mark.parametrize("columns", ["0", "1", "-5", "wide", ""])
def test_a_width_that_nothing_can_be_shown_in_is_not_believed(tmp_path, columns):
    shown = shell(f"{NEUROSCOPE} list poolings", tmp_path, COLUMNS=columns)
    assert shown == shell(f"unset COLUMNS; {NEUROSCOPE} list poolings", tmp_path)
    assert "standard deviation" in shown[1]


SIGNS = """
from neuroscope.cli.terminal import complain, say
from neuroscope.runtime.streams import open_streams
from rich.table import Table
open_streams()
table = Table("layer", "accuracy %", "", box=None, pad_edge=False)
table.add_row("erste", "52.8 ± 8.1", "████▋")
table.add_row("größte", "100.0 ± 0.7", "█████▏")
say(table, "95 % – dünn…")
complain("Fehler – ü")
"""


@pytest.mark.parametrize(("encoding", "escaped"), [("ascii", r"\xf6"), ("latin-1", "ö")])
def test_signs_that_the_encoding_lacks_are_written_in_ascii_and_columns_stay_in_line(encoding, escaped):
    done = subprocess.run(
        [sys.executable, "-c", SIGNS],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        timeout=60,
        check=True,
    )
    lines = done.stdout.decode(encoding).splitlines()
    assert f"gr{escaped}" in lines[2]
    assert lines[1].index("#####") == lines[2].index("#####")
    assert ("52.8 +- 8.1" in lines[1]) == (encoding == "ascii")
    assert "95 % - d" in lines[3]
    assert "Fehler - " in done.stderr.decode(encoding)


def test_in_a_removed_folder_one_line_says_so(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    line = f"rmdir {gone}; {NEUROSCOPE} list poolings >/dev/null && {NEUROSCOPE} new plugin x --kind pooling"
    code, out, err = shell(line, gone)
    assert (code, out) == (2, "")
    assert err == "Error: the working directory was removed; change to another one and run it again\n"


FOREIGN = "a\x1b[31mb\x9b\u202ec\td\re\x00f\u2028g\ufffeh\udcff"
SHOWN = r"a\x1b[31mb\x9b\u202ec\td\re\x00f\u2028g\ufffeh\xff"


def test_control_characters_of_foreign_text_are_shown_escaped_in_lines_tables_and_errors(capsys):
    table = Table("[bold]" + FOREIGN, box=None)
    table.add_row(FOREIGN)
    table.add_row("[red]no markup[/red]")
    table.add_row(Text("plain", "cyan"))
    terminal.say(FOREIGN, table)
    terminal.complain(f"Error: {FOREIGN}\nsecond line")
    out, err = capsys.readouterr()
    assert [line.strip() for line in out.splitlines()] == [
        SHOWN,
        f"[bold]{SHOWN}",
        SHOWN,
        "[red]no markup[/red]",
        "plain",
    ]
    assert err == f"Error: {SHOWN}\nsecond line\n"


def test_the_summary_of_a_plugins_command_is_escaped_in_the_help():
    class Entry:
        name, summary = "foreign", "clears\x1b[2J the [red]screen"

    assert PluginCommand(Entry()).help == r"clears\x1b[2J the \[red]screen"


def test_of_a_narrow_terminal_no_word_is_cut_off(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    words = ["a-layer-with-quite-a-long-name", "another-that-is-no-shorter-at-all"]
    table = Table("layer", "what", box=None)
    table.add_row(*words)
    terminal.say(table)
    out = capsys.readouterr().out
    assert [word for word in words if word not in out] == []


def test_of_a_narrow_terminal_columns_that_stay_on_one_line_are_whole_too(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    table = Table("layer", box=None)
    cells = ["70.0 ± 2.0", "the test part is one group: nothing to compare by"]
    for _ in cells:
        table.add_column("", no_wrap=True)
    table.add_row("L1", *cells)
    terminal.say(table)
    out = capsys.readouterr().out
    assert [cell for cell in cells if cell not in out] == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError(2, "No such file or directory", "/a/b"), "/a/b: No such file or directory"),
        (OSError("a library cannot be loaded"), "a library cannot be loaded"),
        (MemoryError(), "out of memory"),
        (MemoryError("Unable to allocate 9 TiB"), "out of memory: Unable to allocate 9 TiB"),
        (BadOption("as it is"), "as it is"),
    ],
)
def test_an_error_that_nobody_foresaw_is_one_line_as_well(error, said):
    assert line_of(error) == said


SLEEPING = """
import os, signal, sys, time
from neuroscope import workflows
from neuroscope.cli.main import main

def extract(*arguments, **more):
    os.write(1, b"started\\n")
    time.sleep(60)

workflows.extract = extract
signal.signal(signal.SIGINT, signal.default_int_handler)  # as a terminal has it
sys.argv = ["neuroscope", "extract", "--backbone", "toy", "--dataset", "toy"]
main()
"""


@pytest.mark.parametrize(("number", "said"), [(signal.SIGINT, "Interrupted."), (signal.SIGTERM, "Ended by SIGTERM.")])
def test_a_command_that_is_stopped_says_what_is_kept(number, said):
    with subprocess.Popen(
        [sys.executable, "-c", SLEEPING],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline() == b"started\n"
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert err.decode().startswith(said)
    assert err.count(b"\n") == 1


def test_a_stream_without_a_file_below_it_ends_in_one_error(monkeypatch, capsys):
    class Full:
        encoding = "utf-8"

        def write(self, text):
            raise OSError(28, "No space left on device")

        def isatty(self):
            return False

        def fileno(self):
            raise OSError

    monkeypatch.setattr("sys.stdout", Full())
    with pytest.raises(NeuroscopeError, match="stdout cannot be written: No space left on device"):
        terminal.say("a line", "another")
    assert capsys.readouterr().err == "a line\nanother\n"
