"""Forward passes of encoders of features, written by hand in plain torch from a state dict: what the layers mean."""

import math

import torch
from torch.nn import functional as F


def linear(state, name, x):
    return x @ state[f"{name}.weight"].T + state.get(f"{name}.bias", 0.0)


def norm(state, name, x, eps=1e-5):
    mean = x.mean(-1, keepdim=True)
    variance = (x - mean).square().mean(-1, keepdim=True)
    return (x - mean) / torch.sqrt(variance + eps) * state[f"{name}.weight"] + state[f"{name}.bias"]


def heads(x, count):
    return x.reshape(len(x), count, -1).transpose(0, 1)  # [heads, frames, width]


def attention(q, k, v, count, bias=0.0):
    """One utterance: ``[frames, columns]`` each; ``bias`` is added to the scores, ``[heads, frames, frames]``."""
    q, k, v = (heads(each, count) for each in (q, k, v))
    scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[2]) + bias
    return (scores.softmax(-1) @ v).transpose(0, 1).flatten(1)


def whisper(state, mel, blocks, count):
    """``conv``, ``L1``... ``norm`` and ``ffn1``... of Whisper's encoder, of mel features ``[bands, frames]``."""
    x = F.gelu(F.conv1d(mel[None], state["conv1.weight"], state["conv1.bias"], padding=1))
    x = F.gelu(F.conv1d(x, state["conv2.weight"], state["conv2.bias"], stride=2, padding=1))[0].T
    layers = {"conv": x}
    x = x + state["embed_positions.weight"]
    for number in range(blocks):
        at = f"layers.{number}"
        h = norm(state, f"{at}.self_attn_layer_norm", x)
        q, k, v = (linear(state, f"{at}.self_attn.{each}_proj", h) for each in "qkv")
        x = x + linear(state, f"{at}.self_attn.out_proj", attention(q, k, v, count))
        inner = F.gelu(linear(state, f"{at}.fc1", norm(state, f"{at}.final_layer_norm", x)))
        x = x + linear(state, f"{at}.fc2", inner)
        layers |= {f"L{number + 1}": x, f"ffn{number + 1}": inner}
    return layers | {"norm": norm(state, "layer_norm", x)}


def ast(state, features, blocks, count, patch, strides):
    """``conv``, ``L1``... ``norm`` and ``ffn1``... of AST, of features ``[frames, bands]``, special tokens first."""
    size, (frequency, time) = patch, strides
    weight, bias = (
        state["embeddings.patch_embeddings.projection.weight"],
        state["embeddings.patch_embeddings.projection.bias"],
    )
    places = [
        features[t : t + size, f : f + size].T
        for f in range(0, features.shape[1] - size + 1, frequency)
        for t in range(0, len(features) - size + 1, time)
    ]
    patches = torch.stack([torch.einsum("ft,dft->d", each, weight[:, 0]) + bias for each in places])
    special = [state["embeddings.cls_token"][0], state["embeddings.distillation_token"][0]]
    x = torch.cat([*special, patches]) + state["embeddings.position_embeddings"][0]
    layers = {"conv": patches}
    for number in range(blocks):
        at = f"layers.{number}"
        h = norm(state, f"{at}.layernorm_before", x, 1e-12)
        q, k, v = (linear(state, f"{at}.attention.{each}_proj", h) for each in "qkv")
        x = x + linear(state, f"{at}.attention.o_proj", attention(q, k, v, count))
        inner = F.gelu(linear(state, f"{at}.mlp.fc1", norm(state, f"{at}.layernorm_after", x, 1e-12)))
        x = x + linear(state, f"{at}.mlp.fc2", inner)
        layers |= {f"L{number + 1}": x, f"ffn{number + 1}": inner}
    return layers | {"norm": norm(state, "layernorm", x, 1e-12)}


def wav2vec2_bert(state, features, blocks, count, left, right):
    """``projection``, ``L1``... and the second feed-forward's ``ffn1``..., of features ``[frames, 160]``."""
    x = linear(state, "feature_projection.projection", norm(state, "feature_projection.layer_norm", features))
    layers = {"projection": x}
    steps = torch.arange(len(x))
    distance = (steps[None] - steps[:, None]).clamp(-left, right) + left
    for number in range(blocks):
        at = f"encoder.layers.{number}"
        x = x + 0.5 * linear(state, f"{at}.ffn1.output_dense", _inner(state, f"{at}.ffn1", x))
        h = norm(state, f"{at}.self_attn_layer_norm", x)
        q, k, v = (linear(state, f"{at}.self_attn.linear_{each}", h) for each in "qkv")
        towards = state[f"{at}.self_attn.distance_embedding.weight"][distance]  # [frames, frames, width of a head]
        bias = torch.einsum("hld,lrd->hlr", heads(q, count), towards) / math.sqrt(towards.shape[2])
        x = x + linear(state, f"{at}.self_attn.linear_out", attention(q, k, v, count, bias))
        x = x + _convolution(state, f"{at}.conv_module", x)
        inner = _inner(state, f"{at}.ffn2", x)
        x = norm(state, f"{at}.final_layer_norm", x + 0.5 * linear(state, f"{at}.ffn2.output_dense", inner))
        layers |= {f"L{number + 1}": x, f"ffn{number + 1}": inner}
    return layers


def _inner(state, at, x):
    return F.silu(linear(state, f"{at}.intermediate_dense", norm(state, f"{at}_layer_norm", x)))


def _convolution(state, at, x):
    x = norm(state, f"{at}.layer_norm", x) @ state[f"{at}.pointwise_conv1.weight"][:, :, 0].T
    x = x[:, : x.shape[1] // 2] * x[:, x.shape[1] // 2 :].sigmoid()
    kernel = state[f"{at}.depthwise_conv.weight"]
    x = F.conv1d(F.pad(x.T[None], (kernel.shape[2] - 1, 0)), kernel, groups=x.shape[1])[0].T  # causal
    return F.silu(norm(state, f"{at}.depthwise_layer_norm", x)) @ state[f"{at}.pointwise_conv2.weight"][:, :, 0].T
