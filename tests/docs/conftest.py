"""How the blocks of a page are read and run.

A console block holds commands (``$ ...``) and what they print; a line, or the rest of one, that reads ``…`` stands for
anything, trailing blanks do not count, and neither does the number of blanks between columns. A block with a title is a
file of that name, and is written; a python block without one is run.
"""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

FENCED = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    kind: str
    title: str
    text: str


def blocks_of(text):
    return [Block(*found) for found in FENCED.findall(text)]


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


def run_page(page, folder, **environment):
    """Run every block of a page in a folder, in order; ``environment`` changes that of the commands."""
    first = str(Path(sys.executable).parent)
    environment = {**os.environ, "COLUMNS": "100", "PATH": f"{first}:{os.environ['PATH']}", **environment}
    blocks = [block for block in blocks_of(page.read_text()) if block.title or block.kind in ("console", "python")]
    assert blocks
    for block in blocks:
        if block.title:
            (folder / block.title).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.title).write_text(block.text)
            continue
        steps = commands(block.text) if block.kind == "console" else [(shlex.join(["python", "-c", block.text]), "…")]
        for command, expected in steps:
            done = subprocess.run(
                command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            assert matches(expected, done.stdout), f"{command}\n{done.stdout}"


@pytest.fixture(name="blocks_of")
def reading_of_blocks():
    return blocks_of


@pytest.fixture(name="matches")
def comparison_of_output():
    return matches


@pytest.fixture(name="run_page")
def running_of_pages():
    return run_page
