"""Names of conditions and metrics stand once, in ``contracts``; whoever writes or reads rows takes them from there."""

import ast
from pathlib import Path

import pytest

import neuroscope
from neuroscope.contracts import conditions, metric_names

SOURCE = Path(neuroscope.__file__).parent
FILES = sorted(path for path in SOURCE.rglob("*.py") if path.parent.name != "contracts")
NAMES = {value for module in (conditions, metric_names) for name, value in vars(module).items() if name.isupper()}
UNMISTAKABLE = {name for name in NAMES if not name.isalpha()}
"""The others are words of the language too, and stand as labels for people."""


def literals(source, names=UNMISTAKABLE):
    return [node.lineno for node in ast.walk(ast.parse(source)) if getattr(node, "value", None) in names]


def test_the_names_are_known():
    assert {"masked-top", "balanced_accuracy", "random,distribution=uniform"} <= UNMISTAKABLE
    assert len(NAMES) > 25


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_name_stands_a_second_time(path):
    assert literals(path.read_text()) == []


def test_a_second_one_would_be_seen():
    assert literals('x = 1\ny = row.condition == "masked-top"\n') == [2]
