"""What a Mockingjay is made of: the values of its configuration, checked before any code of s3prl sees them.

s3prl evaluates a text of the configuration as Python (``feat_type``), and believes every size. Here, names are known
ones and sizes have bounds; all that is wrong is told at once.

Source: s3prl 0.4.18, ``upstream/mockingjay`` and ``upstream/baseline``; its folders ``mockingjay`` and
``transformer`` of 2019-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from neuroscope import BadOption
from neuroscope_s3prl.mockingjay.section import Section

ACTIVATIONS = ("gelu", "relu", "swish")
KALDI = ("fbank", "mfcc", "spectrogram")
ONLINE = ("mel", "linear", "mfcc")
WINDOWS = ("povey", "hamming", "hanning", "rectangular", "blackman")
N_FREQ = 201
"""Bins of a spectrum: s3prl's mel filters are of this many, whatever the configuration says."""
LEGACY_WIDTH = 160
"""80 mel bands and their slopes."""
MOST_FRAMES = 24_000
"""Positions that s3prl knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontEnd:
    """How a waveform of 16 kHz becomes vectors.

    Attributes:
        kind: ``kaldi`` and ``online`` are s3prl's two, ``legacy`` is librosa's mel bands, as before 2021.
        feature: what is computed.
        options: of the computation, under s3prl's names.
        window: samples of a frame.
        hop: samples from one frame to the next.
        orders: how many times slopes are added.
        slope_window: frames that a slope is taken of.
        normalised: whether each column has mean 0 and deviation 1 over an utterance.
        level: dBFS that an utterance is brought to.
        log: whether the logarithm is taken, of ``online``.
        columns: of a vector.
    """

    kind: Literal["kaldi", "online", "legacy"]
    feature: str
    options: Mapping[str, bool | int | float | str]
    window: int
    hop: int
    orders: int = 0
    slope_window: int = 5
    normalised: bool = True
    level: float = 0.0
    log: bool = True
    columns: int

    @property
    def min_samples(self) -> int:
        """The shortest waveform: two frames where each column is normalised, for one has no deviation."""
        if self.kind == "legacy":
            return 8 * self.hop  # slopes are lines through nine frames
        if self.kind == "kaldi":
            return self.window + (self.hop if self.normalised else 0)
        return max(N_FREQ, self.hop if self.normalised else 0)  # half a window is mirrored at each end


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
    """Check a configuration.

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
    sizes = {
        "layers": network.whole("num_hidden_layers", 1, 64),
        "hidden": network.whole("hidden_size", 2, 2048),
        "heads": network.whole("num_attention_heads", 1, 64),
        "inner": network.whole("intermediate_size", 1, 8192),
    }
    if not problems and sizes["hidden"] % sizes["heads"]:
        problems.append(f"{name}.num_attention_heads {sizes['heads']} do not divide hidden_size {sizes['hidden']}")
    settings = Settings(
        **sizes,
        activation=network.one_of("hidden_act", ACTIVATIONS),
        deviation=network.number("initializer_range", 0, 10),
        epsilon=network.number("layer_norm_eps", 0, 1),
        is_shared=network.truth("share_layer", False if is_legacy else None),
        norms_first=network.truth("pre_layer_norm", False if is_legacy else None),
        chunk=_chunk(config, network, problems, is_legacy=is_legacy),
        stacked=network.whole("downsample_rate", 1, 64) if is_legacy else 1,
        front=LEGACY if is_legacy else _front_end(config.get("audio"), problems),
    )
    if is_legacy and settings.norms_first:
        problems.append("pre_layer_norm of a file from before 2021 meant another network, which is not built here")
    if problems:
        raise BadOption(f"{source}: this configuration is not run: {'; '.join(problems)}")
    return settings


def _chunk(config: Mapping[str, Any], network: Section, problems: list[str], *, is_legacy: bool) -> int:
    if is_legacy:
        return network.whole("max_input_length", 0, MOST_FRAMES, 0)
    return Section("task", config.get("task"), problems).whole("sequence_length", 0, MOST_FRAMES)


def _front_end(audio: Any, problems: list[str]) -> FrontEnd:
    if audio is None:
        problems.append("it has no section audio: such a network takes features that were computed beforehand")
        return LEGACY
    section = Section("audio", audio, problems)
    return _kaldi(section, problems) if section.has("kaldi") else _online(section)


def _kaldi(audio: Section, problems: list[str]) -> FrontEnd:
    kaldi, delta, cmvn = audio.section("kaldi"), audio.section("delta", {}), audio.section("cmvn")
    feature = kaldi.one_of("feat_type", KALDI, "fbank")
    own = kaldi.section(feature)
    own.knows("num_mel_bins num_ceps frame_length frame_shift use_log_fbank use_power use_energy high_freq low_freq "
              "preemphasis_coefficient remove_dc_offset window_type dither snip_edges")  # fmt: skip
    options = {
        "frame_length": own.number("frame_length", 1, 1000, 25.0),
        "frame_shift": own.number("frame_shift", 1, 1000, 10.0),
        "preemphasis_coefficient": own.number("preemphasis_coefficient", 0, 1, 0.97),
        "remove_dc_offset": own.truth("remove_dc_offset", True),
        "window_type": own.one_of("window_type", WINDOWS, "povey"),
    }
    window, hop = (int(16_000 * float(options[name]) * 0.001) for name in ("frame_length", "frame_shift"))
    columns, bands = (1 << (window - 1).bit_length()) // 2 + 1, 0
    if feature != "spectrogram":
        bands = own.whole("num_mel_bins", 4, 512, 23)
        options |= {
            "num_mel_bins": bands,
            "low_freq": own.number("low_freq", 0, 7000, 20.0),
            "high_freq": own.number("high_freq", -1000, 8000, 0.0),
            "use_energy": (energy := own.truth("use_energy", False)),
        }
        columns = bands + energy
    if feature == "fbank":
        options |= {"use_log_fbank": own.truth("use_log_fbank", True), "use_power": own.truth("use_power", True)}
        highest = float(options["high_freq"])
        if not float(options["low_freq"]) < (highest if highest > 0 else 8000 + highest):
            problems.append(f"audio.kaldi.{feature}: low_freq is not below high_freq")
    if feature == "mfcc":
        columns = options["num_ceps"] = own.whole("num_ceps", 1, bands, min(bands, 13))
    if own.number("dither", 0, 1, 0.0) > 0 or not own.truth("snip_edges", True):
        problems.append(f"audio.kaldi.{feature}: dither and snip_edges=False are not run")
    orders = delta.whole("order", 0, 4, 2)
    return FrontEnd(
        kind="kaldi",
        feature=feature,
        options=options,
        window=window,
        hop=hop,
        orders=orders,
        slope_window=delta.whole("win_length", 3, 99, 5),
        normalised=cmvn.truth("use_cmvn"),
        columns=columns * (orders + 1),
    )


def _online(audio: Section) -> FrontEnd:
    feature = audio.section("input")
    kind = feature.one_of("feat_type", ONLINE)
    bands, cepstra = audio.whole("n_mels", 4, 512, 40), audio.whole("n_mfcc", 1, 128, 13)
    options = {
        "win_ms": audio.number("win_ms", 1, 25, 25),
        "hop_ms": audio.number("hop_ms", 1, 1000, 10),
        "n_freq": audio.whole("n_freq", N_FREQ, N_FREQ, N_FREQ),
        "n_mels": bands,
        "n_mfcc": cepstra,
        "sample_rate": audio.whole("sample_rate", 16_000, 16_000, 16_000),
        "eps": audio.number("eps", 0, 1, 1e-10),
    }
    orders = feature.whole("delta", 0, 4, 0)
    return FrontEnd(
        kind="online",
        feature=kind,
        options=options,
        window=round(16 * float(options["win_ms"])),
        hop=round(16 * float(options["hop_ms"])),
        orders=orders,
        normalised=feature.truth("cmvn", False),
        level=audio.number("target_level", -200, 200),
        log=feature.truth("log", False),
        columns={"mel": bands, "linear": N_FREQ, "mfcc": cepstra}[kind] * (orders + 1),
    )


LEGACY = FrontEnd(
    kind="legacy", feature="mel", options={}, window=800, hop=200, orders=1, slope_window=9, columns=LEGACY_WIDTH
)
"""80 mel bands of windows of 50 ms every 12.5 ms, their slopes, each column normalised."""
