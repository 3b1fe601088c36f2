"""Small rooms: a file has one purpose and a function fits on a screen."""

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FILES = sorted([*REPOSITORY.glob("src/**/*.py"), *REPOSITORY.glob("plugins/*/src/**/*.py")])
MOST_LINES_OF_A_FILE = 320
MOST_LINES_OF_A_FUNCTION = 45
MOST_MODULES_OF_A_FOLDER = 12
FACES = {"__init__.py", "__main__.py", "capture.py", "defaults.py", "errors.py", "splits.py", "trials.py", "waves.py"}
MOST_LINES_OF_A_FACE = 10
VAGUE = {"utils.py", "helpers.py", "base.py", "common.py", "misc.py", "manager.py"}


def named(path):
    return str(path.relative_to(REPOSITORY))


def long_functions(source, most=MOST_LINES_OF_A_FUNCTION):
    """Names of the functions whose body, without its docstring, has more lines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            if body and node.end_lineno - body[0].lineno + 1 > most:
                yield node.name


def test_the_files_are_found():
    assert {"src/neuroscope/plugin/options.py", "plugins/neuroscope-toy/src/neuroscope_toy/model.py"} <= set(
        map(named, FILES)
    )


@pytest.mark.parametrize("path", FILES, ids=named)
def test_files_and_functions_are_small(path):
    source = path.read_text()
    assert len(source.splitlines()) <= MOST_LINES_OF_A_FILE
    assert list(long_functions(source)) == []


def test_no_file_is_named_for_everything_and_nothing():
    assert [named(path) for path in FILES if path.name in VAGUE] == []


def test_a_long_function_would_be_seen_and_a_long_docstring_is_none():
    lines = "\n".join(["    x = 1"] * 3)
    assert list(long_functions(f"def f():\n{lines}", most=2)) == ["f"]
    assert list(long_functions(f"class A:\n  def f():\n{lines}", most=3)) == []
    assert list(long_functions(f'def f():\n    """a\n\n    b\n    c"""\n{lines}', most=3)) == []


def test_a_room_has_few_modules():
    folders = {path.parent for path in FILES}
    counts = {named(folder): len([path for path in FILES if path.parent == folder]) - 1 for folder in folders}
    assert {folder: count for folder, count in counts.items() if count > MOST_MODULES_OF_A_FOLDER} == {}


def test_at_the_top_of_the_core_there_are_faces_of_rooms_alone():
    top = REPOSITORY / "src" / "neuroscope"
    assert {path.name for path in top.glob("*.py")} == FACES
    for name in ("capture.py", "splits.py", "trials.py", "waves.py"):
        assert len((top / name).read_text().splitlines()) <= MOST_LINES_OF_A_FACE


def test_tests_mirror_the_rooms():
    rooms = {path.name for path in (REPOSITORY / "src" / "neuroscope").iterdir() if path.is_dir()}
    folders = {path.name for path in (REPOSITORY / "tests" / "unit").iterdir() if path.is_dir()}
    assert folders - rooms <= {"__pycache__"}
