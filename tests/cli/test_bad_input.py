"""Bad input: exit code 2, a few lines, no traceback, nothing left behind."""

import re

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from neuroscope.cli.main import build

TOY = ["--backbone", "toy", "--dataset", "toy", "--task", "toy"]


def fails(*arguments):
    result = CliRunner().invoke(build(), [str(each) for each in arguments])
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert len(result.stderr.splitlines()) <= 25
    return result.stderr


@pytest.fixture
def corpus(tmp_path):
    """Six speakers, two utterances each."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    rows = ["path,speaker,gender,room"]
    for speaker in range(6):
        for number in range(2):
            name = f"{speaker}-{number}.wav"
            soundfile.write(folder / name, np.random.default_rng(speaker).uniform(-0.1, 0.1, 8000), 16_000)
            rows.append(f"{name},s{speaker},{'mf'[speaker % 2]},hall")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["probe", "--backbone", "tpy", "--dataset", "toy", "--task", "toy"], "unknown backbone 'tpy'.*'toy'"),
        (["probe", "--backbone", "toy", "--dataset", "toy", "--task", "tyo"], "unknown task 'tyo'.*'toy'"),
        (["probe", "--backbone", "toy", "--dataset", "tos", "--task", "toy"], "unknown dataset 'tos'.*'toy'"),
        (["probe", *TOY, "--probe", "elasticent"], "unknown probe 'elasticent'.*'elasticnet'"),
        (["probe", *TOY, "--pooling", "meen"], "unknown pooling 'meen'.*'mean'"),
        (["probe", *TOY, "--preset", "papers"], "unknown preset 'papers'.*'paper'"),
        (["probe", *TOY, "--layers", "enrgy"], "unknown layer of toy 'enrgy'.*'energy'"),
        (["probe", *TOY, "--split", "speakers"], "unknown split 'speakers'.*'speaker'"),
        (["probe", *TOY, "--split", "speaker,tst=0.2"], "unknown option of split speaker 'tst'.*'test'"),
        (["probe", *TOY, "--split", "speaker,test=2"], "test=2: expected a share"),
        (["probe", *TOY, "-o", "wdth=3"], "unknown option of toy 'wdth'.*'width'"),
        (["probe", *TOY, "-o", "width=three"], "toy: width=three: expected a whole number"),
        (["probe", *TOY, "-o", "width=0"], "width 0 is not from 1"),
        (["probe", *TOY, "-o", "width"], "no key=value"),
        (["probe", *TOY, "--runs", "0"], "--runs 0"),
        (["probe", *TOY, "--runs", "99999999"], "--runs 99999999: expected 1 to 10000"),
        (["probe", *TOY, "--seed", "-1"], "--seed -1"),
        (["probe", *TOY, "--seed", str(2**63)], "--seed 9223372036854775808: expected 0 to 4294967295"),
        (["probe", *TOY, "--seed", str(2**32 - 1), "--runs", "2"], "which the seed of no run may exceed"),
        (["probe", *TOY, "-o", f"seed={2**63}"], "toy: seed=9223372036854775808: a whole number has 64 bits at most"),
        (["probe", *TOY, "--layers", ","], "--layers ,: a name is empty"),
        (["probe", *TOY, "--layers", "energy,"], "--layers energy,: a name is empty"),
        (["probe", *TOY, "--layers", "energy,delta,energy"], "--layers names energy more than once"),
        (["probe", *TOY, "--out", "x" * 300], "--out x+ cannot be used: File name too long"),
        (["probe", *TOY, "--out", "x" * 240], "--out x+ cannot be written: File name too long"),
        (["probe", *TOY, "--out", "a\udcff"], r"--out a\\xff is not UTF-8"),
        (["neurons", *TOY, "--list", "x" * 300], "--list x+ cannot be used: File name too long"),
        (["neurons", *TOY, "--list", "a\udcff.csv"], r"--list a\\xff.csv is not UTF-8"),
        (["probe", *TOY, "--device", "gpu0"], "--device gpu0: .* Known here: cpu"),
        (["probe", *TOY, "--device", "meta:x"], "--device meta:x"),
        (["probe", *TOY, "--dtype", "int8"], "--dtype int8.*float16"),
        (["probe", *TOY, "--on-error", "ignore"], "--on-error ignore"),
        (["probe", *TOY, "--max-errors", "5"], "--max-errors 5"),
        (["probe", *TOY, "--where", "tune=low"], "unknown column 'tune'.*'tone'"),
        (["probe", *TOY, "--where", "tone=lo"], "unknown value of column 'tone' 'lo'.*'low'"),
        (["probe", *TOY, "--where", "tone=low"], "needs at least two classes; 60 rows have low alone"),
        (["probe", *TOY, "--where", "tone"], "expected COLUMN=VALUE"),
        (["probe", "--backbone", "toy", "--dataset", "toy", "--task", "label:nothing"], "unknown column 'nothing'"),
        (["probe", "--backbone", "toy", "--dataset", "toy", "--task", "gc"], "unknown column 'gender'"),
        (["probe", "--backbone", "toy", "--task", "toy"], "no data"),
        (["probe", "--backbone", "toy", "--task", "toy", "--root", "/nowhere/at/all"], "does not exist"),
        (["probe", "--backbone", "toy", "--task", "toy", "--dataset", "csv"], "there is no manifest"),
        (["extract", "--backbone", "toy", "--dataset", "toy", "--data", "csv=x"], "--data csv"),
        (["show", "backbone", "tpy"], "unknown backbone 'tpy'"),
        (["show", "backbon", "toy"], "unknown kind 'backbon'.*'backbone'"),
        (["list", "backbonez"], "unknown kind"),
    ],
)
def test_what_was_asked_what_exists_what_to_do(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert re.search(said, " ".join(fails(*arguments).split()))
    assert not [path for path in sorted(tmp_path.rglob("*")) if path not in before and "toy" not in path.parts]


def probe_of(root, *more):
    return ["probe", "--backbone", "toy", "--task", "gc", "--root", root, *more]


def test_a_manifest_that_is_absent_empty_or_binary(tmp_path):
    for name, content in (("empty.csv", b""), ("binary.csv", b"\x00\xff\xfe\x00" * 50), ("other.xyz", b"path\na\n")):
        (tmp_path / name).write_bytes(content)
        assert name in fails(*probe_of(tmp_path / name))
    assert "absent.csv" in fails(*probe_of(tmp_path / "absent.csv"))


def test_a_manifest_with_an_id_twice(corpus):
    text = (corpus / "manifest.csv").read_text()
    (corpus / "manifest.csv").write_text(text + text.splitlines()[1] + "\n")
    assert "0-0.wav comes 2 times" in fails(*probe_of(corpus / "manifest.csv"))


def test_a_manifest_of_files_that_do_not_exist(corpus):
    for file in corpus.glob("*.wav"):
        file.unlink()
    said = fails(*probe_of(corpus / "manifest.csv"))
    assert "12 of 12 utterances cannot be used" in said
    assert "12 x missing file" in said


def test_too_many_failures_name_their_reasons_and_can_be_allowed(corpus):
    (corpus / "0-0.wav").write_bytes(b"no audio at all")
    (corpus / "1-0.wav").unlink()
    said = fails(*probe_of(corpus / "manifest.csv"))
    assert "2 of 12" in said
    assert "missing file" in said
    assert "not audio, or damaged" in said
    allowed = probe_of(corpus / "manifest.csv", "--max-errors", "0.2", "--runs", "1")
    result = CliRunner().invoke(build(), [str(each) for each in allowed])
    assert result.exit_code == 0
    assert "Skipped: 1 missing file, 1 not audio, or damaged" in result.stdout


def test_on_error_fail_ends_at_the_first(corpus):
    (corpus / "0-0.wav").unlink()
    assert "0-0.wav" in fails(*probe_of(corpus / "manifest.csv", "--on-error", "fail"))


def test_one_class_of_the_manifest(corpus):
    said = fails("probe", "--backbone", "toy", "--task", "label:room", "--root", corpus / "manifest.csv")
    assert "at least two classes" in said
    assert "hall alone" in said


def test_a_split_that_cannot_be_made_says_which_columns_would_do(corpus):
    text = (corpus / "manifest.csv").read_text()
    (corpus / "manifest.csv").write_text(re.sub(r",s\d,", ",same,", text))
    said = fails(*probe_of(corpus / "manifest.csv"))
    assert "1 value of 'speaker'" in said
    assert "--split utterance" in said


def test_a_task_whose_split_cannot_be_made_is_named_and_the_others_are_answered(corpus):
    asked = probe_of(corpus / "manifest.csv", "--task", "label:speaker", "--task", "label:room", "--runs", "1")
    result = CliRunner().invoke(build(), [str(each) for each in asked])
    assert result.exit_code == 1
    assert "gc in toy, on csv" in result.stdout
    said = " ".join(result.stderr.split())
    assert "label:speaker in toy has no result: task label:speaker (12 rows with a label): a split by speaker" in said
    assert "label:room in toy has no result" in said


def test_names_that_are_alike_or_missing_and_splits_that_coincide_are_told(corpus):
    text = (corpus / "manifest.csv").read_text()
    text = text.replace("0-1.wav,s0,m", "0-1.wav,S0,m").replace("3-0.wav,s3,f", "3-0.wav,nan,f")
    (corpus / "manifest.csv").write_text(text)
    asked = probe_of(corpus / "manifest.csv", "--runs", "2")
    shown = CliRunner().invoke(build(), [str(each) for each in asked])
    assert shown.exit_code == 0
    assert "Warning: 2 speakers differ only in case, Unicode form or a final .0" in shown.stdout
    assert "'S0' (1), 's0' (1)" in shown.stdout
    assert "Warning: speakers named like missing values count like any other: 'nan' (1)" in shown.stdout


def test_fewer_splits_than_runs_are_told(corpus):
    asked = probe_of(corpus / "manifest.csv", "--where", "speaker=s0,s1,s2,s3", "--runs", "5")
    shown = CliRunner().invoke(build(), [str(each) for each in asked])
    assert "5 runs: 4 distinct splits (speaker,balance=class), since no others were found." in shown.stdout
    assert "Warning: 4 distinct splits in 5 runs: there are too few groups for more" in shown.stdout


def test_a_folder_whose_names_do_not_answer_the_task_says_the_way(tmp_path):
    for name in ("f/a.wav", "m/b.wav"):
        (tmp_path / name).parent.mkdir()
        soundfile.write(tmp_path / name, np.zeros(800), 16_000)
    said = fails(*probe_of(tmp_path))
    assert "the data of voxceleb1 are not there" in said
    assert f"--dataset folder,column=COLUMN --root {tmp_path}" in said
    said = fails(*probe_of(tmp_path, "--dataset", "folder"))
    assert "--task label:label" in said
    assert "--dataset folder,column=gender" in said
    flat = fails("probe", "--backbone", "toy", "--task", "label:label", "--root", tmp_path / "f")
    assert "lie in no folder" in flat
    assert "label_from=(?P<label>REGEX)" in flat


def test_a_manifest_without_paths_is_for_imported_vectors_alone(tmp_path):
    (tmp_path / "m.csv").write_text("id,gender,speaker\nu0,f,s0\nu1,m,s1\nu2,f,s2\nu3,m,s3\n")
    said = fails(*probe_of(tmp_path / "m.csv"))
    assert "no row has a path to its audio; it has the columns gender, id, speaker" in said
    assert "stored:NAME" in said


@pytest.mark.parametrize("out", ["file", "full", "below/file"])
def test_an_out_that_cannot_be_used_is_told_before_any_work(tmp_path, out):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "below").write_text("a file where a folder should be")
    before = sorted(tmp_path.rglob("*"))
    assert "--out" in fails("probe", *TOY, "--out", tmp_path / out)
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "full" / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("command", ["probe", "neurons"])
def test_a_default_run_folder_that_cannot_be_written_is_told_before_any_work(own_folders, command):
    (own_folders / "cache").mkdir()
    (own_folders / "cache" / "runs").write_text("a file where the run folders should be")
    said = fails(command, *TOY)
    assert re.search("the run folder cannot be written in .*runs: .*; name one with --out", " ".join(said.split()))
    assert not (own_folders / "cache" / "store").exists()


def test_a_cache_folder_that_is_not_utf_8_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("NEUROSCOPE_CACHE", str(tmp_path / "a\udcff"))
    assert r"a\xff is not UTF-8; name another with NEUROSCOPE_CACHE" in fails("probe", *TOY)


def test_debug_shows_the_traceback():
    result = CliRunner().invoke(build(), ["--debug", "show", "backbone", "tpy"])
    assert type(result.exception).__name__ == "UnknownName"


def test_a_penalty_that_no_fold_can_choose_is_told_in_one_line():
    more = ("--task", "label:speaker", "--split", "utterance", "--runs", 1)
    said = fails("probe", "--backbone", "toy", "--dataset", "toy", *more, "--probe", "elasticnet,penalty=cv")
    assert said.startswith("Error: ")
    assert "penalty='cv' needs each class in at least two groups of training rows" in " ".join(said.split())
    assert "use penalty='fixed'" in " ".join(said.split())
