"""``make demo`` tests on enough unseen voices, each of which speaks every language, and shows a curve."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
LANGUAGES = "ar+de+en+es+fr+ru+zh"


@pytest.fixture(scope="module")
def arguments():
    """Of the command in the Makefile, behind the program's name."""
    makefile = (REPOSITORY / "Makefile").read_text().replace("\\\n", " ")
    (command,) = re.findall(r"^demo: install\n\t\$\(DEMO\) \$\(BIN\)/neuroscope (.*)$", makefile, re.MULTILINE)
    return shlex.split(command)


def neuroscope(arguments, folder):
    command = [sys.executable, "-m", "neuroscope", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_ten_unseen_voices_speak_every_language(arguments, own_folders):
    small = {"ge2e": "toy"}  # the split is that of the voices, whatever they say and whatever listens
    for argument in arguments:
        if argument.startswith("espeak,"):
            assert f"languages={LANGUAGES}" in argument
            assert "voices=" not in argument
            small[argument] = f"espeak,languages={LANGUAGES},texts=1,rates=450,pitches=50"
    shown = neuroscope([small.get(argument, argument) for argument in arguments], own_folders)
    assert f"Classes: {', '.join(f'13 {language}' for language in LANGUAGES.split('+'))}. Split: speaker" in shown
    assert "Classes: 35 female, 56 male. Split: speaker" in shown
    assert shown.count(" 10 test groups (speaker)") == 2
    assert "unreliable" not in shown


def test_the_readme_of_the_corpus_shows_this_command(arguments):
    page = (REPOSITORY / "plugins/neuroscope-espeak/README.md").read_text()
    (shown,) = re.findall(r"^\$ neuroscope (.*)$", page, re.MULTILINE)
    assert shlex.split(shown) == arguments


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_language_has_a_curve(arguments, own_folders):
    rows = json.loads(neuroscope([*arguments, "--json"], own_folders))["rows"]
    means = [row for row in rows if row["metric"] == "accuracy" and row["seed"] is None and row["condition"] == "probe"]
    by_layer = {row["layer"]: row["value"] for row in means if row["task"] == "label:language"}
    assert max(by_layer, key=by_layer.__getitem__) == "lstm2"
    assert by_layer["lstm2"] > by_layer["lstm1"] + 0.1
    assert {row["task"] for row in means} == {"label:language", "gc"}
