"""The running model: each utterance's vectors, cut into windows of attention, through the encoder."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch  # noqa: TID253 - this module is imported when the model is loaded, never before
from torch.nn.utils.rnn import pad_sequence  # noqa: TID253

from neuroscope import Frames
from neuroscope_s3prl.mockingjay.front_ends import front_end
from neuroscope_s3prl.mockingjay.network import Positions, fuse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import Tensor

    from neuroscope import WaveBatch
    from neuroscope_s3prl.mockingjay.settings import Settings


class Mockingjay:
    """A Mockingjay over whole utterances.

    Args:
        settings: of network and front end.
        network: s3prl's network, filled.
        chunk: frames of an attention window at most; 0 = whole utterances.
        names: of the layers, the entry to the first one included; None = a layer that is not yielded.
        device: where the model runs; its output stays there.

    Attributes:
        network: s3prl's network, with fused modules.
    """

    def __init__(
        self, settings: Settings, network: torch.nn.Module, *, chunk: int, names: Sequence[str | None], device: str
    ) -> None:
        self._settings, self._chunk, self._names, self._device = settings, chunk, tuple(names), device
        self.network = fuse(network).to(device)
        self._front_end = front_end(settings.front).to(device)
        self._positions = Positions(settings.hidden, device)

    def extract(self, batch: WaveBatch) -> Iterator[Mapping[str, Frames]]:
        """Yield a block for each attention window: the layers ``[B, frames, hidden]``, float32.

        An utterance that has no such window any more has no frames in the block.
        """
        waves = batch.samples.to(self._device)
        with torch.inference_mode():
            windows = [self._windows(wave[:length]) for wave, length in zip(waves, batch.lengths.tolist(), strict=True)]
            none = windows[0][0][:0]
        for number in range(max(map(len, windows))):
            with torch.inference_mode():
                block = self._block([each[number] if number < len(each) else none for each in windows])
            yield block

    def _windows(self, wave: Tensor) -> list[Tensor]:
        """Compute an utterance's vectors ``[frames, columns]``, in equal windows as s3prl cuts them."""
        vectors: Tensor = self._front_end(wave)
        count = math.ceil(len(vectors) / self._chunk) if self._chunk else 1
        windows = torch.chunk(vectors, count) if count > 1 else (vectors,)
        return [_stacked(each, self._settings.stacked) for each in windows]

    def _block(self, windows: Sequence[Tensor]) -> dict[str, Frames]:
        """Run one window of each utterance, end to end, and lay the layers' frames side by side."""
        lengths = [len(each) for each in windows]
        # A frame whose columns add up to exactly 0 is padding to s3prl: as many frames are masked, at the end.
        spans = [(len(each), int((each.sum(1) != 0).sum())) for each in windows]
        vectors = torch.cat(list(windows))[None].float()
        positions = torch.cat([self._positions(length) for length in lengths])[None]
        entry = self.network.get_submodule("input_representations")(vectors, positions)
        layers = self.network.get_submodule("encoder")(entry, spans, head_mask=[None] * self._settings.layers)
        tensor = torch.tensor(lengths, device=entry.device)
        return {
            name: Frames(_side_by_side(values, lengths), tensor)
            for name, values in zip(self._names, layers, strict=True)
            if name is not None
        }


def _stacked(vectors: Tensor, count: int) -> Tensor:
    """Put every ``count`` frames side by side into one vector; what is left over at the end goes."""
    whole = len(vectors) // count
    return vectors[: whole * count].reshape(whole, -1)


def _side_by_side(values: Tensor, lengths: Sequence[int]) -> Tensor:
    """``[1, frames of all, hidden]`` to ``[B, frames of the longest, hidden]``, zeros behind each end."""
    return values if len(lengths) == 1 else pad_sequence(list(torch.split(values[0], list(lengths))), batch_first=True)
