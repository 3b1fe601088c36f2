"""Weights made by rule, the networks written out literally, and speech."""

import os
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from neuroscope_cnn.model.architecture import ARCHITECTURES


def ruled(name, shape):
    """The value that the golden outputs were made with, of the variable ``softmax/name``."""
    random = np.random.default_rng(zlib.crc32(f"softmax/{name}".encode()))
    if name.endswith(("pop_var", "scale")):
        values = random.uniform(0.5, 1.5, shape)
    elif name.endswith("W"):
        values = random.standard_normal(shape) / np.sqrt(np.prod(shape[:-1]))
    else:
        values = random.standard_normal(shape) * 0.1
    return torch.from_numpy(values.astype(np.float32))


def ruled_features(case, lengths, columns=40):
    """The input of a golden case, ``[B, T, 40]``, zeros behind each end."""
    random = np.random.default_rng(zlib.crc32(case.encode()))
    values = random.standard_normal((len(lengths), max(lengths), columns)).astype(np.float32) * 3
    for row, length in zip(values, lengths, strict=True):
        row[length:] = 0
    return torch.from_numpy(values)


def same_padding(frames, taps, stride):
    """TensorFlow's SAME: zeros before and behind."""
    total = max((-(-frames // stride) - 1) * stride + taps - frames, 0)
    return total // 2, total - total // 2


def literal_forward(architecture, weights, features, lengths, halves):
    """The published graph, line by line, over a padded batch in float64: every layer and the logits.

    ``lengths`` of conv1's frames count, ``halves`` of those above.
    """
    w = {name: values.double() for name, values in weights.items()}

    def normalise(values, number):
        if not architecture.normalised:
            return values
        beta, mean, variance, scale = (w[f"bn{number}{part}"] for part in ("beta", "pop_mean", "pop_var", "scale"))
        return (values - mean) / torch.sqrt(variance + 1e-3) * scale + beta

    found, values = {}, features.double()
    for number, (stride, counted) in enumerate([(1, lengths), (2, halves), (1, halves), (1, halves)], 1):
        valid = torch.tensor(counted)
        kernel = w[f"conv{number}W"]
        padding = same_padding(values.shape[1], len(kernel), stride)
        padded = functional.pad(values.transpose(1, 2), padding)
        values = functional.conv1d(padded, kernel.permute(2, 1, 0), stride=stride).transpose(1, 2) + w[f"conv{number}b"]
        values = values * (torch.arange(values.shape[1])[None] < valid[:, None])[..., None]
        values = torch.relu(normalise(values, number))
        mean = values.sum(1) / valid[:, None]
        deviation = torch.sqrt(((values - mean[:, None]) ** 2).sum(1) / valid[:, None])
        found[f"CNN{number}"] = torch.cat([mean, deviation], 1)
    fc1 = found["CNN4"] @ w["fc1W"] + w["fc1b"]
    ac1 = normalise(fc1, 5)
    ac1 = torch.relu(ac1) if architecture.fc1_relu else ac1
    fc2 = ac1 @ w["fc2W"] + w["fc2b"]
    ac2 = torch.relu(normalise(fc2, 6))
    return found | {"FC1": fc1, "FC2": fc2, "ac1": ac1, "ac2": ac2, "logits": ac2 @ w["fc3W"] + w["fc3b"]}


@pytest.fixture(scope="session", params=["adi", "sre"])
def architecture(request):
    return ARCHITECTURES[request.param]


@pytest.fixture(scope="session")
def weights(architecture):
    """Ruled weights of the architecture."""
    return {name: ruled(name, shape) for name, shape in architecture.shapes().items()}


@pytest.fixture(scope="session")
def network(architecture, weights):
    from neuroscope_cnn.model.network import Network

    return Network(architecture, weights, "cpu")


@pytest.fixture(scope="session")
def literal(architecture, weights):
    """``literal(features, lengths, halves)``: the literal forward pass with the ruled weights."""
    return lambda *arguments: literal_forward(architecture, weights, *arguments)


@pytest.fixture(scope="session")
def features():
    """``features(case, lengths)``: the input of a golden case."""
    return ruled_features


@pytest.fixture(scope="session")
def golden(architecture):
    """Case -> lengths and outputs of the published graph."""
    path = Path(os.environ.get("NEUROSCOPE_SHARED", Path(__file__).parents[3].parent / "shared")) / "golden"
    path /= {"adi": "adi17_graph_golden.npz", "sre": "sre_graph_golden.npz"}[architecture.name]
    if not path.is_file():
        pytest.skip(f"there are no golden outputs at {path}; NEUROSCOPE_SHARED names the folder that has them")
    cases = {}
    for name, values in np.load(path).items():
        case, _, layer = name.partition("/")
        cases.setdefault(case, {})[layer] = torch.from_numpy(values)
    return {case: (found.pop("lens").tolist(), found) for case, found in cases.items()}


@pytest.fixture
def sound():
    """``sound(seconds, seed)``: gliding harmonics in noise with a slow envelope, float32."""

    def make(seconds=1.0, seed=0):
        random = np.random.default_rng(seed)
        time = np.arange(round(seconds * 16_000)) / 16_000
        phase = 2 * np.pi * np.cumsum(120 + 40 * np.sin(3 * time + seed)) / 16_000
        tone = sum(np.sin(k * phase) / k for k in range(1, 20))
        wave = (tone + 0.1 * random.standard_normal(len(time))) * (0.1 + np.sin(5 * time + seed) ** 2)
        return (0.3 * wave / np.abs(wave).max()).astype(np.float32)

    return make
