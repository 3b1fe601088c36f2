"""The front end of Whisper: log-mel spectra of pieces that are filled up with silence, as it was trained."""

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


class LogMelFrontEnd:
    """Pieces of as many samples as the encoder has positions for, each the library's own log-mel spectrum.

    Args:
        anatomy: of the model; ``options`` say what the library's extractor is made of.
        preprocessor: not needed beside it; its dither, noise that is added in training, is left out.
        device: of the network.
    """

    def __init__(self, anatomy: Anatomy, preprocessor: Settings, device: str) -> None:
        from transformers import WhisperFeatureExtractor

        self._anatomy, self._device = anatomy, device
        self._window: int = anatomy.options["window"]
        make: Any = WhisperFeatureExtractor  # has no types
        self._extractor = make(
            feature_size=anatomy.options["bands"],
            sampling_rate=anatomy.sample_rate,
            hop_length=anatomy.options["hop"],
            n_fft=anatomy.options["n_fft"],
        )

    def pieces(self, batch: WaveBatch) -> Iterator[Piece]:
        """Yield ``input_features`` [B, bands, frames] of each window in turn; who has ended is silence."""
        for start in range(0, int(batch.lengths.max()), self._window):
            counts = (batch.lengths - start).clamp(0, self._window).tolist()
            counted = [self._anatomy.frames(count) for count in counts]
            waves = [row[start : start + count] for row, count in zip(batch.samples, counts, strict=True)]
            features = torch.cat([self._log_mel(wave) for wave in waves])
            lengths = {name: torch.tensor([each[name] for each in counted], device=self._device) for name in counted[0]}
            yield Piece({"input_features": features.to(self._device)}, lengths)

    def _log_mel(self, wave: Tensor) -> Tensor:
        samples = wave.numpy() if len(wave) else torch.zeros(1).numpy()
        made = self._extractor(
            samples, sampling_rate=self._anatomy.sample_rate, max_length=self._window, return_tensors="pt"
        )
        features: Tensor = made["input_features"]
        return features
