"""The console and python blocks of the tutorials are run, in order, in one folder a page.

A console block holds commands (``$ ...``) and what they print; a line, or the rest of one, that reads ``…`` stands for
anything, trailing blanks do not count, and neither does the number of blanks between columns.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

TUTORIALS = sorted((Path(__file__).parents[2] / "docs" / "tutorials").glob("*.md"))
BLOCK = re.compile(r"^```(console|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(block):
    """``(command, expected output)`` of each command of a console block."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def matches(expected, printed):
    """Whether the printed lines are the expected ones, where a line ``…`` stands for any number of lines."""
    return _match(_lines(expected), _lines(printed))


def _match(expected, printed):
    if not expected:
        return not printed
    if expected[0] == "…":
        return any(_match(expected[1:], printed[skip:]) for skip in range(len(printed) + 1))
    pattern = re.escape(expected[0]).replace("…", ".*")
    return bool(printed) and re.fullmatch(pattern, printed[0]) is not None and _match(expected[1:], printed[1:])


def _lines(text):
    return [" ".join(line.split()) for line in text.strip().splitlines()]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_every_block_does_what_it_shows(page, tmp_path):
    environment = {**os.environ, "COLUMNS": "100", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    blocks = BLOCK.findall(page.read_text())
    assert blocks
    for kind, text in blocks:
        steps = commands(text) if kind == "console" else [(shlex.join([sys.executable, "-c", text]), "…")]
        for command, expected in steps:
            done = subprocess.run(
                command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            assert matches(expected, done.stdout), f"{command}\n{done.stdout}"


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("a  b\n", "a b", True),
        ("a\n", "b", False),
        ("a …\n", "a 17", True),
        ("…\nz", "a\nb\nz", True),
        ("a\n…\nz", "a\nz", True),
        ("a\n…", "b\nz", False),
        ("a\n…", "a", True),
    ],
)
def test_how_output_is_compared(expected, printed, same):
    assert matches(expected, printed) is same
