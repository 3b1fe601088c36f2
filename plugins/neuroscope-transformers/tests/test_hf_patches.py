"""The Audio Spectrogram Transformer: its features, its tokens in time, audio beyond its window."""

import json
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from transformers import ASTFeatureExtractor

from neuroscope import BadOption, testing
from neuroscope_transformers.families.patches import TimeMajor
from neuroscope_transformers.features.filter_bank import hann_filter_bank
from neuroscope_transformers.spec import hf

here = Path(__file__)
tiny = SimpleNamespace(**runpy.run_path(str(here.with_name("tiny_spectra.py"))))
written = SimpleNamespace(**runpy.run_path(str(here.with_name("written_spectra.py"))))

FRAMES, BANDS, ALONG, ACROSS = 128, 48, 12, 4
MEAN, SPREAD = -4.2677393, 2 * 4.5689974


@pytest.fixture(scope="module")
def model():
    return tiny.build("ast")


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    features = ASTFeatureExtractor(max_length=FRAMES, num_mel_bins=BANDS)
    return tiny.save(model, tmp_path_factory.mktemp("ast") / "model", features)


def features_of(sound, start=0):
    """Features of a window, filled up with zeros that are then normalised."""
    window = np.zeros((FRAMES, BANDS), np.float32)
    own = hann_filter_bank(BANDS, 16_000)(sound)[start : start + FRAMES]
    window[: len(own)] = own
    return torch.from_numpy((window - np.float32(MEAN)) / np.float32(SPREAD))


def by_time(tokens, special):
    return tokens[special:].reshape(ACROSS, ALONG, -1).transpose(0, 1).flatten(0, 1)


@pytest.mark.parametrize("site", ["hidden", "ffn"])
def test_layers_are_those_of_the_forward_pass_written_by_hand(model, folder, wave, run, site):
    sound = wave(12_000)  # 73 frames: 6 patches along
    (layers,) = run(hf(str(folder), site=site), sound)
    by_hand = written.ast(model.state_dict(), features_of(sound), blocks=2, count=4, patch=16, strides=(10, 10))
    names = (
        {"conv": "conv", "L1": "L1", "L2": "L2", "norm": "norm"} if site == "hidden" else {"L1": "ffn1", "L2": "ffn2"}
    )
    assert list(layers) == list(names)
    for layer, name in names.items():
        expected = by_time(by_hand[name], 0 if name == "conv" else 2)[: 6 * ACROSS]
        torch.testing.assert_close(layers[layer], expected, rtol=0, atol=1e-5 * float(expected.abs().max()))


def test_output_is_the_librarys(model, folder, wave, run):
    sound = wave(25_000)
    made = ASTFeatureExtractor(max_length=FRAMES, num_mel_bins=BANDS)(sound, sampling_rate=16_000, return_tensors="pt")
    with torch.inference_mode():
        tokens = model(made["input_values"]).last_hidden_state
    expected = TimeMajor(2, ACROSS)(tokens)[0]
    (layers,) = run(hf(str(folder)), sound)
    own = layers["norm"][: len(expected)]  # torchaudio, where the library finds it, rounds elsewhere
    torch.testing.assert_close(own, expected, rtol=0, atol=1e-4 * float(expected.abs().max()))


def test_features_are_the_librarys_without_torchaudio(monkeypatch, wave):
    from transformers.models.audio_spectrogram_transformer import (
        feature_extraction_audio_spectrogram_transformer as own,
    )

    monkeypatch.setattr(own, "is_speech_available", lambda: False)
    sound = wave(25_000)
    expected = ASTFeatureExtractor(max_length=FRAMES, num_mel_bins=BANDS)(sound, sampling_rate=16_000)["input_values"]
    np.testing.assert_array_equal(features_of(sound).numpy(), expected[0])


@pytest.mark.parametrize(
    ("samples", "along"),
    [(2_800, 1), (4_399, 1), (4_400, 2), (20_399, 11), (20_400, 12), (21_999, 12), (22_000, 13), (80_000, 49)],
)
def test_patches_within_the_audio_count(folder, wave, run, samples, along):
    (layers,) = run(hf(str(folder)), wave(samples))
    assert {len(values) for values in layers.values()} == {along * ACROSS}


def test_patches_of_longer_audio_lie_as_without_windows(model, folder, wave, run):
    sound = wave(60_000)
    (layers,) = run(hf(str(folder)), sound)
    whole = torch.from_numpy((hann_filter_bank(BANDS, 16_000)(sound) - np.float32(MEAN)) / np.float32(SPREAD))
    with torch.inference_mode():
        patches = model.embeddings.patch_embeddings(whole[None])
    expected = TimeMajor(0, ACROSS)(patches)[0]
    torch.testing.assert_close(layers["conv"], expected, rtol=0, atol=1e-5 * float(expected.abs().max()))


def test_first_window_of_longer_audio_is_that_window_alone(folder, wave, run):
    spec, sound = hf(str(folder)), wave(60_000)
    (whole,), (first,) = run(spec, sound), run(spec, sound[: (FRAMES - 1) * 160 + 400])
    torch.testing.assert_close(whole["L2"][: len(first["L2"])], first["L2"], rtol=0, atol=1e-5)


def test_classifier_is_left_out(tmp_path):
    other = tiny.build("ast-classes")
    loaded = hf(str(tiny.save(other, tmp_path / "model"))).load("cpu").network
    for key, value in other.audio_spectrogram_transformer.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], value)


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"max_length": 1024}, "max_length is 1024; expected 128, as max_length of"),
        ({"num_mel_bins": 128}, "num_mel_bins is 128; expected 48, as num_mel_bins of"),
        ({"std": 0}, "std is 0; expected a number above 0"),
        ({"mean": "low"}, "mean is 'low'; expected a number"),
        ({"do_normalize": "yes"}, "do_normalize is 'yes'; expected true or false"),
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
