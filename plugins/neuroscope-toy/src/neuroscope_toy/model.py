"""The running toy backbone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch  # noqa: TID253 - this module is imported when the toy is run
from torch import Tensor  # noqa: TID253

from neuroscope import Frames, WaveBatch

_WINDOW, _HOP, _BINS = 400, 160, 201


class Toy:
    """Frames of 25 ms every 10 ms; an utterance of N samples has 1 + (N - 400) // 160 of them."""

    def __init__(self, width: int, seed: int | None, device: str) -> None:
        self._device = device
        self._bands = (_equal_bands(width) if seed is None else _random_bands(width, seed)).to(device)

    def extract(self, batch: WaveBatch) -> Iterator[Mapping[str, Frames]]:
        """One block with both layers, float32 ``[B, F, width]``."""
        frames = batch.samples.to(self._device).unfold(1, _WINDOW, _HOP)
        power = torch.fft.rfft(frames * torch.hann_window(_WINDOW, device=self._device)).abs().square()
        energy = torch.log(power @ self._bands + 1e-6)
        delta = torch.diff(energy, dim=1, prepend=energy[:, :1])
        lengths = 1 + (batch.lengths - _WINDOW) // _HOP
        yield {"energy": Frames(energy, lengths), "delta": Frames(delta, lengths)}


def _equal_bands(width: int) -> Tensor:
    """``[bins, width]``: neighbouring bands of equal width."""
    band_of = torch.arange(_BINS) * width // _BINS
    return (band_of[:, None] == torch.arange(width)[None, :]).float()


def _random_bands(width: int, seed: int) -> Tensor:
    return torch.rand(_BINS, width, generator=torch.Generator().manual_seed(seed))
