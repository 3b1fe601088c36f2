"""``make demo`` tests on enough voices, each of which speaks every language, and shows a curve."""

import json
import re
import shlex
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from neuroscope import Utterance, options, splits
from neuroscope.analysis.scores import RELIABLE_GROUPS
from neuroscope_espeak.design import LANGUAGES, VOICES, checked

REPOSITORY = Path(__file__).parents[2]
LANGUAGE, GENDER = "label:language", "gc"


@pytest.fixture(scope="module")
def arguments():
    """Of the command in the Makefile, behind the program's name."""
    makefile = (REPOSITORY / "Makefile").read_text().replace("\\\n", " ")
    (command,) = re.findall(r"^demo: install\n\t\$\(DEMO\) \$\(BIN\)/neuroscope (.*)$", makefile, re.MULTILINE)
    return shlex.split(command)


def value(arguments, option):
    return arguments[arguments.index(option) + 1]


@pytest.fixture(scope="module")
def items(arguments):
    name, given = options.parse(value(arguments, "--dataset"))
    assert name == "espeak"
    rates = tuple(map(int, given["rates"].split("+")))
    return checked(given["languages"].split("+"), VOICES, int(given["texts"]), rates, (20, 80)).items


def test_every_voice_speaks_every_language(items):
    assert {(item.voice, item.language) for item in items} == set(product(VOICES, LANGUAGES))


@pytest.mark.parametrize("asked", [LANGUAGE, GENDER])
def test_there_are_enough_unseen_voices(asked, arguments, items):
    assert asked in arguments
    answers = [item.language if asked == LANGUAGE else item.voice[0] for item in items]
    classes = sorted(set(answers))
    utterances = [Utterance(id=item.id, path=Path(item.file), speaker=item.voice) for item in items]
    rows = splits.Labelled(utterances, np.array([classes.index(answer) for answer in answers]), tuple(classes))
    for seed in range(5):
        made = splits.split(value(arguments, "--split"), rows, seed)
        train, test = (set(made.groups[part].tolist()) for part in (made.train, made.test))
        assert len(test) >= RELIABLE_GROUPS
        assert not train & test


def test_the_readme_of_the_corpus_shows_this_command(arguments):
    page = (REPOSITORY / "plugins/neuroscope-espeak/README.md").read_text()
    (shown,) = re.findall(r"^\$ neuroscope (.*)$", page, re.MULTILINE)
    assert shlex.split(shown) == arguments


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_language_has_a_curve(arguments, own_folders):
    command = [sys.executable, "-m", "neuroscope", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=own_folders)
    means = [row for row in json.loads(done.stdout)["rows"] if row["metric"] == "accuracy" and row["seed"] is None]
    by_layer = {row["layer"]: row["value"] for row in means if row["task"] == LANGUAGE and row["condition"] == "probe"}
    assert max(by_layer, key=by_layer.__getitem__) == "lstm2"
    assert by_layer["lstm2"] > by_layer["lstm1"] + 0.1
    assert {row["task"] for row in means} == {LANGUAGE, GENDER}
    assert "unreliable" not in done.stdout + done.stderr
