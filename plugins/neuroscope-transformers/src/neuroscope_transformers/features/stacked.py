"""The front end of Wav2Vec2-BERT: a filter bank, each band normalised over the utterance, two frames at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch  # noqa: TID253 - this module is imported when a model is loaded, never before

from neuroscope_transformers.running.front_end import Piece

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from neuroscope import WaveBatch
    from neuroscope_transformers.families.anatomy import Anatomy
    from neuroscope_transformers.families.settings import Settings


class StackedFrontEnd:
    """The library's own features of each utterance by itself, side by side with a mask.

    Args:
        anatomy: of the model; ``options`` say how many frames are taken at a time (``stride``), and the ``bands``.
        preprocessor: not needed beside it.
        device: of the network.
    """

    def __init__(self, anatomy: Anatomy, preprocessor: Settings, device: str) -> None:
        from transformers import SeamlessM4TFeatureExtractor

        self._anatomy, self._device = anatomy, device
        self._stride: int = anatomy.options["stride"]
        make: Any = SeamlessM4TFeatureExtractor  # has no types
        self._extractor = make(
            feature_size=anatomy.options["bands"],
            num_mel_bins=anatomy.options["bands"],
            sampling_rate=anatomy.sample_rate,
            stride=self._stride,
        )

    def pieces(self, batch: WaveBatch) -> Iterator[Piece]:
        """Yield one pass: ``input_features`` [B, F, stride x bands], and a mask where lengths differ."""
        counts = batch.lengths.tolist()
        features = [self._features(row[:count]) for row, count in zip(batch.samples, counts, strict=True)]
        own = torch.tensor([len(each) for each in features], device=self._device)
        inputs: dict[str, Tensor | None] = {
            "input_features": torch.nn.utils.rnn.pad_sequence(features, batch_first=True).to(self._device)
        }
        if len(set(own.tolist())) > 1:
            places = torch.arange(int(own.max()), device=self._device)
            inputs["attention_mask"] = (places < own[:, None]).long()
        yield Piece(inputs, {layer.name: own for layer in self._anatomy.layers})

    def _features(self, wave: Tensor) -> Tensor:
        """Compute ``[F, stride x bands]``; what is left over at the end, less than a stride, is no frame."""
        made = self._extractor(
            wave.numpy(), sampling_rate=self._anatomy.sample_rate, pad_to_multiple_of=self._stride, return_tensors="pt"
        )
        frames = int(made["attention_mask"].sum())
        features: Tensor = made["input_features"][0, :frames]
        return features
