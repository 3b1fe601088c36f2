"""The two names: how large they are, which released weights they stand for, and where those come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from neuroscope import MissingData
from neuroscope_s3prl.releases import Release, release


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What one of the names stands for.

    Attributes:
        name: of the backbone.
        layers: of its encoder.
        config: that serves without a checkpoint, as s3prl pre-trains such a model; a release's own may be another.
        release: s3prl's name of the weights.
        trained: on what, and with which target.
        url: where s3prl publishes it.
        size: of its file: the network's parameters alone, as float32, are so many bytes.
    """

    name: str
    layers: int
    config: Mapping[str, Any]
    release: str
    trained: str
    url: str
    size: str


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
    trained="960 hours of LibriSpeech; of its features s3prl says: 80-dim log Mel",
    url="https://www.dropbox.com/s/7f9z6dzc7oix6qv/states-1000000.ckpt?dl=1",
    size="86 MB or more",
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
    url="https://huggingface.co/s3prl/mockingjay/resolve/main/"
    "mockingjay_logMelLinearLarge_T_AdamW_b32_500k_360hr_drop1/states-500000.ckpt",
    size="340 MB or more",
)
NAMES = MappingProxyType({each.layers: each.name for each in (BASE, LARGE)})
"""Layers -> the backbone that has so many."""


def published_weights(published: Published) -> Release:
    """Find the release that a name stands for, downloaded where it is not there yet.

    Raises:
        MissingData: it cannot be had.
        MissingDependency: it is on the hub, and ``huggingface_hub`` is not installed.
    """
    try:
        found = release(published.url)
    except MissingData as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise MissingData(
            f"the weights of {published.name} ({published.release} of s3prl, {published.size}; licence: not stated by "
            f"s3prl): {reason}. "
            "A file that you have: checkpoint=FILE; the untrained network: weights=random"
        ) from error
    return replace(found, text=f"{published.release} of s3prl: {found.text}")
