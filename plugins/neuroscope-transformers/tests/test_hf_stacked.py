"""Wav2Vec2-BERT: what its layers are, its mask, and attention in little memory."""

import json
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import SeamlessM4TFeatureExtractor

from neuroscope import BadOption, testing
from neuroscope_transformers.spec import hf

here = Path(__file__)
tiny = SimpleNamespace(**runpy.run_path(str(here.with_name("tiny_spectra.py"))))
written = SimpleNamespace(**runpy.run_path(str(here.with_name("written_spectra.py"))))


@pytest.fixture(scope="module")
def model():
    return tiny.build("wav2vec2-bert")


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    return tiny.save(model, tmp_path_factory.mktemp("bert") / "model", SeamlessM4TFeatureExtractor())


def features_of(*sounds):
    return SeamlessM4TFeatureExtractor()(list(sounds), sampling_rate=16_000, return_tensors="pt")


@pytest.mark.parametrize("site", ["hidden", "ffn"])
def test_layers_are_those_of_the_forward_pass_written_by_hand(model, folder, wave, run, site):
    sound = wave(20_000)  # 123 frames, of which the last is left over
    (layers,) = run(hf(str(folder), site=site), sound)
    features = features_of(sound)["input_features"][0, :61]
    by_hand = written.wav2vec2_bert(model.state_dict(), features, blocks=2, count=4, left=6, right=3)
    names = {"projection": "projection", "L1": "L1", "L2": "L2"} if site == "hidden" else {"L1": "ffn1", "L2": "ffn2"}
    assert list(layers) == list(names)
    for layer, name in names.items():
        torch.testing.assert_close(layers[layer], by_hand[name], rtol=0, atol=1e-5 * float(by_hand[name].abs().max()))


@pytest.mark.parametrize("name", ["wav2vec2-bert", "wav2vec2-bert-rotary"])
@pytest.mark.parametrize("samples", [560, 719, 720, 48_123])
def test_output_is_the_librarys(tmp_path, wave, run, name, samples):
    sound, original = wave(samples), tiny.build(name)
    folder = tiny.save(original, tmp_path / "model")
    made = features_of(sound)
    with torch.inference_mode():
        expected = original(**made).last_hidden_state[0, : int(made["attention_mask"].sum())]
    (layers,) = run(hf(str(folder)), sound)
    torch.testing.assert_close(layers["L2"], expected, rtol=0, atol=1e-5 * float(expected.abs().max()))


def test_shorter_utterances_are_masked(folder, wave, run):
    spec, sounds = hf(str(folder)), [wave(40_000, seed=1), wave(9_000, seed=2), wave(23_456, seed=3)]
    assert spec.batchable
    for beside, sound in zip(run(spec, *sounds), sounds, strict=True):
        (alone,) = run(spec, sound)
        for layer, values in alone.items():
            torch.testing.assert_close(beside[layer], values, rtol=0, atol=1e-5 * float(values.abs().max()))


def test_adapter_behind_the_blocks_is_left_out(tmp_path):
    folder = tiny.save(tiny.build("wav2vec2-bert-adapter"), tmp_path / "model")
    assert hf(str(folder)).load("cpu").network.adapter is None


def test_no_key_vector_for_each_pair_of_frames(folder, wave, run):
    sizes = []

    class Sizes(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            made = function(*args, **(kwargs or {}))
            sizes.append(made.numel() if isinstance(made, torch.Tensor) else 0)
            return made

    with Sizes():
        (layers,) = run(hf(str(folder)), wave(60 * 16_000))
    frames = len(layers["L1"])
    assert frames == 2_999
    assert max(sizes) < frames * frames


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"stride": 3}, "feature_projection_input_dim is 160; expected 240, as num_mel_bins x stride of"),
        ({"num_mel_bins": 0}, "num_mel_bins is 0; expected a whole number from 1"),
    ],
)
def test_preprocessor_of_another_model_is_refused(folder, tmp_path, setting, told):
    (tmp_path / "config.json").write_text((folder / "config.json").read_text())
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(setting))
    with pytest.raises(BadOption, match=told):
        hf(str(tmp_path), weights="random")


@pytest.mark.parametrize("site", ["hidden", "ffn"])
def test_it_keeps_the_contract(folder, site):
    failed = [str(each) for each in testing.run("backbone", f"hf:{folder},site={site}") if not each.ok]
    assert not failed
