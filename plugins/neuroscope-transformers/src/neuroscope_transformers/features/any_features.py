"""The front end of models that were looked at: whatever their own feature extractor makes of one utterance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch  # noqa: TID253 - this module is imported when a model is loaded, never before

from neuroscope_transformers.features.extractors import extractor_class, features_of, with_settings
from neuroscope_transformers.running.front_end import Piece

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neuroscope import WaveBatch
    from neuroscope_transformers.families.anatomy import Anatomy
    from neuroscope_transformers.families.settings import Settings


class AnyFrontEnd:
    """Features by the library's own extractor.

    Args:
        anatomy: of the model; ``options`` say which ``extractor`` it has, and which of its output the model takes.
        preprocessor: settings of the extractor.
        device: of the network.
    """

    def __init__(self, anatomy: Anatomy, preprocessor: Settings, device: str) -> None:
        self._device, self._inputs = device, anatomy.options["inputs"]
        self._extractor = with_settings(extractor_class(anatomy.options["extractor"]), preprocessor.values)

    def pieces(self, batch: WaveBatch) -> Iterator[Piece]:
        """Yield one pass of utterances of one length; every frame that comes is theirs."""
        rows = [row[:count] for row, count in zip(batch.samples, batch.lengths.tolist(), strict=True)]
        features = [features_of(self._extractor, row) for row in rows]
        yield Piece({name: torch.cat([each[name] for each in features]).to(self._device) for name in self._inputs})
