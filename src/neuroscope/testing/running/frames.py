"""Run a backbone on one recording, as a test of its own does that compares it with what it wraps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch  # noqa: TID253 - this module is imported when a backbone is run

from neuroscope.contracts.audio import WaveBatch
from neuroscope.errors import BadOption, PluginBroken
from neuroscope.extraction.contract.blocks import (
    blocks_of,
    load_backbone,
    problem_with_lengths,
    problem_with_missing,
    problem_with_name,
    problem_with_shape,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from torch import Tensor

    from neuroscope.contracts.backbone import BackboneSpec


def frames(spec: BackboneSpec, samples: ArrayLike | Tensor, device: str) -> dict[str, Tensor]:
    """Load a backbone and run one recording; see ``testing.frames``."""
    waveform = _waveform(samples)
    if len(waveform) < spec.min_samples:
        raise BadOption(f"{len(waveform)} samples are fewer than the {spec.min_samples} that the backbone takes")
    came: dict[str, list[Tensor]] = {layer.name: [] for layer in spec.layers}
    batch = WaveBatch(waveform[None], torch.tensor([len(waveform)]))
    widths = {layer.name: layer.width for layer in spec.layers}
    backbone = load_backbone(spec, device)
    with torch.inference_mode():
        for block in blocks_of(backbone, batch):
            for layer, each in block.items():
                if problem := (
                    problem_with_name(layer, widths)
                    or problem_with_shape(layer, each, widths[layer], 1)
                    or problem_with_lengths(layer, each, 1)
                ):
                    raise PluginBroken(problem)
                own = each.values[0, : int(each.lengths[0])]
                came[layer].append(own.to("cpu", copy=True))  # a model may write the next block there
    if problem := problem_with_missing([layer for layer, blocks in came.items() if blocks], widths):
        raise PluginBroken(problem)
    return {layer: torch.cat(blocks) for layer, blocks in came.items()}


def _waveform(samples: Any) -> Tensor:
    """Copy samples as float32 ``[T]``, so that nobody changes what was given."""
    made = samples.detach().cpu().numpy() if isinstance(samples, torch.Tensor) else np.asarray(samples)
    if made.ndim != 1 or made.dtype.kind != "f":
        raise BadOption(f"samples are {made.dtype} {list(made.shape)}: expected one recording, float [samples]")
    return torch.from_numpy(made.astype(np.float32))
