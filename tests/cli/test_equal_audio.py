"""A corpus that holds every recording twice, under other names, and classes that a coin was tossed for."""

import csv
import json
import shutil

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from neuroscope.cli.main import build

RECORDINGS = 60


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Noise in shapes of its own: each file is there twice, and the second one names the other half of ``half``."""
    folder = tmp_path_factory.mktemp("twice")
    rng = np.random.default_rng(0)
    coins = rng.permutation(np.arange(RECORDINGS) % 2)
    with (folder / "manifest.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "path", "speaker", "coin", "half"])
        for number, coin in enumerate(coins):
            shape = rng.standard_normal(8).repeat(500)
            soundfile.write(folder / f"a{number}.wav", 0.1 * shape * rng.standard_normal(4000), 16_000)
            shutil.copy(folder / f"a{number}.wav", folder / f"b{number}.wav")
            for name, half in ("a", "train"), ("b", "test"):
                table.writerow([f"{name}{number}", f"{name}{number}.wav", f"s{number % 20}", coin, half])
    return folder / "manifest.csv"


def probe(corpus, *more):
    command = ["probe", "--backbone", "toy,width=200", "--task", "label:coin", "--root", corpus, "--runs", 5]
    result = CliRunner().invoke(build(), [*map(str, command), "--probe", "elasticnet,l1=0,l2=1e-6", *more])
    assert result.exit_code == 0, result.output
    return result.stdout


def best(found):
    rows = [row for row in found["rows"] if row["metric"] == "accuracy" and row["condition"] == "probe"]
    return max(row["value"] for row in rows if row["seed"] is None)


def test_answers_of_a_coin_are_not_known_from_the_copy_of_a_file_and_the_copies_are_named(corpus):
    found = json.loads(probe(corpus, "--split", "utterance", "--json"))
    assert best(found) < 0.68  # 36 different test recordings a run: a coin reaches it once in some hundred tries
    (cell,) = found["run"]["cells"]
    assert f"{RECORDINGS} utterances are the same audio as another: kept in one part" in cell["split_warning"]
    assert cell["test_groups"] < 20


def test_a_given_split_that_parts_the_copies_knows_the_answers_and_says_why(corpus):
    said = probe(corpus, "--split", "column:half")
    assert (
        f"Warning: {RECORDINGS} test utterances are the same audio as a training utterance: the probe may know the "
        "answer by heart.\n"
    ) in said
    assert best(json.loads(probe(corpus, "--split", "column:half", "--json"))) > 0.85


def test_a_fit_that_did_not_end_is_marked_at_every_number_that_it_made(corpus):
    said = probe(corpus, "--split", "column:half", "--probe", "elasticnet,max_iter=1").splitlines()
    (warned,) = [line for line in said if "the fit did not converge: " in line]
    mark, rest = warned.split(" Warning: ")
    assert len(mark) == 1
    begin = next(number for number, line in enumerate(said) if line.startswith("layer"))
    rows = {line.split()[0]: line.split("±")[1].split()[1] for line in said[begin + 1 : begin + 4]}
    assert {layer for layer, beside in rows.items() if mark in beside} == {"energy", "delta", "ALL"}
    majority = said[begin + 4].split()
    assert majority[0] == "majority"
    assert mark not in majority
    assert rest.startswith("the fit did not converge: energy, delta, ALL; in 5 runs")
