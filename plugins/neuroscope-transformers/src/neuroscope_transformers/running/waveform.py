"""The front end of models that read samples: normalised by utterance where the model was trained so, and masked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch  # noqa: TID253 - this module is imported when a model is loaded, never before

from neuroscope_transformers.running.front_end import Piece

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from neuroscope import WaveBatch
    from neuroscope_transformers.families.anatomy import Anatomy
    from neuroscope_transformers.families.settings import Settings

_EPSILON = 1e-7
"""Added to an utterance's variance, as transformers' Wav2Vec2FeatureExtractor does."""


class WaveformFrontEnd:
    """Samples as the network takes them.

    Args:
        anatomy: of the model; ``options["masked"]`` says whether it takes a mask of the samples.
        preprocessor: says with ``do_normalize`` whether an utterance is normalised to mean 0 and variance 1.
        device: of the network.
    """

    def __init__(self, anatomy: Anatomy, preprocessor: Settings, device: str) -> None:
        self._frames = anatomy.frames
        self._normalise = preprocessor.with_defaults({"do_normalize": True}).flag("do_normalize")
        self._masked = bool(anatomy.options["masked"])
        self._device = device

    def pieces(self, batch: WaveBatch) -> Iterator[Piece]:
        """Yield one pass: ``input_values`` [B, T], and a mask where utterances are of different lengths."""
        counts = batch.lengths.tolist()
        counted = [self._frames(count) for count in counts]
        lengths = {name: torch.tensor([each[name] for each in counted], device=self._device) for name in counted[0]}
        inputs: dict[str, Tensor | None] = {"input_values": self._values(batch, counts).to(self._device)}
        if self._masked and len(set(counts)) > 1:
            places = torch.arange(batch.samples.shape[1])
            inputs["attention_mask"] = (places < batch.lengths[:, None]).long().to(self._device)
        yield Piece(inputs, lengths)

    def _values(self, batch: WaveBatch, counts: list[int]) -> Tensor:
        if not self._normalise:
            return batch.samples
        values = torch.zeros_like(batch.samples)
        for row, count in enumerate(counts):
            own = batch.samples[row, :count]
            variance, mean = torch.var_mean(own, correction=0)
            values[row, :count] = (own - mean) / torch.sqrt(variance + _EPSILON)
        return values
