"""Triangular filters on Slaney's mel scale, which turn a power spectrum into mel bands."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def mel_filters(*, sample_rate: int, n_fft: int, bands: int, lowest: float, highest: float) -> Tensor:
    """Make triangles evenly spaced on Slaney's mel scale, each of area 1 Hz: librosa's ``filters.mel`` by default.

    A narrow triangle may lie between two bins of the spectrum, and is then all zeros.

    Args:
        sample_rate: Hz.
        n_fft: samples of a window of the spectrum, an even number.
        bands: number of triangles.
        lowest: Hz, where the first triangle begins.
        highest: Hz, where the last triangle ends.

    Returns:
        float64 ``[bands, n_fft // 2 + 1]``, per Hz; the bins lie evenly from 0 Hz to half the sample rate.

    Raises:
        ValueError: an odd ``n_fft``, whose last bin is not half the sample rate.

    Source: M. Slaney, Auditory Toolbox, Interval Research technical report 1998-010.
    """
    import torch

    if n_fft % 2:
        raise ValueError(f"n_fft={n_fft}: expected an even number")
    edges = _hertz(torch.linspace(_mels(lowest), _mels(highest), bands + 2, dtype=torch.float64))[:, None]
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    bins = torch.linspace(0, sample_rate / 2, n_fft // 2 + 1, dtype=torch.float64)
    triangles = torch.minimum((bins - low) / (centre - low), (high - bins) / (high - centre))
    return triangles.clamp(min=0) * 2 / (high - low)


# Slaney's scale: 3 mels every 200 Hz up to 1 kHz (15 mels), then 27 mels for each factor of 6.4.
def _mels(hertz: float) -> float:
    return hertz * 3 / 200 if hertz < 1000 else 15 + 27 * math.log(hertz / 1000, 6.4)


def _hertz(mels: Tensor) -> Tensor:
    import torch

    return torch.where(mels < 15, mels * 200 / 3, 1000 * 6.4 ** ((mels - 15) / 27))
