"""Upstreams of s3prl as backbones: the numbers of s3prl itself, what they declare, and their random twins."""

import importlib
import json
import random
import runpy
import threading
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from neuroscope import BadOption, waves
from neuroscope_s3prl.upstreams import child, describing, hubconfs
from neuroscope_s3prl.upstreams.spec import upstream

files = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("upstream_files.py"))))
LARGE = ("decoar2_local", "decoar_layers_local", "decoar_local")  # one shape each, of 300 MB
NAMES = [
    pytest.param(name, marks=[pytest.mark.slow, pytest.mark.timeout(300)] if name in LARGE else [])
    for name in files.MAKERS
]
SECONDS = (0.3, 1.0, 3.313, 6.7)


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """What a child process is asked is answered here, by the same functions."""
    monkeypatch.setattr(
        child, "ask", lambda function, question, **_: json.loads(json.dumps(answered(function, question)))
    )


def answered(function, question):
    module, _, name = function.partition(":")
    return getattr(importlib.import_module(module), name)(question)


def noise(seconds, seed=0):
    samples = round(16_000 * seconds)
    return 0.1 * np.random.default_rng(seed).standard_normal(samples).astype(np.float32)


def frames(model, *sounds):
    (block,) = model.extract(waves.batch(sounds))
    return block


def direct(name, path):
    """The upstream as s3prl's own user builds it, of a file without what torch.load refuses."""
    upstream_name = hubconfs.find(name).upstream
    content = {key: each for key, each in torch.load(path, weights_only=False).items() if key.lower() != "args"}
    own = path.with_suffix(".plain")
    torch.save(content, own)
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")
        expert = importlib.import_module(f"s3prl.upstream.{upstream_name}.expert").UpstreamExpert(str(own))
    return expert.eval()


@pytest.mark.parametrize("name", NAMES)
def test_numbers_are_those_of_s3prl(name, tmp_path):
    path = files.write(name, tmp_path / "checkpoint.pt")
    spec = upstream(name, checkpoint=path)
    model, expert = spec.load("cpu"), direct(name, path)
    for seconds in SECONDS:
        wave = noise(seconds)
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if name == "cpc_local":  # goes on where the utterance before ended
                expert.model.gAR.hidden = None
            expected = expert([torch.from_numpy(wave.copy())])["hidden_states"]
        found = frames(model, wave)
        assert list(found) == [layer.name for layer in spec.layers]
        assert len(found) == len(expected)
        for values, own in zip(found.values(), expected, strict=True):
            assert values.values.shape == own.shape
            assert values.lengths.tolist() == [own.shape[1]]
            assert (values.values - own).abs().max() <= 1e-5 * own.abs().max()


def test_real_speech_gives_the_numbers_of_s3prl(speech, tmp_path):
    soundfile = pytest.importorskip("soundfile")
    clip = next(each for each in sorted(speech.rglob("*.flac")) + sorted(speech.rglob("*.wav")))
    wave = soundfile.read(clip, dtype="float32", always_2d=True)[0][:80_000, 0].copy()
    for name in ("npc_local", "hubert_local"):
        path = files.write(name, tmp_path / f"{name}.pt")
        model = upstream(name, checkpoint=path).load("cpu")
        with torch.no_grad():
            expected = direct(name, path)([torch.from_numpy(wave)])["hidden_states"]
        for values, own in zip(frames(model, wave).values(), expected, strict=True):
            assert (values.values - own).abs().max() <= 1e-5 * own.abs().max()


@pytest.mark.parametrize("name", ["vq_apc_url", "audio_albert_local", "wavlm_local"])
def test_a_batch_is_its_utterances_one_by_one(name, tmp_path):
    model = upstream(name, checkpoint=files.write(name, tmp_path / "checkpoint.pt")).load("cpu")
    sounds = [noise(seconds, seed) for seed, seconds in enumerate((1.5, 0.4, 2.2))]
    together = frames(model, *sounds)
    for number, wave in enumerate(sounds):
        for layer, alone in frames(model, wave).items():
            length = int(together[layer].lengths[number])
            assert length == alone.values.shape[1]
            assert torch.equal(together[layer].values[number, :length], alone.values[0])
            assert not together[layer].values[number, length:].any()
    equal = [noise(1.0, seed) for seed in range(3)]
    side_by_side = frames(model, *equal)
    for number, wave in enumerate(equal):
        for layer, alone in frames(model, wave).items():
            most = 1e-5 * alone.values.abs().max()
            assert (side_by_side[layer].values[number] - alone.values[0]).abs().max() <= most


def test_layers_are_named_after_the_modules_that_give_them(tmp_path):
    found = {}
    for name in ("apc_local", "npc_local", "hubert_local", "distiller_local", "audio_albert_local"):
        spec = upstream(name, checkpoint=files.write(name, tmp_path / f"{name}.pt"))
        found[name] = [layer.name for layer in spec.layers]
        assert f"{found[name][0]}: hidden_states[0]" in spec.origin.layers
        assert spec.sample_rate == 16_000
        assert not spec.batchable
    assert found == {
        "apc_local": ["rnn_layers.0", "rnn_layers.2.input", "model"],
        "npc_local": ["blocks.0", "masked_convs.0", "blocks.1", "masked_convs.1", "model"],
        "hubert_local": ["layer_norm", "layers.0", "layers.1"],
        "distiller_local": ["post_extract_proj", "encoder.layers.0", "encoder.layers.1", "state3", "state4"],
        "audio_albert_local": ["input_representations.LayerNorm", "encoder.layer.0#1", "encoder.layer.0#2"],
    }


@pytest.mark.parametrize("name", ["apc_local", "mockingjay_local", "hubert_local", "distiller_local"])
def test_random_weights_are_drawn_by_their_seed(name, tmp_path):
    path, wave = files.write(name, tmp_path / "checkpoint.pt"), noise(1.0)
    trained = frames(upstream(name, checkpoint=path).load("cpu"), wave)
    specs = [upstream(name, checkpoint=path, weights="random", seed=seed) for seed in (0, 0, 1)]
    one, again, other = (frames(spec.load("cpu"), wave) for spec in specs)
    for layer, values in one.items():
        assert torch.equal(values.values, again[layer].values)
        assert not torch.equal(values.values, other[layer].values)
        assert not torch.equal(values.values, trained[layer].values)
    assert len({spec.origin.digest for spec in specs}) == 2
    assert specs[0].origin.digest == specs[1].origin.digest


def test_random_weights_need_no_weights_in_the_file(tmp_path):
    content = files.content("npc_local")
    content["model"] = {"other": torch.zeros(3)}
    torch.save(content, tmp_path / "settings.pt")
    assert upstream("npc_local", checkpoint=tmp_path / "settings.pt", weights="random").load("cpu")
    with pytest.raises(BadOption, match=r"settings.pt.*(Missing|no weights)"):
        upstream("npc_local", checkpoint=tmp_path / "settings.pt")


def test_weights_that_s3prl_would_miss_in_silence_are_told(tmp_path):
    content = files.content("mockingjay_local")
    del content["Transformer"]["encoder.layer.1.output.dense.weight"]
    torch.save(content, tmp_path / "holes.pt")
    with pytest.raises(BadOption, match=r"no weights for 1 of the network's \d+ parameters \(.*layer.1.output.dense"):
        upstream("mockingjay_local", checkpoint=tmp_path / "holes.pt")


def test_a_release_name_takes_a_file_in_place_of_its_download(tmp_path):
    path, wave = files.write("npc_local", tmp_path / "mine.pt"), noise(0.5)
    for name in ("npc", "npc_360hr", "npc_url"):
        own = frames(upstream(name, checkpoint=path).load("cpu"), wave)
        expected = frames(upstream("npc_local", checkpoint=path).load("cpu"), wave)
        assert all(torch.equal(own[layer].values, each.values) for layer, each in expected.items())


@pytest.mark.parametrize("name", ["fbank", "mfcc", "linear"])
def test_features_without_weights(name):
    spec = upstream(name)
    (values,) = frames(spec.load("cpu"), noise(1.0)).values()
    assert values.values.isfinite().all()
    assert values.values.shape[2] == spec.layers[0].width
    with pytest.raises(BadOption, match="has no weights"):
        upstream(name, weights="random")


def test_global_states_are_as_they_were(tmp_path):
    path, load = files.write("mockingjay_local", tmp_path / "checkpoint.pt"), torch.load
    hook, filters = torch.nn.Module._load_from_state_dict, list(warnings.filters)
    states = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    model = upstream("mockingjay_local", checkpoint=path).load("cpu")
    frames(model, noise(1.0))
    assert torch.equal(torch.get_rng_state(), states[0])
    assert np.array_equal(np.random.get_state()[1], states[1])
    assert random.getstate() == states[2]
    assert torch.load is load
    assert torch.nn.Module._load_from_state_dict is hook
    assert warnings.filters == filters
    assert not any(module._forward_hooks for module in model.network.modules())


def test_other_threads_load_as_ever_while_an_upstream_is_built(tmp_path, monkeypatch):
    from neuroscope_s3prl.upstreams import building

    path, seen = tmp_path / "mine.pt", []
    torch.save({"bias": torch.ones(2), "weight": torch.ones(2, 2)}, path)

    def in_another_thread():
        layer = torch.nn.Linear(2, 2)
        layer.load_state_dict(torch.load(path))
        seen.append(bool((layer.weight == 1).all()))

    def made(make, *rest):
        thread = threading.Thread(target=in_another_thread)
        thread.start()
        thread.join()
        return original(make, *rest)

    original = building._built
    monkeypatch.setattr(building, "_built", made)
    upstream("npc_local", checkpoint=files.write("npc_local", tmp_path / "npc.pt"), weights="random").load("cpu")
    assert seen == [True, True]


def test_nothing_is_printed(tmp_path, capfd):
    path = files.write("distiller_local", tmp_path / "checkpoint.pt")
    capfd.readouterr()
    frames(upstream("distiller_local", checkpoint=path).load("cpu"), noise(1.0))
    out, _ = capfd.readouterr()
    assert out == ""


def test_the_shortest_audio_is_as_short_as_it_can_be(tmp_path):
    path = files.write("npc_local", tmp_path / "checkpoint.pt")
    spec = upstream("npc_local", checkpoint=path)
    model = spec.load("cpu")
    assert spec.min_samples == 560  # two frames, of which there is a deviation
    assert all(each.values.isfinite().all() for each in frames(model, noise(560 / 16_000)).values())
    assert not all(each.values.isfinite().all() for each in frames(model, noise(559 / 16_000)).values())


def test_a_description_is_computed_once(tmp_path, monkeypatch):
    path = files.write("npc_local", tmp_path / "checkpoint.pt")
    first = upstream("npc_local", checkpoint=path)
    monkeypatch.setattr(child, "ask", lambda *_, **__: pytest.fail("asked again"))
    assert upstream("npc_local", checkpoint=path).layers == first.layers
    monkeypatch.setattr(describing, "versions", lambda: "others")
    with pytest.raises(pytest.fail.Exception):
        upstream("npc_local", checkpoint=path)


def test_states_stay_while_one_is_built_and_others_run(tmp_path):
    spec, wave = upstream("hubert_local", checkpoint=files.write("hubert_local", tmp_path / "checkpoint.pt")), noise(1)
    other = upstream("mockingjay_local", checkpoint=files.write("mockingjay_local", tmp_path / "other.pt"))
    states = np.random.get_state()[1].copy(), torch.get_rng_state()

    def run(model):
        for _ in range(20):
            frames(model, wave)

    threads = [threading.Thread(target=run, args=[spec.load("cpu")]) for _ in range(2)]
    threads.append(threading.Thread(target=lambda: [other.load("cpu") for _ in range(3)]))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert np.array_equal(np.random.get_state()[1], states[0])
    assert torch.equal(torch.get_rng_state(), states[1])
