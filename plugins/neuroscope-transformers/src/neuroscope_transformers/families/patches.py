"""The Audio Spectrogram Transformer: a token for each patch of a filter bank, 16 frames by 16 bands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from neuroscope import LayerSpec, Tap
from neuroscope_transformers.families.anatomy import Anatomy
from neuroscope_transformers.families.blocks import PRE_NORM, Blocks
from neuroscope_transformers.families.filter_bank import HOP, MOST_BANDS, MOST_FRAMES, WINDOW, filter_bank_frames
from neuroscope_transformers.families.whisper import ONE_WINDOW

if TYPE_CHECKING:
    from neuroscope_transformers.families.settings import Settings

SPECIAL = 2
"""Tokens in front of those of the patches: class and distillation."""
DEFAULTS = MappingProxyType(
    {
        "hidden_size": 768,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "intermediate_size": 3072,
        "patch_size": 16,
        "frequency_stride": 10,
        "time_stride": 10,
        "max_length": 1024,
        "num_mel_bins": 128,
    }
)
FEATURES = MappingProxyType({"sampling_rate": 16_000, "do_normalize": True, "mean": -4.2677393, "std": 4.5689974})


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchFamily:
    """The Audio Spectrogram Transformer, whose window is ``max_length`` frames."""

    model_type: str = "audio-spectrogram-transformer"
    title: str = "AST"
    licence: str = "BSD-3-Clause (MIT's)"
    example: str = "MIT/ast-finetuned-audioset-10-10-0.4593"

    def anatomy(self, config: Settings, preprocessor: Settings, site: str) -> Anatomy:
        """Tell a model's anatomy; see ``Family``."""
        config, preprocessor = config.with_defaults(DEFAULTS), preprocessor.with_defaults(FEATURES)
        patches = _patches(config)
        preprocessor.must_be("max_length", patches.window, f"max_length of {config.file}")
        preprocessor.must_be("num_mel_bins", patches.bands, f"num_mel_bins of {config.file}")
        layers, rate = _layers(config, site, patches), preprocessor.sampling_rate()
        return Anatomy(
            layers=layers,
            what=_what(config, site, patches, rate),
            batchable=True,
            sample_rate=rate,
            min_samples=WINDOW + (patches.size - 1) * HOP,
            frames=partial(_frames, patches, tuple(each.name for each in layers)),
            front_end="neuroscope_transformers.features.patches:PatchFrontEnd",
            streams=True,
            batch_seconds=ONE_WINDOW,
            options={"patches": patches, **_scale(preprocessor)},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Patches:
    """Patches of a filter bank, in a window of so many frames.

    Attributes:
        size: frames and bands of a patch.
        step: frames from one patch to the next.
        rise: bands from one patch to the next.
        window: frames that the model sees at a time.
        bands: of the filter bank.
    """

    size: int
    step: int
    rise: int
    window: int
    bands: int

    @property
    def across(self) -> int:
        """Patches over the bands."""
        return (self.bands - self.size) // self.rise + 1

    @property
    def along(self) -> int:
        """Patches over the time of a window."""
        return (self.window - self.size) // self.step + 1

    def tokens(self, frames: int) -> int:
        """Count the tokens whose patch lies within so many frames of audio, however many windows they are."""
        return self.across * max((frames - self.size) // self.step + 1, 0)


@dataclass(frozen=True, slots=True)
class TimeMajor:
    """A pick of tokens without the special ones in front, by time and then by band; the model has them by band first.

    Attributes:
        special: tokens in front.
        across: patches over the bands.
    """

    special: int
    across: int

    def __call__(self, output: Any) -> Any:
        """Order ``[B, special + across x along, D]``: ``[B, along x across, D]``."""
        tokens = output[:, self.special :]
        return tokens.unflatten(1, (self.across, -1)).transpose(1, 2).flatten(1, 2)


def _patches(config: Settings) -> Patches:
    size = config.count("patch_size")
    return Patches(
        size=size,
        step=config.count("time_stride"),
        rise=config.count("frequency_stride"),
        window=config.count("max_length", least=size, most=MOST_FRAMES),
        bands=config.count("num_mel_bins", least=size, most=MOST_BANDS),
    )


def _blocks(patches: Patches) -> Blocks:
    tokens = TimeMajor(SPECIAL, patches.across)
    return Blocks(path="layers", neurons="mlp.activation_fn", pick=tokens, neurons_pick=tokens)


def _layers(config: Settings, site: str, patches: Patches) -> tuple[LayerSpec, ...]:
    layers, width = _blocks(patches).layers(config, site), config.count("hidden_size")
    if site == "ffn":
        return layers
    conv = Tap("embeddings.patch_embeddings", TimeMajor(0, patches.across))
    norm = Tap("layernorm", TimeMajor(SPECIAL, patches.across))
    return (
        LayerSpec("conv", width, in_all=False, tap=conv),
        *layers,
        LayerSpec("norm", width, in_all=False, tap=norm),
    )


def _what(config: Settings, site: str, patches: Patches, rate: int) -> str:
    parts = [_blocks(patches).what(config, site, PRE_NORM)]
    if site == "hidden":
        parts.insert(0, "conv: output of embeddings.patch_embeddings, before positions are added")
        parts.append("norm: output of layernorm, the LayerNorm behind the last block")
    parts.append(
        f"a frame is the token of a patch, {patches.across} of them (low bands first) every "
        f"{patches.step * HOP / rate:g} s, without the {SPECIAL} special tokens; audio beyond "
        f"{patches.window * HOP / rate:g} s goes in pieces, whose positions begin anew"
    )
    return "; ".join(parts)


def _frames(patches: Patches, names: tuple[str, ...], samples: int) -> dict[str, int]:
    return dict.fromkeys(names, patches.tokens(filter_bank_frames(samples)))


def _scale(preprocessor: Settings) -> dict[str, float]:
    """What is taken from the features, and what the rest is divided by."""
    if not preprocessor.flag("do_normalize"):
        return {"mean": 0.0, "spread": 1.0}
    return {"mean": preprocessor.number("mean"), "spread": 2 * preprocessor.number("std", above=0.0)}
