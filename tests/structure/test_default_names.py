"""The core knows no plugin by name: names stand in ``defaults.py`` alone, as data."""

import ast
from pathlib import Path

import pytest

from neuroscope import defaults
from neuroscope.plugin import options

SOURCE = Path(defaults.__file__).parent
FILES = sorted(path for path in SOURCE.rglob("*.py") if path != Path(defaults.__file__))


def names_in_defaults():
    """Components, presets and the components that presets name."""
    presets = [text for preset in defaults.PRESETS.values() for text in (preset.probe, preset.ranking)]
    components = {defaults.PROBE, defaults.RANKING, defaults.FOLDER_READER, *defaults.READERS.values()}
    components |= {defaults.UNLIKE_RANKING, *defaults.UNLIKE_RANKINGS, *defaults.UNLIKE_RANKINGS.values()}
    return {*components, *defaults.PRESETS, *(options.parse(text)[0] for text in presets)}


def constants(source):
    """Every text in a module that is no docstring, with its line."""
    tree = ast.parse(source)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = {
        id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, documented) and ast.get_docstring(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value


def found(source, names):
    """Lines where a name stands as a text, or as the name of a component with options."""
    return sorted(line for line, text in constants(source) if text.partition(",")[0] in names)


def test_the_names_are_known():
    names = names_in_defaults()
    assert defaults.PROBE in names
    assert defaults.RANKING in names
    assert len(names) >= 5
    assert all(name.strip() for name in names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_default_name_stands_anywhere_else(path):
    assert found(path.read_text(), names_in_defaults()) == []


def test_a_name_would_be_seen():
    source = '"""probe"""\nx = choose("probe")\ny = "probe,l1=0"\nz = "a probe"\n'
    assert found(source, {"probe"}) == [2, 3]
