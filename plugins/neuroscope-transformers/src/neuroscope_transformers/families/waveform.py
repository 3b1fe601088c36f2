"""Encoders of waveforms: the family of wav2vec 2.0, whose convolutions read the samples themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from neuroscope import LayerSpec, Tap
from neuroscope_transformers.families.anatomy import Anatomy
from neuroscope_transformers.families.blocks import MACARON, POST_NORM, PRE_NORM, SECOND, Blocks
from neuroscope_transformers.families.convolutions import Convolutions
from neuroscope_transformers.families.settings import MOST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from neuroscope_transformers.families.settings import Settings

FRONT_END = "neuroscope_transformers.running.waveform:WaveformFrontEnd"
STRETCHES = "neuroscope_transformers.running.stretches:run_in_stretches"

_TABLES = ("num_conv_pos_embeddings", "num_conv_pos_embedding_groups", "conv_pos_kernel_size", "max_source_positions")
"""Settings by which what knows positions is sized."""
_MOST_IN_TABLES = 2**16

_DEFAULTS = MappingProxyType(
    {
        "hidden_size": 768,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "intermediate_size": 3072,
        "conv_dim": (512,) * 7,
        "conv_stride": (5, 2, 2, 2, 2, 2, 2),
        "conv_kernel": (10, 3, 3, 3, 3, 2, 2),
        "feat_extract_norm": "group",
        "do_stable_layer_norm": False,
        "conv_pos_batch_norm": False,
    }
)
_SQUEEZED = _DEFAULTS | {
    "conv_dim": (64, 128, 128, 128, 128, 256, 256, 256, 256, 512, 512, 512, 512),
    "conv_stride": (5, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1),
    "conv_kernel": (10, 3, 1, 3, 1, 3, 1, 3, 1, 2, 1, 2, 1),
    "squeeze_factor": 2,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveformFamily:
    """Models whose feature encoder is a stack of convolutions over samples, and whose blocks stand behind it.

    Attributes:
        model_type: as config.json says.
        title: for people.
        licence: of its published weights.
        example: a model of its authors'.
        blocks: module path of the list of blocks.
        neurons: in a block, the module that puts out the inner activations of its feed-forward module.
        pick: what of a block's output is its frames; None = the output is a tensor.
        last_norm: where a LayerNorm stands behind the last block: always, in pre-norm models
            (``do_stable_layer_norm``), or never.
        order: of the blocks: ``configured`` = as ``do_stable_layer_norm`` says, else as named.
        leaks: why padding reaches shorter utterances whatever the mask; empty = it does not.
        lean: as ``Anatomy.lean``, beside what all of them have.
        defaults: of config.json where it does not say.
    """

    model_type: str
    title: str
    licence: str
    example: str
    blocks: str = "encoder.layers"
    neurons: str = "feed_forward.intermediate_act_fn"
    pick: int | None = None
    last_norm: Literal["always", "pre-norm", "never"] = "pre-norm"
    order: Literal["configured", "post-norm", "macaron"] = "configured"
    leaks: str = ""
    lean: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=lambda: _DEFAULTS)

    def anatomy(self, config: Settings, preprocessor: Settings, site: str) -> Anatomy:
        """Tell a model's anatomy; see ``Family``."""
        config = config.with_defaults(self.defaults)
        preprocessor = preprocessor.with_defaults({"sampling_rate": 16_000})
        widths = config.counts("conv_dim")
        convolutions = Convolutions(
            config.counts("conv_kernel", len(widths)), config.counts("conv_stride", len(widths))
        )
        squeeze = config.count("squeeze_factor") if "squeeze_factor" in self.defaults else 1
        least = convolutions.samples(squeeze)
        if least > MOST:
            raise config.wrong("conv_kernel", config.get("conv_kernel"), f"a frame of at most {MOST} samples")
        config.bound(_TABLES, _MOST_IN_TABLES)
        layers = self._blocks.layers(config, site)
        if site == "hidden":
            layers = (self._conv(widths[-1]), *layers, *self._norm(config))
        leak = self._leak(config)
        return Anatomy(
            layers=layers,
            what=self._what(config, site, leak),
            batchable=not leak,
            sample_rate=preprocessor.sampling_rate(),
            min_samples=least,
            frames=partial(_frames, convolutions, squeeze, tuple(each.name for each in layers)),
            front_end=FRONT_END,
            lean=(STRETCHES, *self.lean),
            overrides={"add_adapter": False},
            options={"convolutions": convolutions, "masked": config.get("feat_extract_norm") == "layer"},
        )

    @property
    def _blocks(self) -> Blocks:
        return Blocks(path=self.blocks, neurons=self.neurons, pick=self.pick)

    def _conv(self, width: int) -> LayerSpec:
        return LayerSpec("conv", width, in_all=False, tap=Tap("feature_extractor", axes="BDF"))

    def _norm(self, config: Settings) -> list[LayerSpec]:
        there = self.last_norm == "always" or (self.last_norm == "pre-norm" and self._is_pre_norm(config))
        width = config.count("hidden_size")
        return [LayerSpec("norm", width, in_all=False, tap=Tap("encoder.layer_norm"))] if there else []

    def _is_pre_norm(self, config: Settings) -> bool:
        return self.order == "configured" and config.flag("do_stable_layer_norm")

    def _leak(self, config: Settings) -> str:
        """Why padding reaches the frames of shorter utterances; empty = masks keep it out."""
        if config.choice("feat_extract_norm", ("group", "layer")) == "group":
            return "the first convolution is normalised over time, padding included"
        if config.flag("conv_pos_batch_norm"):
            return "a batch norm makes frames of the padding, which the position convolution sees"
        return self.leaks

    def _what(self, config: Settings, site: str, leak: str) -> str:
        order = PRE_NORM if self._is_pre_norm(config) else MACARON if self.order == "macaron" else POST_NORM
        parts = [self._blocks.what(config, site, order)]
        if site == "hidden":
            parts.insert(0, "conv: output of feature_extractor, before its LayerNorm and projection")
        elif self.order == "macaron":
            parts.append(SECOND)
        if site == "hidden" and self._norm(config):
            parts.append("norm: output of encoder.layer_norm, the LayerNorm behind the last block")
        if leak:
            parts.append(f"no padded batches: {leak}")
        return "; ".join(parts)


def _frames(convolutions: Convolutions, squeeze: int, names: tuple[str, ...], samples: int) -> dict[str, int]:
    """Count each layer's frames: ``conv`` has those of the convolutions, blocks behind a pooling fewer."""
    frames = convolutions.frames(samples)
    return {name: frames if name == "conv" else frames // squeeze for name in names}


WAVEFORM_FAMILIES = (
    WaveformFamily(
        model_type="wav2vec2",
        title="wav2vec 2.0",
        licence="Apache-2.0 (facebook's)",
        example="facebook/wav2vec2-base",
    ),
    WaveformFamily(
        model_type="hubert",
        title="HuBERT",
        licence="Apache-2.0 (facebook's)",
        example="facebook/hubert-base-ls960",
    ),
    WaveformFamily(
        model_type="wavlm",
        title="WavLM",
        licence="CC BY-SA 3.0 (microsoft's)",
        example="microsoft/wavlm-base-plus",
        pick=0,
        lean=("neuroscope_transformers.running.wavlm:gate_in_parts",),
    ),
    WaveformFamily(
        model_type="data2vec-audio",
        title="data2vec audio",
        licence="Apache-2.0 (facebook's)",
        example="facebook/data2vec-audio-base",
        last_norm="never",
        order="post-norm",
        leaks="its position convolutions, several in a row, make frames of the padding",
        defaults=_DEFAULTS | {"feat_extract_norm": "layer"},
    ),
    WaveformFamily(
        model_type="unispeech",
        title="UniSpeech",
        licence="CC BY-SA 3.0 (microsoft's)",
        example="microsoft/unispeech-large-1500h-cv",
    ),
    WaveformFamily(
        model_type="unispeech-sat",
        title="UniSpeech-SAT",
        licence="CC BY-SA 3.0 (microsoft's)",
        example="microsoft/unispeech-sat-base",
    ),
    WaveformFamily(
        model_type="sew",
        title="SEW",
        licence="Apache-2.0 (asapp's)",
        example="asapp/sew-tiny-100k",
        last_norm="never",
        order="post-norm",
        leaks="pooling and position convolution mix an odd last frame with the padding",
        defaults=_SQUEEZED,
    ),
    WaveformFamily(
        model_type="sew-d",
        title="SEW-D",
        licence="Apache-2.0 (asapp's)",
        example="asapp/sew-d-tiny-100k",
        blocks="encoder.encoder.layer",
        neurons="intermediate.intermediate_act_fn",
        last_norm="never",
        order="post-norm",
        leaks="pooling and position convolution mix an odd last frame with the padding",
        defaults=_SQUEEZED,
    ),
    WaveformFamily(
        model_type="wav2vec2-conformer",
        title="wav2vec 2.0 Conformer",
        licence="Apache-2.0 (facebook's)",
        example="facebook/wav2vec2-conformer-rel-pos-large",
        neurons="ffn2.intermediate_act_fn",
        last_norm="always",
        order="macaron",
        leaks="the convolution in each block sees the padding",
        lean=("neuroscope_transformers.running.conformer:relate_in_parts",),
    ),
)
"""In the order in which they are listed."""
