"""Whisper's encoder: what its layers are, which frames are an utterance's own, audio beyond its window."""

import json
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from transformers import WhisperFeatureExtractor

from neuroscope import BadOption, testing
from neuroscope_transformers.spec import hf

here = Path(__file__)
tiny = SimpleNamespace(**runpy.run_path(str(here.with_name("tiny_spectra.py"))))
written = SimpleNamespace(**runpy.run_path(str(here.with_name("written_spectra.py"))))

WINDOW = 32_000


@pytest.fixture(scope="module")
def model():
    return tiny.build("whisper")


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    return tiny.save(model, tmp_path_factory.mktemp("whisper") / "model", extractor(chunk_length=2))


def extractor(**words):
    return WhisperFeatureExtractor(feature_size=80, **words)


def mel(wave):
    return extractor()(wave, sampling_rate=16_000, max_length=WINDOW, return_tensors="pt")["input_features"]


@pytest.mark.parametrize("site", ["hidden", "ffn"])
def test_layers_are_those_of_the_forward_pass_written_by_hand(model, folder, wave, run, site):
    sound = wave(20_000)
    (layers,) = run(hf(str(folder), site=site), sound)
    by_hand = written.whisper(model.encoder.state_dict(), mel(sound)[0], blocks=2, count=4)
    names = (
        {"conv": "conv", "L1": "L1", "L2": "L2", "norm": "norm"} if site == "hidden" else {"L1": "ffn1", "L2": "ffn2"}
    )
    assert list(layers) == list(names)
    for layer, name in names.items():
        expected = by_hand[name][:63]
        torch.testing.assert_close(layers[layer], expected, rtol=0, atol=1e-5 * float(expected.abs().max()))


def test_output_is_the_librarys(model, folder, wave, run):
    sound = wave(WINDOW)
    with torch.inference_mode():
        expected = model.encoder(mel(sound)).last_hidden_state[0]
    (layers,) = run(hf(str(folder)), sound)
    torch.testing.assert_close(layers["norm"], expected, rtol=0, atol=1e-5 * float(expected.abs().max()))


@pytest.mark.parametrize("samples", [1, 160, 161, 320, 321, 16_000, 31_999, WINDOW, WINDOW + 1, 2 * WINDOW + 7_001])
def test_frames_are_those_of_the_librarys_mask(folder, wave, run, samples):
    (layers,) = run(hf(str(folder)), wave(samples))
    expected = 0
    for start in range(0, samples, WINDOW):
        piece = wave(samples)[start : start + WINDOW]
        made = extractor()(piece, sampling_rate=16_000, max_length=WINDOW, return_attention_mask=True)
        expected += (int(made["attention_mask"].sum()) - 1) // 2 + 1  # as the library counts behind its convolutions
    assert {layer: len(values) for layer, values in layers.items()} == dict.fromkeys(layers, expected)


def test_longer_audio_is_its_pieces_one_by_one(folder, wave, run):
    sound, spec = wave(2 * WINDOW + 7_001), hf(str(folder))
    (whole,) = run(spec, sound)
    pieces = [run(spec, sound[start : start + WINDOW])[0] for start in range(0, len(sound), WINDOW)]
    for layer, values in whole.items():
        torch.testing.assert_close(values, torch.cat([each[layer] for each in pieces]), rtol=0, atol=1e-5)
    assert spec.streams


@pytest.mark.parametrize("name", ["whisper-asr", "whisper-classes"])
def test_what_stands_on_the_encoder_is_left_out(tmp_path, wave, run, name):
    other = tiny.build(name)
    spec = hf(str(tiny.save(other, tmp_path / "model")))
    loaded = spec.load("cpu").network
    encoder = other.get_submodule("model.encoder" if name == "whisper-asr" else "encoder")
    assert type(loaded) is type(encoder)
    for key, value in encoder.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[key], value, rtol=0, atol=0)


def test_encoder_that_a_file_lacks_is_told(tmp_path):
    from safetensors.torch import load_file, save_file

    folder = tiny.save(tiny.build("whisper"), tmp_path / "model")
    kept = {key: value for key, value in load_file(folder / "model.safetensors").items() if "layers.1" not in key}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BadOption, match=r"lacks 15 of the encoder's parameters \(encoder\.layers\.1\.fc1"):
        hf(str(folder)).load("cpu")


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"chunk_length": 30}, "chunk_length is 30; expected 2, as max_source_positions of"),
        ({"feature_size": 128}, "feature_size is 128; expected 80, as num_mel_bins of"),
        ({"hop_length": 0}, "hop_length is 0; expected a whole number from 1"),
    ],
)
def test_preprocessor_of_another_model_is_refused(folder, tmp_path, setting, told):
    (tmp_path / "config.json").write_text((folder / "config.json").read_text())
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(setting))
    with pytest.raises(BadOption, match=told):
        hf(str(tmp_path), weights="random")


def test_dither_is_left_out(folder, tmp_path, wave, run):
    loud = tiny.save(tiny.build("whisper"), tmp_path / "model", extractor(chunk_length=2, dither=1.0))
    (quiet,), (dithered,) = (run(hf(str(each)), wave(9_000)) for each in (folder, loud))
    assert torch.equal(quiet["norm"], dithered["norm"])


@pytest.mark.parametrize("site", ["hidden", "ffn"])
def test_it_keeps_the_contract(folder, site):
    failed = [str(each) for each in testing.run("backbone", f"hf:{folder},site={site}") if not each.ok]
    assert not failed
