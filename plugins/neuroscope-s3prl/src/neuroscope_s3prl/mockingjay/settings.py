"""What a Mockingjay is made of: the values of its configuration, checked before any code of s3prl sees them.

Source: s3prl 0.4.18, ``upstream/mockingjay``; before 2021, ``mockingjay/`` and ``transformer/``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neuroscope import BadOption
from neuroscope_s3prl.mockingjay.front_settings import LEGACY, FrontEnd, front_end_of
from neuroscope_s3prl.mockingjay.section import Section

ACTIVATIONS = ("gelu", "relu", "swish")
MOST_FRAMES = 24_000
"""Positions that s3prl knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A network and its front end.

    Attributes:
        layers: of the encoder.
        hidden: columns of a layer.
        heads: of its attention.
        inner: columns of its feed-forward part.
        activation: of that part.
        deviation: of the weights that an untrained network is drawn with.
        epsilon: of its LayerNorms.
        is_shared: whether all layers are one.
        norms_first: whether LayerNorms stand before attention and feed-forward part (pre-LN).
        chunk: frames of an attention window at most; 0 = the whole utterance.
        stacked: frames of the front end that are one vector of the network.
        front: its front end.
    """

    layers: int
    hidden: int
    heads: int
    inner: int
    activation: str
    deviation: float
    epsilon: float
    is_shared: bool
    norms_first: bool
    chunk: int
    stacked: int
    front: FrontEnd

    @property
    def min_samples(self) -> int:
        """The shortest waveform that makes a vector."""
        return max(self.front.min_samples, (self.stacked - 1) * self.front.hop)


def settings_of(config: Mapping[str, Any], source: str, *, is_legacy: bool = False) -> Settings:
    """Check a configuration; all that is wrong with it is told at once.

    Args:
        config: sections ``transformer``, ``task`` and ``audio``, as s3prl writes them; of a file from before 2021 the
            section ``transformer`` or ``mockingjay`` alone.
        source: the file or name that it is from, for errors.
        is_legacy: whether it is from before 2021.

    Raises:
        BadOption: values are missing, of another type, or out of bounds.
    """
    problems: list[str] = []
    name = "mockingjay" if is_legacy and "mockingjay" in config else "transformer"
    network = Section(name, config.get(name), problems)
    absent = False if is_legacy else None  # the options that came later
    hidden, heads = network.whole("hidden_size", 2, 2048), network.whole("num_attention_heads", 1, 64)
    if hidden % heads:
        problems.append(f"{name}.num_attention_heads {heads} do not divide hidden_size {hidden}")
    settings = Settings(
        layers=network.whole("num_hidden_layers", 1, 64),
        hidden=hidden,
        heads=heads,
        inner=network.whole("intermediate_size", 1, 8192),
        activation=network.one_of("hidden_act", ACTIVATIONS),
        deviation=network.number("initializer_range", 0, 10),
        epsilon=network.number("layer_norm_eps", 0, 1),
        is_shared=network.truth("share_layer", absent),
        norms_first=network.truth("pre_layer_norm", absent),
        chunk=network.whole("max_input_length", 0, MOST_FRAMES, 0)
        if is_legacy
        else Section("task", config.get("task"), problems).whole("sequence_length", 0, MOST_FRAMES),
        stacked=network.whole("downsample_rate", 1, 64) if is_legacy else 1,
        front=LEGACY if is_legacy else front_end_of(config.get("audio"), problems),
    )
    if is_legacy and settings.norms_first:
        problems.append("pre_layer_norm of a file from before 2021 meant another network, which is not built here")
    if problems:
        raise BadOption(f"{source}: this configuration is not run: {'; '.join(problems)}")
    return settings
