"""What each layer means: forward passes written by hand, from the state dict, in plain torch."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional

from neuroscope_transformers.spec import hf

tiny_encoders = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("tiny_encoders.py"))))

HEADS, GROUPS, KERNEL = 4, 4, 16
STRIDES = (5, 2, 2, 2, 2, 2, 2)


def norm(state, name, values):
    return functional.layer_norm(values, values.shape[-1:], state[f"{name}.weight"], state[f"{name}.bias"], 1e-5)


def linear(state, name, values):
    return values @ state[f"{name}.weight"].T + state[f"{name}.bias"]


def convolved(state, samples, per_frame):
    """Frames [F, D] of the feature encoder: a norm in every layer, or one over time in the first."""
    hidden = ((samples - samples.mean()) / torch.sqrt(samples.var(correction=0) + 1e-7))[None, None]
    for layer, stride in enumerate(STRIDES):
        name = f"feature_extractor.conv_layers.{layer}"
        hidden = functional.conv1d(hidden, state[f"{name}.conv.weight"], state.get(f"{name}.conv.bias"), stride)
        if per_frame:
            hidden = norm(state, f"{name}.layer_norm", hidden.transpose(1, 2)).transpose(1, 2)
        elif layer == 0:
            mean, variance = hidden.mean(2, keepdim=True), hidden.var(2, correction=0, keepdim=True)
            scale, shift = (state[f"{name}.layer_norm.{each}"][:, None] for each in ("weight", "bias"))
            hidden = (hidden - mean) / torch.sqrt(variance + 1e-5) * scale + shift
        hidden = functional.gelu(hidden)
    return hidden[0].T


def positions(state, hidden):
    """The position convolution, whose weight is a direction times a length for each place of the kernel."""
    name = "encoder.pos_conv_embed.conv"
    length, direction = (state[f"{name}.parametrizations.weight.original{each}"] for each in (0, 1))
    weight = length * direction / direction.norm(dim=(0, 1), keepdim=True)
    made = functional.conv1d(hidden.T[None], weight, state[f"{name}.bias"], padding=KERNEL // 2, groups=GROUPS)
    return functional.gelu(made[0, :, :-1].T)  # an even kernel makes one frame too many


def attention(state, name, hidden):
    queries, keys, values = (
        linear(state, f"{name}.attention.{each}_proj", hidden).unflatten(1, (HEADS, -1)).transpose(0, 1)
        for each in "qkv"
    )
    shares = torch.softmax(queries @ keys.transpose(1, 2) / queries.shape[-1] ** 0.5, dim=-1)
    return linear(state, f"{name}.attention.out_proj", (shares @ values).transpose(0, 1).flatten(1))


def feed_forward(state, name, hidden):
    inner = functional.gelu(linear(state, f"{name}.feed_forward.intermediate_dense", hidden))
    return linear(state, f"{name}.feed_forward.output_dense", inner)


def by_hand(state, samples, pre_norm):
    conv = convolved(state, samples, per_frame=pre_norm)
    hidden = linear(state, "feature_projection.projection", norm(state, "feature_projection.layer_norm", conv))
    hidden = hidden + positions(state, hidden)
    layers = {"conv": conv}
    if not pre_norm:
        hidden = norm(state, "encoder.layer_norm", hidden)
    for number in range(2):
        name = f"encoder.layers.{number}"
        if pre_norm:
            hidden = hidden + attention(state, name, norm(state, f"{name}.layer_norm", hidden))
            hidden = hidden + feed_forward(state, name, norm(state, f"{name}.final_layer_norm", hidden))
        else:
            hidden = norm(state, f"{name}.layer_norm", hidden + attention(state, name, hidden))
            hidden = norm(state, f"{name}.final_layer_norm", hidden + feed_forward(state, name, hidden))
        layers[f"L{number + 1}"] = hidden
    return layers | ({"norm": norm(state, "encoder.layer_norm", hidden)} if pre_norm else {})


@pytest.mark.parametrize("case", ["wav2vec2", "wav2vec2-pre", "hubert", "hubert-pre"])
def test_layers_are_those_of_a_forward_pass_by_hand(case, folder_of, run, wave):
    samples = wave(20_000)
    expected = by_hand(tiny_encoders.build(case).state_dict(), torch.from_numpy(samples), case.endswith("-pre"))
    (found,) = run(hf(str(folder_of(case))), samples)
    assert list(found) == list(expected)
    for layer, values in expected.items():
        assert torch.allclose(found[layer], values, rtol=0, atol=1e-5 * float(values.abs().max())), layer


@pytest.mark.parametrize("case", [each for each in tiny_encoders.CASES if each != "wav2vec2-ctc"])
def test_frames_are_those_of_transformers(case, folder_of, run, wave):
    """What hooks see is what transformers' own forward pass makes, also where it is computed in stretches and parts."""
    samples = wave(52_345)
    (found,) = run(hf(str(folder_of(case))), samples)
    model = tiny_encoders.build(case)
    values = torch.from_numpy(samples)[None]
    values = (values - values.mean()) / torch.sqrt(values.var(correction=0) + 1e-7)
    with torch.no_grad():
        own = model(values, output_hidden_states=True)
        conv = model.feature_extractor(values)[0].T
    assert close(found["conv"], conv)
    assert close(found["L1"], own.hidden_states[1][0])
    if "norm" in found:
        assert close(found["norm"], own.last_hidden_state[0])
    elif not case.startswith("sew"):  # which puts a projection behind its last block
        assert close(found["L2"], own.last_hidden_state[0])


@pytest.mark.parametrize("case", ["wavlm", "wavlm-pre", "wav2vec2-conformer"])
def test_attention_in_parts_is_attention(case, folder_of, run, wave, monkeypatch):
    whole = run(hf(str(folder_of(case))), wave(30_000), wave(30_000, seed=1))
    monkeypatch.setattr("neuroscope_transformers.running.in_parts._MOST", 1)
    parts = run(hf(str(folder_of(case))), wave(30_000), wave(30_000, seed=1))
    assert all(
        close(part[layer], values) for one, part in zip(whole, parts, strict=True) for layer, values in one.items()
    )


def close(one, other):
    return one.shape == other.shape and float((one - other).abs().max()) <= 1e-5 * float(other.abs().max())
