"""Killed again and again, or several at once: the vectors of an undisturbed extraction, and nothing twice."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "store_kills.py"


def told(*options):
    """What the benchmark prints; it ends in an error where a vector differs or a stored batch was computed again."""
    return subprocess.run([sys.executable, SCRIPT, *options], check=True, capture_output=True, text=True).stdout


def test_five_kills_and_two_processes():
    text = told("--kills", "5", "--processes", "2", "--utterances", "60")
    assert re.search(r"^5 kills .* 0 again beyond the open shard", text)
    assert len(re.findall("^2 processes, .* 60 of 60 utterances", text, re.MULTILINE)) == 2


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_a_hundred_kills_and_four_processes():
    text = told("--kills", "100", "--processes", "2", "4")
    assert re.search(r"^100 kills .* 0 again beyond the open shard", text)
    assert len(re.findall("^[24] processes, .* 120 of 120 utterances", text, re.MULTILINE)) == 4
