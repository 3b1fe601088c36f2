"""The running backbones: what every backbone keeps to, and what both modes give of real sound."""

import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from neuroscope import LayerSpec, testing, waves
from neuroscope.extraction.poolings import MeanStd
from neuroscope_cnn.checkpoints.safe import save
from neuroscope_cnn.model.architecture import ARCHITECTURES, LAYERS
from neuroscope_cnn.model.weights import random_weights
from neuroscope_cnn.spec import adi_cnn, sre_cnn

FACTORIES = {"adi": adi_cnn, "sre": sre_cnn}
MODES = [f"{name}-cnn,weights=random,mode={mode}" for name in ("adi", "sre") for mode in ("exact", "valid")]


@pytest.mark.parametrize("check", [check for text in MODES for check in testing.checks("backbone", text)], ids=str)
def test_backbone(check):
    check()


@pytest.mark.parametrize("text", [f"{text},fc_tap=post" for text in MODES])
def test_taps_are_checked_and_not_passed_over(text):
    found = {str(check): check.run() for check in testing.checks("backbone", text) if "taps" in str(check)}
    assert {name: outcome.verdict for name, outcome in found.items()} == {
        "declares_true_taps": "passed",
        "follows_its_taps": "passed",
    }


def pooled(model, *sounds):
    """Six vectors of each utterance, as the core would store them."""
    states, found = {}, {}
    for block in model.extract(waves.batch(sounds)):
        for name, frames in block.items():
            if frames.values.shape[2] == 1000:
                states.setdefault(name, MeanStd().start(LayerSpec(name, 1000))).update(frames)
            else:
                found[name] = frames.values[:, 0]
    found |= {name: state.finish() for name, state in states.items()}
    return {name: found[name] for name in LAYERS}


@pytest.mark.parametrize("make", [adi_cnn, sre_cnn])
def test_modes_are_the_same_numbers_where_every_frame_counts(make, sound):
    wave = sound(1.0)[: 160 * 99]  # 100 frames
    exact = pooled(make(weights="random", mode="exact", vad="off").load("cpu"), wave)
    valid = pooled(make(weights="random", mode="valid").load("cpu"), wave)
    for name, values in valid.items():
        assert values.shape == (1, LAYERS[name])
        assert (values - exact[name]).abs().max() <= 1e-5 * exact[name].abs().max(), name


def test_voice_activity_detection_is_heard(sound):
    wave = np.concatenate([sound(0.5), np.zeros(8000, np.float32)])
    off, on = (pooled(sre_cnn(weights="random", vad=vad).load("cpu"), wave) for vad in ("off", "0.9"))
    assert (off["FC2"] - on["FC2"]).abs().max() > 0.01 * off["FC2"].abs().max()


def test_both_taps_of_the_dense_layers(sound):
    pre, post = (pooled(adi_cnn(weights="random", fc_tap=tap).load("cpu"), sound(0.5)) for tap in ("pre", "post"))
    assert pre["FC1"].min() < 0
    assert torch.equal(post["FC1"], pre["FC1"].relu())
    assert torch.equal(post["FC2"], pre["FC2"].relu())
    assert torch.equal(post["CNN4"], pre["CNN4"])


def test_a_batch_is_its_utterances_one_by_one(sound):
    model = sre_cnn(weights="random", vad="0.9").load("cpu")
    sounds = [sound(seconds, seed) for seed, seconds in enumerate((2.0, 1.01, 0.02, 0.33))]
    together = pooled(model, *sounds)
    for number, wave in enumerate(sounds):
        for name, values in pooled(model, wave).items():
            assert (together[name][number] - values[0]).abs().max() <= 1e-5 * values.abs().max(), name


def test_clipped_sound_is_finite(sound):
    wave = np.clip(20 * sound(0.5), -1, 1)
    for make in (adi_cnn, sre_cnn):
        for mode in ("exact", "valid"):
            found = pooled(make(weights="random", mode=mode).load("cpu"), wave)
            assert all(values.isfinite().all() for values in found.values())


@pytest.mark.parametrize("name", ["adi", "sre"])
def test_a_checkpoint_is_run_with_its_own_weights_and_mode(name, sound, tmp_path):
    path, architecture = tmp_path / "mine.safetensors", ARCHITECTURES[name]
    weights = {each: values.numpy() for each, values in random_weights(architecture, 7).items()}
    save(path, weights, architecture=architecture, mode="exact", n_fft=512, source="mine", licence="none")
    make = FACTORIES[name]
    found = pooled(make(checkpoint=path).load("cpu"), sound(0.5))
    expected = pooled(make(weights="random", seed=7, mode="exact", n_fft=512).load("cpu"), sound(0.5))
    assert all(torch.equal(values, expected[layer]) for layer, values in found.items())


@pytest.mark.parametrize(
    ("seconds", "most"), [(40, 100e6), pytest.param(600, 250e6, marks=pytest.mark.slow)], ids=["40 s", "10 minutes"]
)
@pytest.mark.parametrize("mode", ["exact", "valid"])
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell anonymous memory")
def test_a_long_utterance_takes_little_memory(mode, seconds, most):
    model = sre_cnn(weights="random", mode=mode, vad="0.9").load("cpu")
    wave = 0.1 * np.random.default_rng(0).standard_normal(seconds * 16_000, np.float32)
    before, seen, done = anonymous(), [], threading.Event()

    def watch():
        while not done.wait(0.005):
            seen.append(anonymous())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for _ in model.extract(waves.batch([wave])):
            pass
    finally:
        done.set()
        watcher.join()
    assert max(seen) - before < most


def anonymous():
    """Bytes of anonymous memory now."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("RssAnon")))
