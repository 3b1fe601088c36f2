"""The front end of the Audio Spectrogram Transformer: a filter bank in windows of so many frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch  # noqa: TID253 - this module is imported when a model is loaded, never before

from neuroscope_transformers.families.filter_bank import HOP, WINDOW, filter_bank_frames
from neuroscope_transformers.features.filter_bank import hann_filter_bank
from neuroscope_transformers.running.front_end import Piece

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from neuroscope import WaveBatch
    from neuroscope_transformers.families.anatomy import Anatomy
    from neuroscope_transformers.families.patches import Patches
    from neuroscope_transformers.families.settings import Settings


class PatchFrontEnd:
    """Windows of a filter bank, filled up with zeros and normalised, as ``ASTFeatureExtractor`` does.

    Each window begins where the patches of the one before ended, so that none is left out and none comes twice.

    Args:
        anatomy: of the model; ``options`` say how its ``patches`` lie, and how features are scaled.
        preprocessor: not needed beside it.
        device: of the network.
    """

    def __init__(self, anatomy: Anatomy, preprocessor: Settings, device: str) -> None:
        self._device, self._layers = device, [layer.name for layer in anatomy.layers]
        self._patches: Patches = anatomy.options["patches"]
        self._mean, self._spread = anatomy.options["mean"], anatomy.options["spread"]
        self._filter_bank = hann_filter_bank(self._patches.bands, anatomy.sample_rate)

    def pieces(self, batch: WaveBatch) -> Iterator[Piece]:
        """Yield ``input_values`` [B, frames, bands] of each window in turn."""
        frames = [filter_bank_frames(count) for count in batch.lengths.tolist()]
        start = 0
        while any(self._patches.tokens(count - start) for count in frames):
            here = [min(max(count - start, 0), self._patches.window) for count in frames]
            values = torch.zeros(len(here), self._patches.window, self._patches.bands)
            for row, count in enumerate(here):
                if count:
                    values[row, :count] = self._features(batch.samples[row], start, count)
            tokens = torch.tensor([self._patches.tokens(count) for count in here], device=self._device)
            inputs = {"input_values": ((values - self._mean) / self._spread).to(self._device)}
            yield Piece(inputs, dict.fromkeys(self._layers, tokens))
            start += self._patches.along * self._patches.step

    def _features(self, samples: Tensor, start: int, count: int) -> Tensor:
        own = samples[start * HOP : (start + count - 1) * HOP + WINDOW]
        return torch.from_numpy(self._filter_bank(own.numpy()))
