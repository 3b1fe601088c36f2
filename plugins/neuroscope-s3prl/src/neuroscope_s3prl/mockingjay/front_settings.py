"""What a front end is made of: section ``audio`` of a configuration, checked before any code of s3prl sees it.

s3prl evaluates a text of it as Python (``feat_type``); here, names are known ones and sizes have bounds.

Source: s3prl 0.4.18, ``upstream/baseline`` and ``upstream/mockingjay``; before 2021, ``utility/audio.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from neuroscope_s3prl.mockingjay.section import Section

KALDI = ("fbank", "mfcc", "spectrogram")
ONLINE = ("mel", "linear", "mfcc")
WINDOWS = ("povey", "hamming", "hanning", "rectangular", "blackman")
N_FREQ = 201
"""Bins of a spectrum: s3prl's mel filters are of this many, whatever the configuration says."""
_KALDI_KEYS = (
    "num_mel_bins num_ceps frame_length frame_shift use_log_fbank use_power use_energy high_freq low_freq "
    "preemphasis_coefficient remove_dc_offset window_type dither snip_edges"
)


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
        is_normalised: whether each column has mean 0 and deviation 1 over an utterance.
        level: dBFS that an utterance is brought to, of ``online``.
        is_log: whether the logarithm is taken, of ``online``.
        columns: of a vector.
    """

    kind: Literal["kaldi", "online", "legacy"]
    feature: str
    options: Mapping[str, int | float | str]
    window: int
    hop: int
    orders: int = 0
    slope_window: int = 5
    is_normalised: bool = True
    level: float = 0.0
    is_log: bool = True
    columns: int

    @property
    def min_samples(self) -> int:
        """The shortest waveform: two frames where each column is normalised, for one has no deviation."""
        if self.kind == "legacy":
            return 9 * self.hop  # slopes are lines through nine frames; of ten frames, there are two
        second = self.hop if self.is_normalised else 0
        return self.window + second if self.kind == "kaldi" else max(N_FREQ, second)  # half a spectrum is mirrored


LEGACY = FrontEnd(kind="legacy", feature="mel", options={}, window=800, hop=200, orders=1, slope_window=9, columns=160)
"""80 mel bands of windows of 50 ms every 12.5 ms, and their slopes, each column normalised."""


def front_end_of(audio: Any, problems: list[str]) -> FrontEnd:
    """Read the section ``audio``; ``problems`` receives what is wrong with it."""
    if audio is None:
        problems.append("it has no section audio: such a network takes features that were computed beforehand")
        return LEGACY
    section = Section("audio", audio, problems)
    return _kaldi(section, problems) if section.has("kaldi") else _online(section)


def _kaldi(audio: Section, problems: list[str]) -> FrontEnd:
    kaldi, delta, cmvn = audio.section("kaldi"), audio.section("delta", {}), audio.section("cmvn")
    feature = kaldi.one_of("feat_type", KALDI, "fbank")
    own = kaldi.section(feature)
    for section, known in ((own, _KALDI_KEYS), (delta, "order win_length"), (cmvn, "use_cmvn")):
        section.knows(known)
    if own.number("dither", 0, 1, 0.0) > 0 or not own.truth("snip_edges", True):
        problems.append(f"audio.kaldi.{feature}: dither and snip_edges=False are not run")
    length, shift = own.number("frame_length", 1, 1000, 25.0), own.number("frame_shift", 1, 1000, 10.0)
    window, hop = (int(16_000 * milliseconds * 0.001) for milliseconds in (length, shift))
    options, columns = _bands(own, feature, problems) if feature != "spectrogram" else ({}, 0)
    orders = delta.whole("order", 0, 4, 2)
    return FrontEnd(
        kind="kaldi",
        feature=feature,
        options={
            "frame_length": length,
            "frame_shift": shift,
            "preemphasis_coefficient": own.number("preemphasis_coefficient", 0, 1, 0.97),
            "remove_dc_offset": own.truth("remove_dc_offset", True),
            "window_type": own.one_of("window_type", WINDOWS, "povey"),
            **options,
        },
        window=window,
        hop=hop,
        orders=orders,
        slope_window=delta.whole("win_length", 3, 99, 5),
        is_normalised=cmvn.truth("use_cmvn"),
        # Spectra are of the next power of two.
        columns=(columns or (1 << (window - 1).bit_length()) // 2 + 1) * (orders + 1),
    )


def _bands(own: Section, feature: str, problems: list[str]) -> tuple[dict[str, int | float | str], int]:
    """Read the options of ``fbank`` and ``mfcc``, and count their columns."""
    bands, has_energy = own.whole("num_mel_bins", 4, 512, 23), own.truth("use_energy", False)
    lowest, highest = own.number("low_freq", 0, 8000, 20.0), own.number("high_freq", -8000, 8000, 0.0)
    if not lowest < (highest if highest > 0 else 8000 + highest):
        problems.append(f"audio.kaldi.{feature}: low_freq is not below high_freq")
    options: dict[str, int | float | str] = {
        "num_mel_bins": bands,
        "use_energy": has_energy,
        "low_freq": lowest,
        "high_freq": highest,
    }
    if feature == "mfcc":
        cepstra = own.whole("num_ceps", 1, bands, min(bands, 13))
        return options | {"num_ceps": cepstra}, cepstra
    options |= {"use_log_fbank": own.truth("use_log_fbank", True), "use_power": own.truth("use_power", True)}
    return options, bands + has_energy


def _online(audio: Section) -> FrontEnd:
    feature = audio.section("input")
    feature.knows("feat_type channel log delta cmvn")
    kind = feature.one_of("feat_type", ONLINE)
    bands, cepstra = audio.whole("n_mels", 4, 512, 40), audio.whole("n_mfcc", 1, 128, 13)
    length, shift = audio.number("win_ms", 1, 25, 25), audio.number("hop_ms", 1, 1000, 10)
    orders = feature.whole("delta", 0, 4, 0)
    return FrontEnd(
        kind="online",
        feature=kind,
        options={
            "win_ms": length,
            "hop_ms": shift,
            "n_freq": audio.whole("n_freq", N_FREQ, N_FREQ, N_FREQ),
            "n_mels": bands,
            "n_mfcc": cepstra,
            "sample_rate": audio.whole("sample_rate", 16_000, 16_000, 16_000),
            "eps": audio.number("eps", 0, 1, 1e-10),
        },
        window=round(16 * length),
        hop=round(16 * shift),
        orders=orders,
        is_normalised=feature.truth("cmvn", False),
        level=audio.number("target_level", -200, 200),
        is_log=feature.truth("log", False),
        columns={"mel": bands, "linear": N_FREQ, "mfcc": cepstra}[kind] * (orders + 1),
    )
