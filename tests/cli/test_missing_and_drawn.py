"""What a command needs and does not have is told at once; what a task drew can be had again from the run folder."""

import json
import os
import subprocess
import sys
import textwrap

import numpy as np
import polars
import pytest
import soundfile
from typer.testing import CliRunner

from neuroscope.cli.main import build


def run(*arguments, code=0):
    result = CliRunner().invoke(build(), [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    return result


def numbers(folder):
    rows = polars.read_parquet(folder / "rows.parquet")
    return rows.select("layer", "condition", "metric", "seed", "value", "low", "high", "n").rows()


@pytest.fixture
def corpus(tmp_path):
    """Two pitches, twelve speakers with eight utterances each; the second half of every file is the other pitch."""
    rng, lines = np.random.default_rng(0), ["id,path,speaker,pitch,start,duration,split"]
    (tmp_path / "wav").mkdir()
    for speaker in range(12):
        for take in range(4):
            own, other = ((220, 440), (440, 220))[speaker % 2]
            time = np.arange(8000) / 16_000
            tones = np.concatenate([np.sin(2 * np.pi * (hz + speaker) * time) for hz in (own, other)])
            name = f"wav/{speaker}-{take}.wav"
            soundfile.write(tmp_path / name, 0.3 * tones + 0.05 * rng.standard_normal(16_000), 16_000)
            part = "train" if speaker < 8 else "test"
            lines.append(f"{speaker}-{take}a,{name},s{speaker},{own},0,0.5,{part}")
            lines.append(f"{speaker}-{take}b,{name},s{speaker},{other},0.5,,{part}")
    file = tmp_path / "m.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


@pytest.mark.parametrize("split", ["", "speaker"])
def test_the_manifest_of_a_run_gives_its_numbers_again(corpus, tmp_path, split):
    common = ["--backbone", "toy", "--task", "label:pitch", "--runs", 2, *(["--split", split] if split else [])]
    run("probe", *common, "--root", corpus, "--where", "speaker=s1,s2,s3,s4,s8,s9,s10", "--out", tmp_path / "a")
    run("probe", *common, "--root", tmp_path / "a" / "manifest.csv", "--out", tmp_path / "b")
    assert numbers(tmp_path / "a") == numbers(tmp_path / "b")
    first, second = ((tmp_path / name / "manifest.csv").read_bytes() for name in "ab")
    assert first == second
    assert len(first.splitlines()) == 57


def test_what_a_task_drew_is_told_and_can_be_had_again(corpus, tmp_path):
    manifest = corpus.read_text().replace("pitch,", "language,", 1)
    corpus.write_text(manifest)
    common = ["--backbone", "toy", "--runs", 1, "--task", "lid,limit=9,seed=3"]
    shown = run("probe", *common, "--root", corpus, "--out", tmp_path / "a").stdout
    assert "Not drawn (limit=9, seed=3): 60 utterances." in shown
    assert "18 train, 18 test" in shown
    again = run("probe", *common, "--root", tmp_path / "a" / "manifest.csv", "--out", tmp_path / "b").stdout
    assert "Not drawn" not in again
    assert numbers(tmp_path / "a") == numbers(tmp_path / "b")
    assert numbers(tmp_path / "a") != _other_seed(common, corpus, tmp_path)


def _other_seed(common, corpus, tmp_path):
    other = [str(each).replace("seed=3", "seed=4") for each in common]
    run("probe", *other, "--root", corpus, "--out", tmp_path / "c")
    return numbers(tmp_path / "c")


def run_apart(tmp_path, *arguments):
    """Run a command in a process of its own, whose hub is a port that nobody listens to; return what it says."""
    hub = {"HF_ENDPOINT": "http://127.0.0.1:1", "HF_HOME": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "0"}
    command = [sys.executable, "-m", "neuroscope", *arguments]
    done = subprocess.run(command, env=os.environ | hub, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    return done.stderr


def test_data_and_weights_that_are_missing_are_told_in_one_message_and_no_server_is_asked(tmp_path):
    told = run_apart(tmp_path, "probe", "--backbone", "mockingjay-large", "--task", "did")
    assert len(textwrap.wrap(told, 80)) < 15
    assert "2 things are missing:" in told
    for fact in ("adi5", "arabicspeech.org", "--root", "$NEUROSCOPE_DATA/adi5", "licence: not stated", "340 MB"):
        assert fact in told
    assert (
        f"states-500000.ckpt of s3prl/mockingjay is not in {tmp_path / 'hub' / 'hub'} yet; it comes from http" in told
    )
    assert "checkpoint=FILE; the untrained network: weights=random" in told
    told = run_apart(tmp_path, "probe", "--backbone", "hf:facebook/nowhere", "--task", "cc")
    assert "3 things are missing:" in told
    assert "yet; it comes from http://127.0.0.1:1/facebook/nowhere" in told


def test_every_dataset_that_is_missing_is_told(tmp_path):
    told = run("probe", "--backbone", "toy", "--task", "cc", code=2).stderr
    assert "2 things are missing:" in told
    assert "adi5" in told
    assert "callhome" in told
    told = run("probe", "--backbone", "toy", "--task", "cc,telephony=false", code=2).stderr
    assert "callhome" not in told


TASKS_OF_TWO = ["--task", "gc", "--task", "did", "--backbone", "toy", "--runs", 1]


def test_each_task_is_asked_of_its_own_data(tree, tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROSCOPE_DATA", str(tmp_path))
    tree("voxceleb1")
    tree("adi5")
    shown = run("probe", *TASKS_OF_TWO, "--backbone", "toy,width=8", "--out", tmp_path / "run").stdout
    assert "toy: 32 utterances of voxceleb1, 32 extracted now" in shown
    assert "toy: 40 utterances of adi5,parts=train+test, 40 extracted now" in shown
    assert "gc in 2 backbones, on voxceleb1" in shown
    assert "did in 2 backbones, on adi5,parts=train+test" in shown
    rows = polars.read_parquet(tmp_path / "run" / "rows.parquet")
    assert dict(rows.select("task", "dataset").unique().rows()) == {"gc": "voxceleb1", "did": "adi5,parts=train+test"}
    for number, (name, count) in enumerate({"gc": 32, "did": 40}.items(), start=1):
        table = tmp_path / "run" / f"manifest-{number}.csv"
        assert len(table.read_text().splitlines()) == count + 1
        run("probe", "--task", name, "--backbone", "toy", "--runs", 1, "--root", table, "--out", tmp_path / name)
        mine = rows.filter(task=name, backbone="toy").select("layer", "metric", "seed", "value")
        again = polars.read_parquet(tmp_path / name / "rows.parquet").select("layer", "metric", "seed", "value")
        assert (
            mine.filter(polars.col("metric") != "accuracy_difference").rows()
            == again.filter(polars.col("metric") != "accuracy_difference").rows()
        )


def test_a_folder_named_alone_is_that_of_the_one_dataset_of_the_task(tree, tmp_path):
    root = tree("adi5")
    shown = run("probe", "--task", "did", "--backbone", "toy", "--root", root, "--runs", 1).stdout
    assert "did in toy, on adi5,parts=train+test" in shown
    told = run("probe", "--task", "gc", "--backbone", "toy", "--root", root, code=2).stderr
    assert "the data of voxceleb1 are not there" in told
    assert "That is the task's default. Other data: --root MANIFEST.csv" in told


def test_a_place_named_for_one_dataset_of_a_task_leaves_the_others_at_theirs(tree, tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROSCOPE_DATA", str(tmp_path / "data"))
    told = run("probe", "--task", "cc", "--backbone", "toy", "--data", f"adi5={tree('adi5')}", code=2).stderr
    assert "the data of callhome are not there" in told
    assert "adi5 are" not in told


def test_what_a_task_would_draw_can_be_saved_and_asked(tree, tmp_path):
    root, saved = tree("adi5"), tmp_path / "saved"
    run("describe", "--task", "did,limit=3,seed=1", "--root", root, "--save", saved)
    assert [each.name for each in saved.iterdir()] == ["manifest.csv"]
    common = ["--backbone", "toy", "--task", "did,limit=3,seed=1", "--runs", 1]
    run("probe", *common, "--root", root, "--out", tmp_path / "a")
    run("probe", *common, "--root", saved / "manifest.csv", "--out", tmp_path / "b")
    assert (tmp_path / "a" / "manifest.csv").read_bytes() == (saved / "manifest.csv").read_bytes()
    assert numbers(tmp_path / "a") == numbers(tmp_path / "b")


def test_trials_are_saved_and_read_again(tree, tmp_path):
    data = ["--data", f"voxceleb1={tree('voxceleb1')}", "--data", f"common-voice={tree('common-voice')}"]
    task = "sv,languages=en+ar,pairs=6"
    first = run("describe", "--task", task, *data, "--save", tmp_path / "saved").stdout
    lines = (tmp_path / "saved" / "trials-sv.txt").read_text().splitlines()
    assert lines[:2] == [
        "1\tvoxceleb1/id10270/x6uYqmx31kE/00001\tvoxceleb1/id10270/8jEAjG6SegY/00008",
        "0\tvoxceleb1/id10270/x6uYqmx31kE/00001\tvoxceleb1/id10271/-10271SegY_/00008",
    ]
    assert [line[0] for line in lines[2:]].count("1") == (len(lines) - 2) / 2 == 6
    named = f"sv,trials={tmp_path / 'saved' / 'trials-sv.txt'}"
    again = run("describe", "--task", named, "--root", tmp_path / "saved" / "manifest.csv", "--save", tmp_path / "more")
    assert "14 trials" in first
    assert "Drawn or named by the task: 12; 2 of the data's own list." in first
    assert "14 trials" in again.stdout
    assert (tmp_path / "more" / "trials-sv.txt").read_text().splitlines() == lines


def test_a_folder_that_holds_something_is_not_written_to(tree, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    common = ["describe", "--root", tree("adi5")]
    told = run(*common, "--task", "did", "--save", tmp_path / "mine", code=2).stderr
    assert "is there already; name a folder that is not" in told
    assert [each.name for each in (tmp_path / "mine").iterdir()] == ["thesis.tex"]
    assert "name one with --task" in run(*common, "--save", tmp_path / "new", code=2).stderr
    run(*common, "--task", "gc", "--save", tmp_path / "new", code=2)
    assert not (tmp_path / "new").exists()


def test_where_a_proxy_lies_is_told_beside_the_data(tree, tmp_path):
    data = ["--data", f"voxceleb1={tree('voxceleb1')}", "--data", f"voxceleb2={tree('voxceleb2')}"]
    shown = run("describe", "--task", "sv,languages=en", *data).stdout
    assert "sv,languages=en on voxceleb1: 2 trials" in shown
    assert "voxceleb2: 32 utterances of 8 speakers" in shown
    told = run("describe", "--task", "sv,languages=en", "--root", tmp_path / "voxceleb1").stdout
    assert "the data of voxceleb2 are not there" in told
    assert "voxceleb2=PATH" in told


def test_trials_that_are_drawn_for_lack_of_a_list_are_told(tree):
    root = tree("voxceleb1")
    for each in root.glob("veri_*"):
        each.unlink()
    shown = run("describe", "--task", "sv,languages=en,pairs=5", "--root", root).stdout
    assert "Left out while reading: 1 trial list that is not there (veri_test.txt)" in shown
    assert "the data bring no list of these" in shown


def test_trials_of_two_settings_are_two_files(tree, tmp_path):
    tasks = ["--task", "sv,seed=1,languages=ar,pairs=4", "--task", "sv,seed=2,languages=ar,pairs=4"]
    run("describe", *tasks, "--data", f"common-voice={tree('common-voice')}", "--save", tmp_path / "saved")
    names = {each.name for each in (tmp_path / "saved").iterdir()}
    assert names == {"manifest.csv", "trials-sv.txt", "trials-sv-2.txt"}


def test_one_folder_for_a_task_of_two_corpora_is_answered_with_the_way(tree):
    told = run("probe", "--task", "cc", "--backbone", "toy", "--root", tree("adi5"), code=2).stderr
    assert "write --data adi5=PATH --data callhome=PATH" in told


def test_a_corpus_without_a_test_part_has_another_split_or_says_what_would_do(tree):
    told = run(
        "probe",
        "--task",
        "lid",
        "--backbone",
        "toy",
        "--dataset",
        "voxlingua107",
        "--root",
        tree("voxlingua107"),
        code=2,
    )
    assert "--split group:recording" in told.stderr
    told = run(
        "describe",
        "--task",
        "lid",
        "--root",
        tree("voxlingua107"),
        "--dataset",
        "voxlingua107",
        "--split",
        "column:split",
    )
    assert "it holds dev, train: name the parts with --split column:split,train=A,test=B" in told.output


def test_nothing_is_saved_over_anything_and_nothing_where_the_command_failed(tree, tmp_path, monkeypatch):
    common = ["describe", "--root", tree("adi5"), "--task", "did,limit=2", "--save"]
    run(*common, tmp_path / "saved", "--split", "foo", code=2)
    assert not (tmp_path / "saved").exists()
    run(*common, tmp_path / "saved")
    first = (tmp_path / "saved" / "manifest.csv").read_text()
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    monkeypatch.chdir(tmp_path / "empty")
    for there in (tmp_path / "saved", tmp_path / "empty", tmp_path / "link", "."):
        assert "is there already" in run(*common, there, code=2).stderr
    assert (tmp_path / "saved" / "manifest.csv").read_text() == first


def test_a_place_is_that_of_each_task_that_has_the_dataset(tree, tmp_path, monkeypatch):
    named = ["--data", f"voxceleb1={tree('voxceleb1')}", "--data", f"adi5={tree('adi5')}"]
    run("probe", "--task", "gc", "--task", "did", "--backbone", "toy", *named, "--runs", 1, "--out", tmp_path / "run")
    rows = polars.read_parquet(tmp_path / "run" / "rows.parquet")
    assert dict(rows.select("task", "dataset").unique().rows()) == {"gc": "voxceleb1", "did": "adi5,parts=train+test"}
    about = json.loads((tmp_path / "run" / "run.json").read_text())
    assert about["manifests"] == {"manifest-1.csv": "voxceleb1", "manifest-2.csv": "adi5,parts=train+test"}
    monkeypatch.setenv("NEUROSCOPE_DATA", str(tmp_path))
    run("describe", "--task", "gc", "--task", "did", "--data", f"adi5={tmp_path / 'adi5'}")
    told = run("probe", "--task", "gc", "--task", "label:nationality", "--backbone", "toy", code=2).stderr
    assert "task label:nationality: no data" in told


def test_trials_of_a_list_that_the_data_do_not_have_are_told(tree, tmp_path):
    root = tree("voxceleb1")
    (tmp_path / "list.txt").write_text((root / "veri_test.txt").read_text() * 2 + "0 a b\n1 c d\n")
    shown = run("describe", "--task", f"sv,languages=en,trials={tmp_path / 'list.txt'}", "--root", root).output
    assert ": 2 trials, 1 target and 1 non-target" in shown
    assert "4 trials of the list are of utterances that the data do not have" in shown


def test_channels_of_a_manifest_of_ones_own_are_split_by_speakers(corpus, tmp_path):
    corpus.write_text(corpus.read_text().replace("pitch,", "channel,", 1).replace(",split\n", ",part\n", 1))
    shown = run("probe", "--task", "cc", "--backbone", "toy", "--root", corpus, "--runs", 1).stdout
    assert "Split: speaker,test=0.4,balance=class:" in shown


def test_every_backbone_whose_weights_are_missing_is_told(tree, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    backbones = ["--backbone", "adi-cnn", "--backbone", "sre-cnn"]
    told = run("probe", *backbones, "--task", "gc", "--root", tree("voxceleb1"), code=2).stderr
    assert "2 things are missing:" in told


def test_a_draw_with_a_broken_file_can_be_had_again(tree, tmp_path):
    root = tree("adi5")
    for path in (next((root / "dev.vardial2017").rglob("*.wav")), next((root / "test.MGB3").rglob("*.wav"))):
        path.write_text("no audio")
    common = ["--backbone", "toy", "--task", "cc,telephony=false", "--runs", 2, "--max-errors", "0.5"]
    run("probe", *common, "--data", f"adi5={root}", "--out", tmp_path / "a")
    run("probe", *common, "--root", tmp_path / "a" / "manifest.csv", "--out", tmp_path / "b")
    assert numbers(tmp_path / "a") == numbers(tmp_path / "b")
    assert (tmp_path / "a" / "manifest.csv").read_bytes() == (tmp_path / "b" / "manifest.csv").read_bytes()


def test_listed_trials_of_utterances_that_are_cut_are_told(tree):
    shown = run("describe", "--task", "sv,languages=en,pairs=5", "--root", tree("voxceleb1"), "--segment", "0.2").output
    assert "trial of an utterance that is cut into segments" in shown
    assert "the data bring no list of these" in shown
