"""Layers are the numbers of s3prl's own upstream, one utterance a call, whatever stands beside an utterance."""

import math
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from neuroscope_s3prl.mockingjay.network import Positions, fuse, random_network
from neuroscope_s3prl.mockingjay.published import BASE
from neuroscope_s3prl.mockingjay.settings import settings_of
from neuroscope_s3prl.mockingjay.spec import mockingjay_base, mockingjay_large

files = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("mockingjay_files.py"))))
MAKE = {"base": mockingjay_base, "large": mockingjay_large}
TOLERANCE = 1e-5
SECONDS = (0.3, 1, 3, 4.99, 5, 5.01, 12, 15.2, 20)


@pytest.fixture
def file_of(tmp_path):
    def make(name, **config):
        return files.write(tmp_path / f"{name}.ckpt", files.config_of(name, **config))

    return make


def assert_equal(ours, theirs):
    differences = {
        layer: files.relative(values, expected) for (layer, values), expected in zip(ours.items(), theirs, strict=True)
    }
    assert max(differences.values()) <= TOLERANCE, differences


@pytest.mark.parametrize("name", ["base", "large"])
def test_layers_equal_s3prl_for_every_duration_alone_and_side_by_side(name, file_of, frames_of, real_speech, wave):
    path = file_of(name)
    model, upstream = MAKE[name](checkpoint=path, input=True).load("cpu"), files.expert(path)
    waves = [real_speech[: round(seconds * 16_000)] for seconds in SECONDS]
    waves += [wave(2.5), np.random.default_rng(0).standard_normal(16_000).astype(np.float32)]
    together = frames_of(model, waves)
    for each, beside in zip(waves, together, strict=True):
        expected = files.expert_layers(upstream, each)
        assert_equal(beside, expected)
        assert_equal(frames_of(model, [each])[0], expected)


@pytest.mark.parametrize("name", ["base", "large"])
def test_silence_is_what_s3prl_makes_of_it(name, file_of, frames_of, wave):
    path = file_of(name)
    model, upstream = MAKE[name](checkpoint=path, input=True).load("cpu"), files.expert(path)
    silent = np.zeros(16_000, np.float32)
    waves = [silent, wave(1.3), np.concatenate([wave(1), silent]), np.concatenate([silent] * 6)]
    for each, beside in zip(waves, frames_of(model, waves), strict=True):
        assert_equal(beside, files.expert_layers(upstream, each))


@pytest.mark.parametrize("zeros", [0, 7, 40], ids=["none", "some", "all"])
def test_frames_that_add_up_to_zero_are_masked_as_s3prl_masks_them(zeros, tmp_path):
    from s3prl.upstream.mockingjay.builder import PretrainedTransformer

    config = files.config_of("base")
    path = files.write(tmp_path / "base.ckpt", config)
    features = torch.randn(40, 240, generator=torch.Generator().manual_seed(1))
    features[:zeros] = torch.tensor([1.0, -1.0]).repeat(120)
    upstream = files.expert(path).transformer
    assert isinstance(upstream, PretrainedTransformer)
    with torch.inference_mode():
        expected = upstream._forward(features[None])[1][:, 0]
        model = mockingjay_base(checkpoint=path, input=True).load("cpu")
        beside = torch.randn(90, 240, generator=torch.Generator().manual_seed(2))
        block = model._block([beside, features])
    assert_equal({layer: frames.values[1, :40] for layer, frames in block.items()}, expected)


@pytest.mark.parametrize(
    "network",
    [
        {"pre_layer_norm": True},
        {"share_layer": True},
        {"hidden_act": "relu"},
        {"hidden_act": "swish"},
        {"hidden_size": 24, "layer_norm_eps": "1e-5"},
    ],
    ids=lambda values: next(iter(values)),
)
@pytest.mark.parametrize("name", ["base", "large"])
def test_other_networks_equal_s3prl(network, name, file_of, frames_of, wave):
    path = file_of(name, **network)
    model = MAKE[name](checkpoint=path, input=True).load("cpu")
    assert_equal(frames_of(model, [wave(1.2)])[0], files.s3prl_layers(path, wave(1.2)))


AUDIO = {
    "cepstra": ("base", {"kaldi": {"feat_type": "mfcc", "mfcc": {"num_ceps": 12, "num_mel_bins": 30}}}, 36),
    "spectra": ("base", {"kaldi": {"feat_type": "spectrogram", "spectrogram": {"frame_length": 20.0}}}, 771),
    "energy": ("base", {"kaldi": {"feat_type": "fbank", "fbank": {"num_mel_bins": 20, "use_energy": True}}}, 63),
    "as they are": ("base", {"cmvn": {"use_cmvn": False}, "delta": {"order": 0}}, 80),
    "linear": ("large", {"input": {"feat_type": "linear", "channel": 0, "log": True, "delta": 1, "cmvn": True}}, 402),
    "mfcc": ("large", {"input": {"feat_type": "mfcc", "channel": 0, "log": False, "delta": 2, "cmvn": False}}, 39),
}


@pytest.mark.parametrize("which", AUDIO)
def test_other_front_ends_equal_s3prl(which, tmp_path, frames_of, wave):
    name, audio, columns = AUDIO[which]
    path = files.write(tmp_path / "file.ckpt", files.config_of(name, audio=audio), columns=columns)
    spec = MAKE[name](checkpoint=path, input=True)
    for sound in (wave(1.2), wave(1)[: spec.min_samples]):
        assert_equal(frames_of(spec.load("cpu"), [sound])[0], files.s3prl_layers(path, sound))


def test_chunks_end_where_s3prl_cuts_and_one_window_is_s3prl_without_a_limit(file_of, frames_of, wave):
    sound = wave(3)
    cut = file_of("large", task={"sequence_length": 120})
    blocks = [frames.lengths.item() for frames in lengths_of(mockingjay_large(checkpoint=cut).load("cpu"), sound)]
    assert blocks == [len(each) for each in torch.chunk(torch.empty(301), math.ceil(301 / 120))]
    assert_equal(
        frames_of(mockingjay_large(checkpoint=cut, input=True).load("cpu"), [sound])[0], files.s3prl_layers(cut, sound)
    )
    whole = mockingjay_large(checkpoint=cut, input=True, chunk="none").load("cpu")
    free = files.s3prl_layers(file_of("large", task={"sequence_length": 0}), sound)
    assert_equal(frames_of(whole, [sound])[0], free)


def lengths_of(model, sound):
    from neuroscope import WaveBatch

    batch = WaveBatch(torch.from_numpy(sound)[None], torch.tensor([len(sound)]))
    return [next(iter(block.values())) for block in model.extract(batch)]


def test_positions_are_those_of_s3prl(monkeypatch):
    from s3prl.upstream.mockingjay import builder

    monkeypatch.setattr(builder, "MAX_SEQLEN", 1200)
    builder.get_sinusoid_table.cache_clear()
    expected = builder.position_encoding(1200, 48)
    builder.get_sinusoid_table.cache_clear()
    positions = Positions(48, "cpu")
    for length in (7, 1200, 30):
        assert torch.allclose(positions(length), expected[:length], rtol=0, atol=1e-7)


def test_random_weights_are_drawn_as_s3prl_draws_them():
    config = files.config_of("base")
    settings = settings_of(config, "test")
    from s3prl.upstream.mockingjay.model import TransformerConfig, TransformerModel

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        expected = TransformerModel(TransformerConfig(config["transformer"]), 240).state_dict()
    drawn = fuse(random_network(settings, 3)).state_dict()
    assert list(drawn) == list(expected)
    assert all(torch.equal(drawn[name], values) for name, values in expected.items())


def test_the_network_of_the_published_size(real_speech, frames_of, tmp_path):
    sizes = ("hidden_size", "num_attention_heads", "intermediate_size")
    config = files.config_of("base", **{name: BASE.config["transformer"][name] for name in sizes})
    path, sound = files.write(tmp_path / "base.ckpt", config), real_speech[:40_000]
    spec = mockingjay_base(checkpoint=path)
    assert sum(layer.width for layer in spec.layers) == 2304
    assert_equal(frames_of(spec.load("cpu"), [sound])[0], files.s3prl_layers(path, sound)[1:])
    assert sum(values.numel() for values in files.weights_of(config, 240).values()) == 21_450_240
