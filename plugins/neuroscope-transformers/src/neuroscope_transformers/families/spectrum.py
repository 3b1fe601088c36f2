"""Encoders of spectra: Whisper, the Audio Spectrogram Transformer, Wav2Vec2-BERT."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from neuroscope import LayerSpec, Tap
from neuroscope_transformers.families.anatomy import Anatomy
from neuroscope_transformers.families.blocks import Blocks

if TYPE_CHECKING:
    from neuroscope_transformers.families.settings import Settings

HOP, WINDOW = 160, 400
"""Samples from one frame of a Kaldi filter bank to the next, and those that a frame sees, at 16 kHz."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhisperFamily:
    """Whisper's encoder, which sees 30 s at a time: shorter audio is filled with silence, longer goes in pieces."""

    model_type: str = "whisper"
    title: str = "Whisper (encoder)"
    licence: str = "Apache-2.0 (openai's)"

    def anatomy(self, config: Settings, preprocessor: Settings, site: str) -> Anatomy:
        """Tell a model's anatomy; see ``Family``."""
        config, preprocessor = config.with_defaults(_WHISPER), preprocessor.with_defaults(_LOG_MEL)
        width, positions, hop = (
            config.count("d_model"),
            config.count("max_source_positions"),
            preprocessor.count("hop_length"),
        )
        rate, window = preprocessor.count("sampling_rate"), 2 * positions * hop
        _same(preprocessor, "feature_size", config.count("num_mel_bins"), f"num_mel_bins of {config.file} says")
        if preprocessor.get("chunk_length") is not None and preprocessor.count("chunk_length") * rate != window:
            seconds = f"{window / rate:g}, as max_source_positions of {config.file} says"
            raise preprocessor.wrong("chunk_length", preprocessor.get("chunk_length"), seconds)
        layers = _WHISPER_BLOCKS.layers(config, site)
        if site == "hidden":
            conv = LayerSpec("conv", width, in_all=False, tap=Tap("conv2", behind_gelu, axes="BDF"))
            layers = (conv, *layers, LayerSpec("norm", width, in_all=False, tap=Tap("layer_norm")))
        return Anatomy(
            layers=layers,
            what=_joined(
                "conv: output of conv2 behind its GELU, before positions are added" if site == "hidden" else "",
                _WHISPER_BLOCKS.what(config, site, _PRE_NORM),
                "norm: output of layer_norm, the LayerNorm behind the last block" if site == "hidden" else "",
                f"all in the encoder, which sees {window / rate:g} s: frames of the audio alone count, and longer audio "
                "goes in pieces, whose positions begin anew",
            ),
            batchable=True,
            sample_rate=rate,
            min_samples=1,
            frames=partial(_whisper_frames, hop, window, tuple(each.name for each in layers)),
            front_end="neuroscope_transformers.running.log_mel:LogMelFrontEnd",
            part="encoder",
            streams=True,
            batch_seconds=ONE_WINDOW,
            overrides={"decoder_layers": 0},
            options={"window": window, "hop": hop, "bands": config.count("num_mel_bins")},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchFamily:
    """The Audio Spectrogram Transformer: a token a patch of the spectrum, 16 frames by 16 bands."""

    model_type: str = "audio-spectrogram-transformer"
    title: str = "AST"
    licence: str = "BSD-3-Clause (MIT's)"

    def anatomy(self, config: Settings, preprocessor: Settings, site: str) -> Anatomy:
        """Tell a model's anatomy; see ``Family``."""
        config, preprocessor = config.with_defaults(_AST), preprocessor.with_defaults(_AST_FEATURES)
        patches = _patches(config)
        for name in ("max_length", "num_mel_bins"):
            if preprocessor.get(name) is not None:
                _same(preprocessor, name, config.count(name), f"{config.file} says")
        tokens = TimeMajor(2, patches.across)
        blocks = Blocks(path="layers", neurons="mlp.activation_fn", pick=tokens, neurons_pick=tokens)
        layers, width = blocks.layers(config, site), config.count("hidden_size")
        if site == "hidden":
            conv = Tap("embeddings.patch_embeddings", TimeMajor(0, patches.across))
            norm = LayerSpec("norm", width, in_all=False, tap=Tap("layernorm", tokens))
            layers = (LayerSpec("conv", width, in_all=False, tap=conv), *layers, norm)
        rate = preprocessor.count("sampling_rate")
        return Anatomy(
            layers=layers,
            what=_joined(
                "conv: output of embeddings.patch_embeddings, before positions are added" if site == "hidden" else "",
                blocks.what(config, site, _PRE_NORM),
                "norm: output of layernorm, the LayerNorm behind the last block" if site == "hidden" else "",
                f"a frame is the token of a patch, {patches.across} of them (low bands first) every "
                f"{patches.step * HOP / rate:g} s; the two special tokens are no frames; audio beyond "
                f"{patches.window * HOP / rate:g} s goes in pieces, whose positions begin anew",
            ),
            batchable=True,
            sample_rate=rate,
            min_samples=WINDOW + (patches.size - 1) * HOP,
            frames=partial(_ast_frames, patches, tuple(each.name for each in layers)),
            front_end="neuroscope_transformers.running.patches:PatchFrontEnd",
            streams=True,
            batch_seconds=ONE_WINDOW,
            options={"patches": patches, "bands": config.count("num_mel_bins"), **_scale(preprocessor)},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StackedFamily:
    """Wav2Vec2-BERT: conformer blocks on a filter bank whose frames are taken two at a time."""

    model_type: str = "wav2vec2-bert"
    title: str = "Wav2Vec2-BERT"
    licence: str = "MIT (facebook's)"

    def anatomy(self, config: Settings, preprocessor: Settings, site: str) -> Anatomy:
        """Tell a model's anatomy; see ``Family``."""
        config, preprocessor = config.with_defaults(_BERT), preprocessor.with_defaults(_STACKED)
        stride, bands = preprocessor.count("stride"), preprocessor.count("num_mel_bins")
        wide = config.count("feature_projection_input_dim")
        if stride * bands != wide:
            raise preprocessor.wrong("num_mel_bins", bands, f"{wide} / stride, as {config.file} says")
        layers = _BERT_BLOCKS.layers(config, site)
        if site == "hidden":
            first = Tap("feature_projection", 0)
            layers = (LayerSpec("projection", config.count("hidden_size"), in_all=False, tap=first), *layers)
        return Anatomy(
            layers=layers,
            what=_joined(
                "projection: output of feature_projection, where others have convolutions" if site == "hidden" else "",
                _BERT_BLOCKS.what(config, site, "after the block's final_layer_norm (conformer)"),
                "ffn2 is the second of a block's two feed-forward modules" if site == "ffn" else "",
            ),
            batchable=True,
            sample_rate=preprocessor.count("sampling_rate"),
            min_samples=WINDOW + (max(stride, 2) - 1) * HOP,  # one frame has no variance
            frames=partial(_stacked_frames, stride, tuple(each.name for each in layers)),
            front_end="neuroscope_transformers.running.stacked:StackedFrontEnd",
            adapt="neuroscope_transformers.running.relative_key:lean",
            overrides={"add_adapter": False, "use_intermediate_ffn_before_adapter": False},
            options={"stride": stride, "bands": bands},
        )


@dataclass(frozen=True, slots=True)
class Patches:
    """Patches of a spectrum, in a window of so many frames.

    Attributes:
        size: frames and bands of a patch.
        step: frames from one patch to the next.
        across: patches over the bands.
        window: frames that the model sees at a time.
    """

    size: int
    step: int
    across: int
    window: int

    @property
    def along(self) -> int:
        """Patches over the time of a window."""
        return (self.window - self.size) // self.step + 1

    def tokens(self, frames: int) -> int:
        """Count the tokens whose patch lies within so many frames of audio, in one window."""
        return self.across * min(max((frames - self.size) // self.step + 1, 0), self.along)


@dataclass(frozen=True, slots=True)
class TimeMajor:
    """A pick of tokens without the special ones in front, ordered by time and then by band; the model's go by band first.

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


def behind_gelu(output: Any) -> Any:
    """What Whisper makes of its second convolution's output before positions are added."""
    from torch.nn.functional import gelu

    return gelu(output)


def fbank_frames(samples: int) -> int:
    """Count the frames of a Kaldi filter bank: windows that lie within the audio."""
    return max(0, 1 + (samples - WINDOW) // HOP)


def _whisper_frames(hop: int, window: int, names: tuple[str, ...], samples: int) -> dict[str, int]:
    """Count frames as the model's mask does: a mel frame a hop, begun ones too, of which a convolution takes every other."""
    pieces, rest = divmod(samples, window)
    frames = pieces * (window // (2 * hop)) + -(-rest // (2 * hop))
    return dict.fromkeys(names, frames)


def _ast_frames(patches: Patches, names: tuple[str, ...], samples: int) -> dict[str, int]:
    """Count tokens: pieces go on where the last one's patches ended, as if there were no pieces."""
    along = max((fbank_frames(samples) - patches.size) // patches.step + 1, 0)
    return dict.fromkeys(names, along * patches.across)


def _stacked_frames(stride: int, names: tuple[str, ...], samples: int) -> dict[str, int]:
    return dict.fromkeys(names, fbank_frames(samples) // stride)


def _patches(config: Settings) -> Patches:
    size, bands = config.count("patch_size"), config.count("num_mel_bins")
    if bands < size:
        raise config.wrong("num_mel_bins", bands, f"{size} or more, the bands of a patch")
    window = config.count("max_length", least=size)
    across = (bands - size) // config.count("frequency_stride") + 1
    return Patches(size=size, step=config.count("time_stride"), across=across, window=window)


def _scale(preprocessor: Settings) -> dict[str, float]:
    """What is taken from the features, and what the rest is divided by."""
    if not preprocessor.flag("do_normalize"):
        return {"mean": 0.0, "spread": 1.0}
    return {"mean": preprocessor.number("mean"), "spread": 2 * preprocessor.number("std", above=0.0)}


def _same(settings: Settings, name: str, expected: int, why: str) -> None:
    """Raise BadOption where a setting is there and is another number than it has to be."""
    if settings.get(name) is not None and settings.count(name) != expected:
        raise settings.wrong(name, settings.get(name), f"{expected}, as {why}")


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


_PRE_NORM = "the residual stream, before the next block's norm (pre-norm)"
_WHISPER_BLOCKS = Blocks(
    path="layers", neurons="activation_fn", count="encoder_layers", width="d_model", inner="encoder_ffn_dim"
)
_BERT_BLOCKS = Blocks(path="encoder.layers", neurons="ffn2.intermediate_act_fn")

ONE_WINDOW = 1.0
"""Seconds of audio a batch, where a window is filled up whatever there is: nearly every utterance goes alone, as windows
side by side are no quicker on a CPU."""

_WHISPER = MappingProxyType(
    {
        "d_model": 384,
        "encoder_layers": 4,
        "encoder_ffn_dim": 1536,
        "max_source_positions": 1500,
        "num_mel_bins": 80,
    }
)
_LOG_MEL = MappingProxyType({"sampling_rate": 16_000, "hop_length": 160, "n_fft": 400})
_AST = MappingProxyType(
    {
        "hidden_size": 768,
        "num_hidden_layers": 12,
        "intermediate_size": 3072,
        "patch_size": 16,
        "frequency_stride": 10,
        "time_stride": 10,
        "max_length": 1024,
        "num_mel_bins": 128,
    }
)
_AST_FEATURES = MappingProxyType({"sampling_rate": 16_000, "do_normalize": True, "mean": -4.2677393, "std": 4.5689974})
_BERT = MappingProxyType(
    {
        "hidden_size": 1024,
        "num_hidden_layers": 24,
        "intermediate_size": 4096,
        "feature_projection_input_dim": 160,
    }
)
_STACKED = MappingProxyType({"sampling_rate": 16_000, "num_mel_bins": 80, "stride": 2})

SPECTRUM_FAMILIES = (WhisperFamily(), PatchFamily(), StackedFamily())
"""In the order in which they are listed."""
