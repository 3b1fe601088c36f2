"""Subtracts from each frame the mean of the frames around it."""

from __future__ import annotations

import torch  # noqa: TID253 - this module is imported when the model is loaded, never before

REACH = 150  # frames to each side


def subtract_sliding_mean(frames: torch.Tensor) -> torch.Tensor:
    """Each frame t less the mean of the frames ``max(0, t - 150)`` to ``min(T, t + 150) - 1``.

    By running sums, which are rounded; in float64, over some thousand frames, that is less than 1e-9 of the values'
    range. They run over differences from the first frame, so that a constant becomes zero exactly.

    Args:
        frames: float64 ``[T, D]``, T of 1 or more.

    Returns:
        float64 ``[T, D]``.
    """
    count = len(frames)
    from_first = frames - frames[0]
    sums = torch.cat([torch.zeros_like(from_first[:1]), from_first.cumsum(0)])
    places = torch.arange(count, device=frames.device)
    low, high = (places - REACH).clamp(min=0), (places + REACH).clamp(max=count)
    return from_first - (sums[high] - sums[low]) / (high - low)[:, None]
