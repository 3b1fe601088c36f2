"""Whisper's encoder, which sees 30 s at a time: shorter audio is filled with silence, longer audio goes in pieces."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from neuroscope import LayerSpec, Tap
from neuroscope_transformers.families.anatomy import Anatomy
from neuroscope_transformers.families.blocks import PRE_NORM, Blocks
from neuroscope_transformers.families.filter_bank import MOST_BANDS, MOST_FRAMES

if TYPE_CHECKING:
    from neuroscope_transformers.families.settings import Settings

ONE_WINDOW = 1.0
"""Seconds of audio a batch, where a window is filled up whatever there is: nearly every utterance goes alone on a CPU,
where windows side by side are no quicker."""
MOST_FOURIER = 2**14
"""Samples of a window of the Fourier transform."""
MOST_POSITIONS = MOST_FRAMES // 2
BLOCKS = Blocks(
    path="layers",
    neurons="activation_fn",
    count="encoder_layers",
    width="d_model",
    inner="encoder_ffn_dim",
    heads="encoder_attention_heads",
)
DEFAULTS = MappingProxyType(
    {
        "d_model": 384,
        "encoder_layers": 4,
        "encoder_attention_heads": 6,
        "encoder_ffn_dim": 1536,
        "max_source_positions": 1500,
        "num_mel_bins": 80,
    }
)
FEATURES = MappingProxyType({"sampling_rate": 16_000, "hop_length": 160, "n_fft": 400})


@dataclass(frozen=True, slots=True, kw_only=True)
class WhisperFamily:
    """Whisper. Its decoder is neither run nor, but for its table of tokens, loaded."""

    model_type: str = "whisper"
    title: str = "Whisper (encoder)"
    licence: str = "Apache-2.0 (openai's)"
    example: str = "openai/whisper-base"

    def anatomy(self, config: Settings, preprocessor: Settings, site: str) -> Anatomy:
        """Tell a model's anatomy; see ``Family``."""
        config, preprocessor = config.with_defaults(DEFAULTS), preprocessor.with_defaults(FEATURES)
        rate, bands = preprocessor.sampling_rate(), _bands(config)
        fourier = preprocessor.count("n_fft", least=2, most=MOST_FOURIER)
        if fourier % 2:
            raise preprocessor.wrong("n_fft", fourier, "an even number")
        hop = preprocessor.count("hop_length", most=fourier)
        window = 2 * hop * config.count("max_source_positions", most=MOST_POSITIONS)
        preprocessor.must_be("feature_size", bands, f"num_mel_bins of {config.file}")
        preprocessor.must_be("chunk_length", window / rate, f"max_source_positions of {config.file}")
        layers = _layers(config, site)
        return Anatomy(
            layers=layers,
            what=_what(config, site, window / rate),
            batchable=True,
            sample_rate=rate,
            min_samples=1,
            frames=partial(_frames, hop, window, tuple(each.name for each in layers)),
            front_end="neuroscope_transformers.features.log_mel:LogMelFrontEnd",
            part="encoder",
            streams=True,
            batch_seconds=ONE_WINDOW,
            overrides={"decoder_layers": 0},
            options={"window": window, "hop": hop, "bands": bands, "n_fft": fourier},
        )


def behind_gelu(output: Any) -> Any:
    """Compute what the encoder makes of its second convolution's output before positions are added."""
    from torch.nn.functional import gelu

    return gelu(output)


def _bands(config: Settings) -> int:
    return config.count("num_mel_bins", most=MOST_BANDS)


def _layers(config: Settings, site: str) -> tuple[LayerSpec, ...]:
    layers, width = BLOCKS.layers(config, site), config.count("d_model")
    if site == "ffn":
        return layers
    conv = LayerSpec("conv", width, in_all=False, tap=Tap("conv2", behind_gelu, axes="BDF"))
    return (conv, *layers, LayerSpec("norm", width, in_all=False, tap=Tap("layer_norm")))


def _what(config: Settings, site: str, seconds: float) -> str:
    parts = [BLOCKS.what(config, site, PRE_NORM)]
    if site == "hidden":
        parts.insert(0, "conv: output of conv2 behind its GELU, before positions are added")
        parts.append("norm: output of layer_norm, the LayerNorm behind the last block")
    parts.append(
        f"all in the encoder, which sees {seconds:g} s: frames of the audio alone count, and longer audio goes in "
        "pieces, whose positions begin anew"
    )
    return "; ".join(parts)


def _frames(hop: int, window: int, names: tuple[str, ...], samples: int) -> dict[str, int]:
    """Count frames as the model's mask does: a mel frame for each hop begun, of which a convolution takes half."""
    pieces, rest = divmod(samples, window)
    return dict.fromkeys(names, pieces * (window // (2 * hop)) - (-rest // (2 * hop)))
