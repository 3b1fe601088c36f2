"""Wav2Vec2-BERT: conformer blocks on a filter bank whose frames are taken two at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from neuroscope import LayerSpec, Tap
from neuroscope_transformers.families.anatomy import Anatomy
from neuroscope_transformers.families.blocks import MACARON, SECOND, Blocks
from neuroscope_transformers.families.filter_bank import HOP, MOST_BANDS, MOST_FRAMES, WINDOW, filter_bank_frames

if TYPE_CHECKING:
    from neuroscope_transformers.families.settings import Settings

BLOCKS = Blocks(path="encoder.layers", neurons="ffn2.intermediate_act_fn")
_TABLES = ("max_source_positions", "left_max_position_embeddings", "right_max_position_embeddings")
DEFAULTS = MappingProxyType(
    {
        "hidden_size": 1024,
        "num_hidden_layers": 24,
        "num_attention_heads": 16,
        "intermediate_size": 4096,
        "feature_projection_input_dim": 160,
    }
)
MOST_STRIDE = 16
FEATURES = MappingProxyType({"sampling_rate": 16_000, "num_mel_bins": 80, "stride": 2})


@dataclass(frozen=True, slots=True, kw_only=True)
class StackedFamily:
    """Wav2Vec2-BERT. Whatever adapter stands behind its blocks is left out."""

    model_type: str = "wav2vec2-bert"
    title: str = "Wav2Vec2-BERT"
    licence: str = "MIT (facebook's)"
    example: str = "facebook/w2v-bert-2.0"

    def anatomy(self, config: Settings, preprocessor: Settings, site: str) -> Anatomy:
        """Tell a model's anatomy; see ``Family``."""
        config, preprocessor = config.with_defaults(DEFAULTS), preprocessor.with_defaults(FEATURES)
        # Frames taken one at a time would be another model: transformers' extractor makes no mask of them.
        stride = preprocessor.count("stride", least=2, most=MOST_STRIDE)
        bands = preprocessor.count("num_mel_bins", most=MOST_BANDS)
        config.must_be("feature_projection_input_dim", stride * bands, f"num_mel_bins x stride of {preprocessor.file}")
        config.bound(_TABLES, MOST_FRAMES)
        layers = _layers(config, site)
        return Anatomy(
            layers=layers,
            what=_what(config, site),
            batchable=True,
            sample_rate=preprocessor.sampling_rate(),
            min_samples=WINDOW + (stride - 1) * HOP,
            frames=partial(_frames, stride, tuple(each.name for each in layers)),
            front_end="neuroscope_transformers.features.stacked:StackedFrontEnd",
            lean=("neuroscope_transformers.running.relative_key:measure_in_parts",),
            overrides={"add_adapter": False, "use_intermediate_ffn_before_adapter": False},
            options={"stride": stride, "bands": bands},
        )


def _layers(config: Settings, site: str) -> tuple[LayerSpec, ...]:
    layers = BLOCKS.layers(config, site)
    if site == "ffn":
        return layers
    first = Tap("feature_projection", 0)
    return (LayerSpec("projection", config.count("hidden_size"), in_all=False, tap=first), *layers)


def _what(config: Settings, site: str) -> str:
    blocks = BLOCKS.what(config, site, MACARON)
    if site == "ffn":
        return f"{blocks}; {SECOND}"
    return f"projection: output of feature_projection, where others have convolutions; {blocks}"


def _frames(stride: int, names: tuple[str, ...], samples: int) -> dict[str, int]:
    return dict.fromkeys(names, filter_bank_frames(samples) // stride)
