"""The two names: how large they are, which released weights they stand for, and where those come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from neuroscope import MissingData, commands, weights

if TYPE_CHECKING:
    from pathlib import Path

_DISTRIBUTION = "neuroscope-s3prl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What one of the names stands for.

    Attributes:
        name: of the backbone.
        layers: of its encoder.
        config: that serves without a checkpoint, as s3prl trains such a model.
        release: s3prl's name of the weights.
        trained: on what, and with which target.
        file: its name where it is published.
        repository: on the Hugging Face hub; empty = it is not there.
        url: where it is published otherwise.
    """

    name: str
    layers: int
    config: Mapping[str, Any]
    release: str
    trained: str
    file: str
    repository: str = ""
    url: str = ""


def _network(layers: int) -> dict[str, Any]:
    return {
        "hidden_size": 768,
        "num_hidden_layers": layers,
        "num_attention_heads": 12,
        "intermediate_size": 3072,
        "hidden_act": "gelu",
        "initializer_range": 0.02,
        "layer_norm_eps": 1e-12,
        "share_layer": False,
        "pre_layer_norm": False,
    }


BASE = Published(
    name="mockingjay-base",
    layers=3,
    config={
        "transformer": _network(3),
        "task": {"sequence_length": 1500},
        "audio": {
            "kaldi": {
                "feat_type": "fbank",
                "fbank": {"num_mel_bins": 80, "frame_length": 25.0, "frame_shift": 10.0, "use_log_fbank": True},
            },
            "delta": {"order": 2, "win_length": 5},
            "cmvn": {"use_cmvn": True},
        },
    },
    release="mockingjay_960hr",
    trained="960 hours of LibriSpeech, target: filter banks",
    file="states-1000000.ckpt",
    url="https://www.dropbox.com/s/7f9z6dzc7oix6qv/states-1000000.ckpt?dl=1",
)
LARGE = Published(
    name="mockingjay-large",
    layers=12,
    config={
        "transformer": _network(12),
        "task": {"sequence_length": 500},
        "audio": {
            "target_level": -25,
            "win_ms": 25,
            "hop_ms": 10,
            "n_freq": 201,
            "n_mels": 80,
            "n_mfcc": 13,
            "input": {"feat_type": "mel", "channel": 0, "log": True, "delta": 0, "cmvn": True},
        },
    },
    release="mockingjay_origin",
    trained="train-clean-360 of LibriSpeech, target: 201 linear bins",
    file="mockingjay_logMelLinearLarge_T_AdamW_b32_500k_360hr_drop1/states-500000.ckpt",
    repository="s3prl/mockingjay",
)
NAMES = MappingProxyType({each.layers: each.name for each in (BASE, LARGE)})
"""Layers -> the backbone that has so many."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A file of weights that is there.

    Attributes:
        path: of the file.
        source: where it is from, for people.
        digest: sha256 of its bytes.
    """

    path: Path
    source: str
    digest: str


def published_weights(published: Published) -> Weights:
    """Find the release that a name stands for, downloaded where it is not there yet.

    Raises:
        MissingData: it cannot be had.
        MissingDependency: it is on the hub, and ``huggingface_hub`` is not installed.
    """
    try:
        if published.repository:
            file = weights.hub_file(published.repository, published.file, progress=commands.progress_bar)
            source = f"{published.release} of s3prl: {published.file} of {published.repository}, commit {file.commit}"
            return Weights(file.path, source, file.digest)
        # A folder of its own: other releases are files of the same name.
        folder = commands.own_folder(_DISTRIBUTION) / "weights" / published.release
        path = weights.download(published.url, folder, progress=commands.progress_bar)
        return Weights(path, f"{published.release} of s3prl: {published.url}", weights.sha256_of(path))
    except MissingData as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise MissingData(
            f"the weights of {published.name} ({published.release} of s3prl) are not there: {reason}. "
            "A file that you have: checkpoint=FILE; the untrained network: weights=random"
        ) from error
