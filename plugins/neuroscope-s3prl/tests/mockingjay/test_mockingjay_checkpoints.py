"""Files of weights: those that s3prl writes are read, and bad ones are told in one line, with nothing executed."""

import os
import pickle
import runpy
from collections import OrderedDict
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from neuroscope import NeuroscopeError
from neuroscope_s3prl.mockingjay.spec import mockingjay_base

files = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("mockingjay_files.py"))))


@pytest.fixture
def base(tmp_path):
    """``base(change)``: a small checkpoint whose content a function changes before it is written."""

    def make(change=lambda content: None, **config):
        return files.write(tmp_path / "base.ckpt", files.config_of("base", **config), change=change)

    return make


def refusal(path):
    with pytest.raises(NeuroscopeError) as caught:
        mockingjay_base(checkpoint=path).load("cpu")
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_layernorms_may_have_the_names_of_tensorflow(base, frames_of, wave):
    def rename(content):
        names = {name: name.replace("LayerNorm.weight", "LayerNorm.gamma") for name in content["Transformer"]}
        names = {old: new.replace("LayerNorm.bias", "LayerNorm.beta") for old, new in names.items()}
        content["Transformer"] = OrderedDict((names[name], each) for name, each in content["Transformer"].items())

    expected = frames_of(mockingjay_base(checkpoint=base()).load("cpu"), [wave(1)])[0]
    renamed = frames_of(mockingjay_base(checkpoint=base(rename)).load("cpu"), [wave(1)])[0]
    assert all(torch.equal(renamed[layer], values) for layer, values in expected.items())


def test_weights_of_half_precision_are_computed_in_float32(base, frames_of, wave):
    def halve(content):
        content["Transformer"] = {name: each.half() for name, each in content["Transformer"].items()}

    (frames,) = frames_of(mockingjay_base(checkpoint=base(halve)).load("cpu"), [wave(1)])
    assert {values.dtype for values in frames.values()} == {torch.float32}


def test_of_a_checkpoint_random_weights_take_the_configuration_alone(base):
    path = base(lambda content: content.pop("Transformer"), hidden_size=16)
    assert mockingjay_base(checkpoint=path, weights="random").layers[0].width == 16
    mockingjay_base(checkpoint=path, weights="random").load("cpu")
    assert "'Transformer'" in refusal(path)


def test_weights_that_are_not_those_of_the_configuration_are_told_at_once(base):
    def spoil(content):
        state = content["Transformer"]
        del state["encoder.layer.0.output.dense.bias"]
        state["encoder.layer.7.output.dense.bias"] = torch.zeros(3)
        state["encoder.layer.1.output.dense.weight"] = torch.zeros(5, 7)
        state["encoder.layer.2.output.dense.weight"] = torch.zeros(32, 48, dtype=torch.int64)
        state["encoder.layer.2.output.dense.bias"] = "text"

    message = refusal(base(spoil))
    assert "missing: encoder.layer.0.output.dense.bias" in message
    assert "not of this network: 'encoder.layer.7.output.dense.bias'" in message
    assert "encoder.layer.1.output.dense.weight [5, 7], not [32, 48]" in message
    names = [f"encoder.layer.2.output.dense.{kind}" for kind in ("weight", "bias")]
    assert f"no tensors of real numbers: {', '.join(names)}" in message


NETWORKS = {
    "no divisor": ({"num_attention_heads": 5}, "do not divide hidden_size 32"),
    "too wide": (
        {"hidden_size": 10**9},
        "hidden_size is 1000000000, expected a whole number from 2 to 2048",
    ),
    "too many": ({"num_hidden_layers": 10**6}, "num_hidden_layers"),
    "none": ({"hidden_size": 0}, "hidden_size is 0"),
    "half": ({"hidden_size": 32.5}, "hidden_size is 32.5"),
    "text": ({"intermediate_size": "many"}, "intermediate_size is 'many'"),
    "endless": ({"layer_norm_eps": "nan"}, "layer_norm_eps is 'nan'"),
    "code": ({"hidden_act": "__import__('os').system"}, "expected one of gelu, relu, swish"),
    "truth": ({"share_layer": "False"}, "share_layer is 'False', expected True or False"),
    "window": ({"sequence_length": -1}, "sequence_length is -1"),
    "window's text": ({"sequence_length": [1]}, "sequence_length is [1]"),
}


@pytest.mark.parametrize("which", NETWORKS)
def test_sizes_of_a_configuration_have_bounds(which, base):
    values, expected = NETWORKS[which]
    section = "task" if "sequence_length" in values else "transformer"
    assert expected in refusal(base(lambda content: content["Config"][section].update(values)))


FBANK = {"feat_type": "fbank", "fbank": {"num_mel_bins": 80}}
AUDIO = {
    "unknown": ({"kaldi": {"feat_type": "plp"}}, "expected one of fbank, mfcc, spectrogram"),
    "no options": ({"kaldi": {"feat_type": "mfcc"}}, "audio.kaldi.mfcc is None, no section"),
    "too many bands": ({"kaldi": {"feat_type": "fbank", "fbank": {"num_mel_bins": 10**9}}}, "num_mel_bins"),
    "an option": ({"kaldi": {"feat_type": "fbank", "fbank": {"device": "cuda"}}}, "has 'device', not known here"),
    "dither": ({"kaldi": {"feat_type": "fbank", "fbank": {"dither": 0.5}}}, "dither"),
    "edges": ({"kaldi": {"feat_type": "fbank", "fbank": {"low_freq": 500, "high_freq": 400}}}, "not below high_freq"),
    "orders": ({"kaldi": FBANK, "delta": {"order": 10**6}}, "audio.delta.order"),
    "online": ({"target_level": -25, "input": {"feat_type": "wavs"}}, "expected one of mel, linear, mfcc"),
    "bins": ({"target_level": -25, "n_freq": 1025, "input": {"feat_type": "mel"}}, "n_freq is 1025"),
    "rate": ({"target_level": -25, "sample_rate": 8000, "input": {"feat_type": "mel"}}, "sample_rate is 8000"),
    "absent": (None, "features that were computed beforehand"),
    "list": ([], "audio is [], no section"),
}


@pytest.mark.parametrize("which", AUDIO)
def test_a_front_end_that_is_not_known_is_refused(which, base):
    audio, expected = AUDIO[which]

    def change(content):
        content["Config"]["audio"] = {"cmvn": {"use_cmvn": True}, **audio} if isinstance(audio, dict) else audio

    assert expected in refusal(base(change))


def test_a_text_that_s3prl_would_evaluate_runs_nothing(base, tmp_path):
    canary = tmp_path / "ran"
    code = f"fbank if open({str(canary)!r}, 'w') else torchaudio.compliance.kaldi.fbank"
    audio = {"kaldi": {"feat_type": code, code: {}}, "cmvn": {"use_cmvn": True}}
    path = base(lambda content: content["Config"].update(audio=audio))
    with pytest.raises(Exception):  # noqa: B017 - s3prl fails, and by then it is too late
        files.expert(path)
    assert canary.exists()  # the trap works
    canary.unlink()
    assert "feat_type" in refusal(path)
    assert not canary.exists()


class Command:
    def __init__(self, text):
        self._text = text

    def __reduce__(self):
        return os.system, (self._text,)


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "before 1.6"])
@pytest.mark.parametrize("entry", ["Config", "Transformer", "Optimizer"])
def test_a_pickle_that_would_run_a_command_runs_none(legacy, entry, tmp_path):
    canary = tmp_path / "ran"
    config = files.config_of("base")
    content = {"Config": config, "Transformer": files.weights_of(config, 240)} | {entry: Command(f"touch {canary}")}
    path = tmp_path / "hostile.ckpt"
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    assert "system" in refusal(path)
    assert not canary.exists()
    torch.load(path, weights_only=False)
    assert canary.exists()  # the trap works


def spoiled(path, kind, base):
    if kind == "truncated":
        content = base().read_bytes()
        path.write_bytes(content[: len(content) // 2])
    elif kind == "archive of numpy":
        np.savez(path.with_suffix(".npz"), a=np.ones(3))
        path.with_suffix(".npz").rename(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("weights")
    elif kind == "pickle":
        path.write_bytes(pickle.dumps({"Config": {"transformer": {}}}))
    elif kind == "another model's":
        torch.save({"model": {}, "Config": {"runner": {}}, "Settings": None}, path)
    else:
        torch.save([1, 2], path)


KINDS = ("truncated", "archive of numpy", "folder", "empty", "text", "pickle", "another model's", "list")


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_no_checkpoint_is_told_in_one_line(kind, tmp_path, base):
    path = tmp_path / "file"
    spoiled(path, kind, base)
    refusal(path)


def test_a_configuration_of_a_book_is_refused(base):
    path = base(lambda content: content["Config"]["audio"].update(notes="x" * 100_000))
    assert "letters" in refusal(path)
