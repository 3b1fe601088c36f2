"""Convolutions over long waveforms in stretches of time, so that memory does not grow with the utterance.

Behind the first convolution of wav2vec 2.0 a minute is 393 MB in every tensor. In stretches every frame sees the same
samples as in one go, and the norm over time of group-norm models has its statistics from the whole utterance; sums are
rounded elsewhere (by less than 1e-6 of the largest value). Short stretches are also faster: they stay in the cache.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch  # noqa: TID253 - this module is imported when a model is loaded, never before

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor
    from torch.nn import Module

    from neuroscope_transformers.families.anatomy import Anatomy
    from neuroscope_transformers.families.convolutions import Convolutions

STRETCH = 100
"""Frames of a stretch: 2 s of a model that has a frame every 20 ms."""
_FIRST = 80 * STRETCH
"""Frames of the first convolution of which statistics are taken at a time."""


def run_in_stretches(network: Module, anatomy: Anatomy) -> None:
    """Let ``feature_extractor``, whose convolutions are the list ``conv_layers``, run stretch by stretch."""
    encoder: Any = network.feature_extractor
    encoder.forward = partial(_forward, encoder.conv_layers, anatomy.options["convolutions"])


def _forward(layers: Any, convolutions: Convolutions, input_values: Tensor) -> Tensor:
    """Samples [B, T] -> frames [B, D, F]."""
    first, *others = layers
    run_first = _over_time(first, input_values) if _is_over_time(first) else first
    total = convolutions.frames(input_values.shape[1])
    made = input_values.new_empty(len(input_values), layers[-1].conv.out_channels, total)
    for start, end in _spans(total, STRETCH):
        begin = convolutions.samples_before(start)
        hidden = run_first(input_values[:, None, begin : begin + convolutions.samples(end - start)])
        for layer in others:
            hidden = layer(hidden)
        made[:, :, start:end] = hidden
    return made


def _is_over_time(layer: Module) -> bool:
    return isinstance(getattr(layer, "layer_norm", None), torch.nn.GroupNorm)


def _over_time(layer: Any, input_values: Tensor) -> Callable[[Tensor], Tensor]:
    """Make the first convolution of a group-norm model, its norm with the statistics of the whole waveform."""
    mean, variance = _statistics(layer.conv, input_values)
    norm = layer.layer_norm
    scale = norm.weight[:, None] / torch.sqrt(variance + norm.eps)
    shift = norm.bias[:, None] - mean * scale

    def run(samples: Tensor) -> Tensor:
        activated: Tensor = layer.activation(layer.conv(samples).mul_(scale).add_(shift))
        return activated

    return run


def _statistics(convolution: torch.nn.Conv1d, input_values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and population variance over time of a convolution's output, [B, D, 1] each."""
    (kernel,), (stride,) = convolution.kernel_size, convolution.stride
    total = (input_values.shape[1] - kernel) // stride + 1
    mean = squares = torch.zeros(1, dtype=torch.float64, device=input_values.device)
    for start, end in _spans(total, _FIRST):
        part = convolution(input_values[:, None, start * stride : (end - 1) * stride + kernel])
        variance, here = torch.var_mean(part, dim=2, correction=0, keepdim=True)
        apart = here.double() - mean
        squares = squares + (end - start) * (variance.double() + apart.square() * (start / end))
        mean = mean + apart * ((end - start) / end)
    return mean.to(input_values.dtype), (squares / total).to(input_values.dtype)


def _spans(total: int, size: int) -> Iterator[tuple[int, int]]:
    return ((start, min(start + size, total)) for start in range(0, total, size))
