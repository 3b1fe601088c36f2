"""``neuroscope cnn train``, as it is typed: from sounds to a checkpoint that a backbone runs."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile
import torch
from typer.testing import CliRunner

from neuroscope import WaveBatch
from neuroscope.cli.main import build
from neuroscope_cnn import spec
from neuroscope_cnn.checkpoints import checkpoint
from neuroscope_cnn.frontend.front_end import FrontEnd
from neuroscope_cnn.model.network import Network
from neuroscope_cnn.training import state as states
from neuroscope_cnn.training.evaluation import logits_of
from neuroscope_cnn.training.trainer import BEST, LAST

QUICK = ("--steps", 4, "--batch", 2, "--crop", 24, "--every", 2, "--threads", 1)


@pytest.fixture
def corpus(tmp_path, sound):
    """``corpus(name=value)``: a manifest of three speakers with four utterances each, the last of them for dev."""

    def make(**changed):
        rows = []
        for number in range(12):
            path = tmp_path / f"u{number}.wav"
            soundfile.write(path, sound(0.3 + 0.02 * number, seed=number % 3), 16_000)
            row = {"path": path.name, "speaker": f"s{number % 3}", "part": "dev" if number >= 9 else "train"}
            rows.append(row | changed.get(f"u{number}", {}))
        file = tmp_path / "corpus.csv"
        with file.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, ["path", "speaker", "part"])
            writer.writeheader()
            writer.writerows(rows)
        return file

    return make


def words(manifest, out, *more, network="sre"):
    data = ["--root", manifest, "--label", "speaker", "--dev", "part=dev", "--out", out]
    return ["cnn", "train", network, *map(str, [*data, *QUICK, *more])]


def run(*arguments, code=0, **where):
    before = torch.get_num_threads()
    try:
        result = CliRunner(env={"COLUMNS": "250"}).invoke(build(), words(*arguments, **where))
    finally:
        torch.set_num_threads(before)
    assert result.exit_code == code, result.output
    assert code != 2 or len(result.stderr.strip().splitlines()) == 1, result.stderr
    return result.stderr if code == 2 else result.stdout


def history(folder):
    return (folder / "history.jsonl").read_text()


def started(arguments):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "NEUROSCOPE_STRICT": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "neuroscope", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def await_lines(folder, count, process):
    """Wait until the history has so many lines."""
    file, end = folder / "history.jsonl", time.monotonic() + 60
    while not file.exists() or len(file.read_text().splitlines()) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.002)


def same_weights(*folders):
    """Whether their states and checkpoints hold the same bits."""
    one, other = (states.read(folder) for folder in folders)
    assert one.weights.keys() == other.weights.keys()
    assert one.velocity.keys() == other.velocity.keys()
    moments = all(torch.equal(values, other.velocity[name]) for name, values in one.velocity.items())
    kept = all(len({checkpoint.find(each / name).digest for each in folders}) == 1 for name in (LAST, BEST))
    return moments and kept and all(torch.equal(values, other.weights[name]) for name, values in one.weights.items())


def test_what_is_trained_is_what_the_backbone_runs(corpus, tmp_path):
    manifest, out = corpus(), tmp_path / "out"
    said = run(manifest, out)
    assert "sre-cnn, 3 classes of speaker, 9 utterances, 4 steps of 2 crops of 24 frames" in said
    assert "dev accuracy" in said
    assert "of 3 utterances (95 % interval" in said
    assert f"--backbone sre-cnn,checkpoint={out / 'best.safetensors'}" in said
    assert [json.loads(line)["step"] for line in history(out).splitlines()] == [2, 4]
    found = checkpoint.find(out / "last.safetensors", "sre")
    assert (found.mode, found.labels, found.n_fft) == ("valid", ("s0", "s1", "s2"), 400)
    assert found.more["step"] == "4"
    assert found.more["dev_utterances"] == "3"
    weights = {name: torch.from_numpy(values) for name, values in found.read().items()}
    network = Network(found.architecture, weights, "cpu")
    waves = [torch.from_numpy(soundfile.read(tmp_path / f"u{n}.wav", dtype="float32")[0]) for n in (9, 10, 11)]
    expected = logits_of(network, [FrontEnd()(wave) for wave in waves])  # what the training's own evaluation calls
    model = spec.sre_cnn(checkpoint=found.path, fc_tap="post").load("cpu")
    lengths = torch.tensor([len(wave) for wave in waves])
    samples = torch.nn.utils.rnn.pad_sequence(waves, batch_first=True)
    *_, last = model.extract(WaveBatch(samples, lengths))
    logits = last["FC2"].values[:, 0] @ weights["fc3W"] + weights["fc3b"]
    assert (logits - expected).abs().max() <= 1e-5 * max(1, expected.abs().max())
    accuracy = (logits.argmax(1) == torch.arange(3)).double().mean().item()
    assert float(found.more["dev_accuracy"]) == pytest.approx(accuracy)


def test_a_training_goes_on_bit_by_bit(corpus, tmp_path):
    manifest, whole, parts = corpus(), tmp_path / "whole", tmp_path / "parts"
    more = ("--momentum", 0.9, "--learning-rate", 0.01, "--every", 1)
    run(manifest, whole, *more, "--steps", 2)
    run(manifest, parts, *more, "--steps", 1)
    run(manifest, parts, *more, "--steps", 2, "--resume")
    assert history(parts) == history(whole)
    assert same_weights(parts, whole)


@pytest.mark.slow
def test_a_killed_training_goes_on_bit_by_bit(corpus, tmp_path):
    manifest, whole, broken = corpus(), tmp_path / "whole", tmp_path / "broken"
    more = ("--momentum", 0.9, "--every", 1, "--learning-rate", 0.01)
    run(manifest, whole, *more)
    process = started(words(manifest, broken, *more, "--steps", 2000))
    await_lines(broken, 1, process)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    process.stderr.close()
    done = len(history(broken).splitlines())
    assert done < 4, "it was killed too late to show anything"
    run(manifest, broken, *more, "--resume")
    assert history(broken) == history(whole)
    assert same_weights(broken, whole)


@pytest.mark.slow
def test_ctrl_c_keeps_the_step_that_was_under_way(corpus, tmp_path):
    manifest, whole, broken = corpus(), tmp_path / "whole", tmp_path / "broken"
    more = ("--every", 3)
    process = started(words(manifest, broken, *more, "--steps", 3000))
    await_lines(broken, 1, process)
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130
    assert "the same command with --resume goes on from there" in errors
    done = int(errors.split("after step ")[1].split(",")[0])
    run(manifest, broken, *more, "--resume", "--steps", done + 2)
    run(manifest, whole, *more, "--steps", done + 2)
    assert history(broken) == history(whole)


def test_a_folder_in_use_is_told(corpus, tmp_path):
    manifest, out = corpus(), tmp_path / "out"
    run(manifest, out, network="adi")
    before = history(out)
    assert "4 steps done: it is finished; --resume with more --steps goes on" in run(manifest, out, code=2)
    said = run(manifest, out, "--resume", "--seed", 5, code=2, network="adi")
    assert "other settings: --seed was 0, now 5" in said
    assert "network was adi, now sre" in run(manifest, out, "--resume", code=2)
    soundfile.write(tmp_path / "u1.wav", np.ones(5000), 16_000)
    assert "data was" in run(manifest, out, "--resume", code=2, network="adi")
    corpus()
    assert history(out) == before
    done = json.loads(run(manifest, out, "--resume", "--json", network="adi"))
    assert (done["steps"], done["dev"]["utterances"]) == (4, 3)
    assert json.loads(run(manifest, out, "--resume", "--json", "--steps", 6, network="adi"))["steps"] == 6
    assert "behind that" in run(manifest, out, "--resume", code=2, network="adi")


def test_what_cannot_be_used_is_counted(corpus, tmp_path):
    unlabelled, late = {"speaker": ""}, {"speaker": "s9"}
    manifest = corpus(u0=unlabelled, u9=late, u4={"path": "nowhere.wav"})
    said = json.loads(run(manifest, tmp_path / "out", "--json", "--max-errors", 0.2))
    assert said["left_out"] == {"no speaker": 1, "missing file": 1, "held out, speaker unseen in training": 1}
    assert (said["train_utterances"], said["dev"]["utterances"]) == (7, 2)
    assert "Mend them" in run(manifest, tmp_path / "other", "--max-errors", 0, code=2)
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--label", "dialect"), "unknown column 'dialect'"),
        (("--dev", "part=best"), "unknown value of part 'best'"),
        (("--dev", "room=1"), "unknown column 'room'"),
        (("--dev", "2"), "expected COLUMN=VALUE, a share"),
        (("--dev", "0.01"), "of no speaker is the share one utterance"),
        (("--where", "speaker=s1"), "two classes or more"),
        (("--batch", "1"), "--batch 1: expected a whole number from 2 on"),
        (("--learning-rate", "nan"), "--learning-rate nan"),
        (("--steps", "0"), "--steps 0"),
        (("--device", "cuda:77"), "--device cuda:77 cannot be used"),
        (("--dtype", "float16"), "computes in float32"),
        (("--resume",), "no training to go on with"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(corpus, tmp_path, more, told):
    out = tmp_path / "out"
    assert told in run(corpus(), out, *more, code=2)
    assert not out.exists()


def test_a_loss_that_is_no_number_ends_the_training(corpus, tmp_path):
    out = tmp_path / "out"
    more = ("--learning-rate", 1e30, "--every", 1, "--steps", 50)
    assert "lower --learning-rate" in run(corpus(), out, *more, code=2, network="adi")


def test_cepstra_are_computed_once(corpus, tmp_path, monkeypatch):
    manifest = corpus()
    run(manifest, tmp_path / "one", "--dev", "0.25", "--steps", 1)
    monkeypatch.setattr(FrontEnd, "__call__", None)
    said = json.loads(run(manifest, tmp_path / "two", "--dev", "0.25", "--json", "--steps", 1))
    assert (said["train_utterances"], said["dev"]["utterances"]) == (9, 3)
    assert said["best"]["step"] == 1
    without = json.loads(run(manifest, tmp_path / "three", "--dev", "none", "--json", "--steps", 1))
    assert (without["dev"], without["best"], without["train_utterances"]) == (None, None, 12)
    assert without["files"] == [str(tmp_path / "three" / "last.safetensors")]
