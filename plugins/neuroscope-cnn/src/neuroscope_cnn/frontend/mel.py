"""Slaney's bank of mel filters between two frequencies."""

from __future__ import annotations

import math

import torch  # noqa: TID253 - this module is imported when the model is loaded, never before

SAMPLE_RATE = 16_000
BANDS = 128
LOWEST, HIGHEST = 133.0, 6955.0  # Hz


def filter_bank(n_fft: int) -> torch.Tensor:
    """Triangles ``[n_fft // 2 + 1, 128]``, float64, evenly spaced on Slaney's mel scale, each of area 1 Hz.

    The lowest are narrower than the distance of two bins: some of them lie between two and hear nothing.

    Source: M. Slaney, Auditory Toolbox, Interval Research technical report 1998-010.
    """
    edges = _hertz(torch.linspace(_mels(LOWEST), _mels(HIGHEST), BANDS + 2, dtype=torch.float64))
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    bins = torch.linspace(0, SAMPLE_RATE / 2, n_fft // 2 + 1, dtype=torch.float64)[:, None]
    triangles = torch.minimum((bins - low) / (centre - low), (high - bins) / (high - centre))
    return triangles.clamp(min=0) * 2 / (high - low)


# Slaney's scale: 3 mels every 200 Hz up to 1 kHz (15 mels), then 27 mels for each factor of 6.4.
def _mels(hertz: float) -> float:
    return hertz * 3 / 200 if hertz < 1000 else 15 + 27 * math.log(hertz / 1000, 6.4)


def _hertz(mels: torch.Tensor) -> torch.Tensor:
    return torch.where(mels < 15, mels * 200 / 3, 1000 * 6.4 ** ((mels - 15) / 27))
