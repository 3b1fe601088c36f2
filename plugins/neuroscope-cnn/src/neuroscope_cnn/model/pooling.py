"""Statistics pooling as the published graphs compute it: sums over all frames, divided by the frames that count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch  # noqa: TID253 - this module is imported when the model is loaded, never before

if TYPE_CHECKING:
    from torch import Tensor


class Moments:
    """Running mean and squared deviations of an utterance's frames, merged by block (Chan, Golub and LeVeque 1979).

    Within a block in float32, about the block's own mean; between blocks in float64.

    Args:
        width: columns of a frame.
        device: where the frames are.
    """

    def __init__(self, width: int, device: torch.device) -> None:
        self._count = 0
        self._mean = torch.zeros(width, dtype=torch.float64, device=device)
        self._squares = torch.zeros_like(self._mean)

    def add(self, frames: Tensor) -> None:
        """Take the frames ``[F, D]`` of a block; there may be none."""
        if len(frames):
            mean = frames.mean(dim=0)
            self._merge(len(frames), mean, (frames - mean).square_().sum(dim=0))

    def finish(self, length: int, masked: int, value: Tensor) -> Tensor:
        """Mean ++ population standard deviation, float32 ``[2 D]``, not finite where ``length`` is 0.

        Args:
            length: what the sums are divided by.
            masked: frames that are in the sums beside those that came.
            value: what each of those is, ``[D]``.
        """
        if masked:
            self._merge(masked, value, torch.zeros_like(value))
        mean = self._mean * self._count / length
        squares = self._squares + self._count * (self._mean - mean).square()
        return torch.cat([mean, (squares / length).sqrt()]).float()

    def _merge(self, count: int, mean: Tensor, squares: Tensor) -> None:
        total = self._count + count
        shift = mean.double() - self._mean
        self._squares += squares.double() + shift.square() * (self._count * count / total)
        self._mean += shift * (count / total)
        self._count = total
