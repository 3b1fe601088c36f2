"""Scripts of the benchmarks stand beside one that has the name of a library."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
SCRIPTS = [
    each for each in sorted(FOLDER.glob("*.py")) if "neuroscope" in (text := each.read_text()) and "__main__" in text
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_each_puts_their_folder_last(script):
    assert "\nimport own_folder_last  # noqa: F401\n" in script.read_text()


def test_from_the_last_place_nothing_hides_a_library(tmp_path):
    script = tmp_path / "benchmarks" / "script.py"
    script.parent.mkdir()
    (script.parent / "own_folder_last.py").write_bytes((FOLDER / "own_folder_last.py").read_bytes())
    (script.parent / "colorsys.py").write_text("ours = True")
    script.write_text("import own_folder_last, colorsys; print(hasattr(colorsys, 'ours'))")
    done = subprocess.run([sys.executable, script], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"
