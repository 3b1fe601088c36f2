"""Files of 2019-20: their own front end, held against librosa, stacked frames, and the encoder of today."""

import runpy
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from neuroscope import BadOption
from neuroscope_s3prl.mockingjay.front_ends import front_end
from neuroscope_s3prl.mockingjay.front_settings import LEGACY
from neuroscope_s3prl.mockingjay.network import Positions
from neuroscope_s3prl.mockingjay.spec import mockingjay_base, mockingjay_large

files = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("mockingjay_files.py"))))
TOLERANCE = 1e-5


def by_librosa(wave):
    """Features as the scripts of 2019 made them, ``[frames, 160]``: librosa mirrored the ends at that time."""
    import librosa

    settings = {"sr": 16_000, "n_mels": 80, "n_fft": 2048, "hop_length": 200, "win_length": 800, "pad_mode": "reflect"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bands = np.log(librosa.feature.melspectrogram(y=wave, **settings) + 1e-6)
        columns = np.concatenate([bands, librosa.feature.delta(bands)])
    return ((columns - columns.mean(1, keepdims=True)) / (columns.std(1, keepdims=True) + 1e-16)).T.astype(np.float32)


@pytest.mark.parametrize("seconds", [0.2, 0.5, 3, 20])
def test_the_front_end_is_librosas(seconds, real_speech):
    wave = real_speech[8000 : 8000 + round(seconds * 16_000)]
    ours = front_end(LEGACY)(torch.from_numpy(wave))
    expected = torch.from_numpy(by_librosa(wave))
    assert ours.shape == (1 + len(wave) // 200, 160)
    assert files.relative(ours, expected) <= TOLERANCE


def expected_layers(path, wave, stacked, window=None):
    """The encoder of s3prl by hand: stacked frames, positions, no mask; windows of so many frames of the front end."""
    from s3prl.upstream.mockingjay.model import TransformerConfig, TransformerModel

    content = torch.load(path, weights_only=False)
    (config,) = (
        content["Settings"]["Config"][key]
        for key in ("mockingjay", "transformer")
        if key in content["Settings"]["Config"]
    )
    state = content.get("Transformer", content.get("Mockingjay"))
    with torch.random.fork_rng(devices=[]):
        model = TransformerModel(
            TransformerConfig(config | {"share_layer": False, "pre_layer_norm": False}), 160 * stacked
        ).eval()
    model.load_state_dict({name: state[name] for name in model.state_dict()})
    features = torch.from_numpy(by_librosa(wave))
    parts = torch.chunk(features, -(-len(features) // window)) if window else [features]
    layers = []
    for part in parts:
        rows = part[: len(part) // stacked * stacked].reshape(len(part) // stacked, -1)[None]
        with torch.inference_mode():
            layers.append(model(rows, Positions(32, "cpu")(rows.shape[1])[None], torch.ones(1, rows.shape[1])))
    return [torch.cat([each[number][0] for each in layers]) for number in range(len(layers[0]))]


CASES = {
    "2019": (mockingjay_base, "mockingjay", "Mockingjay", {}),
    "2020": (mockingjay_base, "transformer", "Transformer", {"share_layer": False, "pre_layer_norm": False}),
    "stacked": (mockingjay_large, "mockingjay", "Mockingjay", {"num_hidden_layers": 12, "downsample_rate": 3}),
    "windows": (mockingjay_base, "transformer", "Transformer", {"max_input_length": 100, "downsample_rate": 3}),
}


@pytest.mark.parametrize("case", CASES)
def test_layers_are_the_encoder_on_that_front_end(case, tmp_path, frames_of, real_speech):
    make, section, entry, network = CASES[case]
    path = files.write_legacy(
        tmp_path / "old.ckpt", files.legacy_config(section, **network), entry=entry, aliases=case == "2020"
    )
    waves = [real_speech[:50_000], real_speech[60_000:77_000]]
    spec = make(checkpoint=path, input=True)
    for frames, wave in zip(frames_of(spec.load("cpu"), waves), waves, strict=True):
        expected = expected_layers(path, wave, network.get("downsample_rate", 1), network.get("max_input_length"))
        for values, each in zip(frames.values(), expected, strict=True):
            assert files.relative(values, each) <= 5 * TOLERANCE
    step = "37.5" if "downsample_rate" in network else "12.5"
    assert f"a vector every {step} ms" in spec.origin.layers


def test_the_shortest_waveform_has_ten_frames(tmp_path, frames_of, wave):
    spec = mockingjay_base(checkpoint=files.write_legacy(tmp_path / "old.ckpt", files.legacy_config()))
    assert spec.min_samples == 1800
    (frames,) = frames_of(spec.load("cpu"), [wave(1800 / 16_000)])
    assert len(frames["L1"]) == 10


def test_silence_stays_within_bounds():
    features = front_end(LEGACY)(torch.zeros(16_000))
    assert features.abs().max() <= 1


def test_features_of_another_kind_are_refused(tmp_path):
    path = files.write_legacy(tmp_path / "old.ckpt", files.legacy_config(), columns=40)
    with pytest.raises(BadOption, match=r"spec_transform.weight \[32, 40\], not \[32, 160\]"):
        mockingjay_base(checkpoint=path).load("cpu")


def test_the_other_network_of_2020_is_refused(tmp_path):
    path = files.write_legacy(tmp_path / "old.ckpt", files.legacy_config(pre_layer_norm=True))
    with pytest.raises(BadOption, match="pre_layer_norm of a file from before 2021"):
        mockingjay_base(checkpoint=path)
