"""The backbone itself: passes of the network, and what its hooked modules put out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch  # noqa: TID253 - this module is imported when a model is loaded, never before

from neuroscope import Frames
from neuroscope.capture import capture

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from neuroscope import LayerSpec, WaveBatch
    from neuroscope_transformers.running.front_end import FrontEnd


class Encoder:
    """A network of transformers with hooks on the modules that its layers' taps name.

    Args:
        network: in evaluation mode, on its device.
        front_end: makes its inputs.
        layers: with taps.
    """

    def __init__(self, network: torch.nn.Module, front_end: FrontEnd, layers: Sequence[LayerSpec]) -> None:
        self.network = network
        self._front_end, self._layers = front_end, tuple(layers)

    def extract(self, batch: WaveBatch) -> Iterator[Mapping[str, Frames]]:
        """Yield float32 ``[B, F, D]`` of each layer, for each piece in time that the front end makes."""
        for piece in self._front_end.pieces(batch):
            with torch.inference_mode(), capture(self.network, self._layers) as captured:
                self.network(**piece.inputs)
            yield {name: Frames(values.float(), piece.lengths[name]) for name, values in captured.items()}
