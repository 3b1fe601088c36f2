"""Whatever a stranger's plugin does while it is loaded, it is listed as broken and nothing else is disturbed."""

import os
import signal
import sys
import threading
from importlib import metadata

import pytest

from neuroscope.errors import PluginBroken
from neuroscope.plugin.loading import Plugins
from neuroscope.plugin.registration import MOST_NAMES

GOOD = """
import neuroscope

@neuroscope.hookimpl
def register_tasks(register):
    register("nsx", lambda: 1, summary="a task")
"""
ENDLESS = GOOD.replace("    register(", "    for n in itertools.count():\n        register(")
STUBBORN = (
    GOOD.replace("    register(", "    while True:\n      try:\n        register(") + "      except Exception: pass"
)
HOSTILE = {
    "prints": (GOOD + "print('hello\\nyou')", "it prints to stdout while it is loaded, where results go: 'hello'"),
    "prints when asked": (GOOD.replace("    register(", "    print('hooked')\n    register("), "'hooked'"),
    "prints past Python": (GOOD + "import os; os.write(1, b'raw \\x1b[2J')", r"'raw \x1b[2J'"),
    "prints by a process": (GOOD + "import subprocess; subprocess.run(['echo', 'from echo'])", "'from echo'"),
    "exits": ("raise SystemExit(3)", "SystemExit: 3 ("),
    "exits in silence": ("import sys; sys.exit()", "SystemExit ("),
    "interrupts": ("raise KeyboardInterrupt", "KeyboardInterrupt ("),
    "ends a generator": ("raise GeneratorExit", "GeneratorExit"),
    "its own": ("class Odd(BaseException): pass\nraise Odd('odd')", "Odd: odd"),
    "cannot say": ("class Odd(Exception):\n    def __str__(self): raise self\nraise Odd", "Odd (/"),
    "no name": ("raise ImportError('odd', name=3)", "ImportError: odd"),
    "no summary": (GOOD.replace('"a task"', "None"), "the summary of task 'nsx' is None, and has to be a text"),
    "no install": (GOOD.replace('"a task"', '"a task", install=None'), "the install of task 'nsx' is None"),
    "number for a name": (GOOD.replace('"nsx"', "3"), "3 is no name for a task: a name is a text"),
    "escapes in a name": (GOOD.replace('"nsx"', '"n\\x1b[31m"'), r"'n\x1b[31m' is no name for a task"),
    "unseen in a name": (GOOD.replace('"nsx"', '"n\\u200bsx"'), r"'n\u200bsx' is no name"),
    "escapes in a summary": (GOOD.replace("a task", "a \\x1b]0;task"), r"that cannot be shown: 'a \x1b]0;task'"),
    "endless": ("import itertools\n" + ENDLESS.replace('"nsx"', "f'nsx{n}'"), f"more than {MOST_NAMES:,} names"),
    "endless in spite of errors": (STUBBORN, f"more than {MOST_NAMES:,} names"),
    "recursion": ("def f(): f()\nf()", "RecursionError"),
}


@pytest.mark.parametrize("sign", ["\u3000", "\u00a0", "\U0001f469\u200d\U0001f52c"])
def test_spaces_and_joined_emoji_are_text(install, sign):
    install("nsx-aaa", GOOD.replace("a task", f"a {sign} task"))
    plugins = Plugins.load()
    assert loaded("nsx-aaa", plugins).error == ""
    assert plugins.tasks.find("nsx")[0].summary == f"a {sign} task"


def loaded(name, plugins):
    (found,) = [each for each in plugins.all if each.name == name]
    return found


@pytest.mark.parametrize(("source", "reason"), HOSTILE.values(), ids=HOSTILE.keys())
def test_it_is_listed_as_broken_and_nothing_else_is_disturbed(install, capfd, source, reason):
    install("nsx-aaa", source)
    install("nsx-zzz", GOOD.replace('"nsx"', '"nsx-works"'))
    plugins = Plugins.load()
    assert reason in loaded("nsx-aaa", plugins).error
    assert "nsx-works" in plugins.tasks.entries
    assert not [name for name in plugins.tasks.entries if name.startswith("nsx") and name != "nsx-works"]
    sys.stdout.write("still here\n")
    assert capfd.readouterr() == ("still here\n", "")
    with pytest.raises(PluginBroken, match="nsx-aaa"):
        Plugins.load(metadata.entry_points(group="neuroscope", name="nsx-aaa"), strict=True)


def test_one_that_closes_stdout_closes_nobody_elses(install, capfd):
    install("nsx-aaa", GOOD + "import os, sys\nsys.stdout.close()\nos.close(1)")
    assert loaded("nsx-aaa", Plugins.load()).error == ""
    sys.stdout.write("still here\n")
    assert capfd.readouterr() == ("still here\n", "")


def test_the_line_of_the_authors_own_code_is_told(install):
    file = install("nsx-aaa", "import json\n\njson.loads('{')")
    assert f"({file}, line 3)" in loaded("nsx-aaa", Plugins.load()).error


def test_the_users_own_ctrl_c_is_let_through(install):
    install("nsx-aaa", "import os, signal\nos.kill(os.getpid(), signal.SIGINT)")
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        Plugins.load()
    assert signal.getsignal(signal.SIGINT) is before


def test_plugins_are_loaded_in_any_thread(install):
    install("nsx-aaa", "raise KeyboardInterrupt")
    found = []
    thread = threading.Thread(target=lambda: found.append(Plugins.load()))
    thread.start()
    thread.join()
    assert "KeyboardInterrupt" in loaded("nsx-aaa", found[0]).error


def test_a_closed_stdout_stays_closed_and_nothing_stops(install, monkeypatch):
    install("nsx-aaa", GOOD)
    monkeypatch.setattr(sys, "stdout", None)
    saved = os.dup(1)
    os.close(1)
    try:
        assert loaded("nsx-aaa", Plugins.load()).error == ""
        with pytest.raises(OSError, match="Bad file"):
            os.fstat(1)
    finally:
        os.dup2(saved, 1)
        os.close(saved)


METADATA = {
    "none": "",
    "no name": "Metadata-Version: 2.1\nVersion: 1\n",
    "no version": "Metadata-Version: 2.1\nName: nsx-odd\n",
    "escapes": "Metadata-Version: 2.1\nName: nsx\x1b[31m-odd\nVersion: 1\n",
}


@pytest.mark.parametrize("text", METADATA.values(), ids=METADATA.keys())
def test_without_records_that_name_it_a_plugin_is_broken(install, text):
    install("nsx-odd", GOOD, metadata_text=text)
    plugins = Plugins.load()
    broken = loaded("nsx-odd", plugins)
    assert "nsx_odd-1.2.dist-info has no name and version that can be shown: install it again" in broken.error
    assert (broken.distribution + broken.version).isprintable()
    assert "nsx" not in plugins.tasks.entries
    assert "mean" in plugins.poolings.entries


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (b"[neuroscope]\nnsx = nsx_odd\njunk\n", "entry_points.txt of"),
        (b"[neuroscope]\nnsx = \xff\n", "entry_points.txt of"),
        (b"[neuroscope]\nnsx = not a module\n", "its entry point 'not a module' names no module"),
        (b"[neuroscope]\nnsx =\n", "names no module"),
        (b"[neuroscope]\nn\x1b[2Jx = nsx_odd\n", r"characters that cannot be shown: 'n\x1b[2Jx'"),
    ],
)
def test_entry_points_that_cannot_be_read_stop_nobody_else(install, lines, told):
    file = install("nsx-odd", GOOD)
    (file.parent / "nsx_odd-1.2.dist-info" / "entry_points.txt").write_bytes(lines)
    plugins = Plugins.load()
    (broken,) = [each for each in plugins.all if each.distribution == "nsx-odd"]
    assert told in broken.error
    assert broken.name.isprintable()
    assert "mean" in plugins.poolings.entries
