"""One corpus read as it lies on disk and by a manifest: the same utterances, vectors and numbers."""

import csv

import polars
import pytest
from typer.testing import CliRunner

from neuroscope.cli.main import build


def run(*arguments):
    result = CliRunner().invoke(build(), [str(each) for each in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def librispeech(speech, tmp_path):
    """A tree of LibriSpeech's form, of the real test-other utterances that are there, and a manifest of the same."""
    with (speech / "manifest.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["subset"] == "test-other"]
    root = tmp_path / "LibriSpeech"
    genders = {}
    lines = ["id,path,speaker,gender"]
    for row in rows:
        name = row["path"].split("/")[-1]
        speaker, chapter, _ = name.split("-")
        genders[speaker] = row["gender"]
        folder = root / "test-other" / speaker / chapter
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(speech / row["path"])
        lines.append(f"{row['id']},{speech / row['path']},{row['speaker']},{row['gender']}")
    table = "".join(
        f"{speaker:<6} | {gender.upper()} | test-other       | 10.0 | A. B. | Reader\n"
        for speaker, gender in genders.items()
    )
    (root / "SPEAKERS.TXT").write_text(f"; about readers\n;ID  |SEX| SUBSET           |MINUTES| NAME\n{table}")
    manifest = tmp_path / "m.csv"
    manifest.write_text("\n".join(lines) + "\n")
    return root, manifest


def test_gender_is_the_same_number_whoever_reads_the_corpus(librispeech, tmp_path):
    root, manifest = librispeech
    common = ["--backbone", "ge2e", "--task", "gc", "--runs", 2]
    first = run("probe", *common, "--dataset", "librispeech", "--root", root, "--out", tmp_path / "a")
    assert "ge2e: 100 utterances, 100 extracted now, 0 from the store" in first
    again = run("probe", *common, "--root", manifest, "--out", tmp_path / "b")
    assert "ge2e: 100 utterances, 0 extracted now, 100 from the store" in again
    ours, theirs = (
        polars.read_parquet(tmp_path / name / "rows.parquet").select(
            "representation", "layer", "condition", "metric", "seed", "value", "low", "high", "n"
        )
        for name in "ab"
    )
    assert ours.rows() == theirs.rows()
    accuracy = ours.filter(layer="lstm3", condition="probe", metric="accuracy")["value"].min()
    assert accuracy > 0.75  # of three speakers in test
