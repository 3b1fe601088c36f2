"""The published front end's mel filters: 128 bands from 133 to 6955 Hz."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.waves import mel_filters
from neuroscope_cnn.frontend.framing import SAMPLE_RATE

if TYPE_CHECKING:
    from torch import Tensor

BANDS = 128
LOWEST, HIGHEST = 133.0, 6955.0  # Hz


def filter_bank(n_fft: int) -> Tensor:
    """Triangles ``[n_fft // 2 + 1, 128]``, float64, evenly spaced on Slaney's mel scale, each of area 1 Hz.

    The lowest are narrower than the distance of two bins: some of them lie between two and hear nothing.
    """
    filters = mel_filters(sample_rate=SAMPLE_RATE, n_fft=n_fft, bands=BANDS, lowest=LOWEST, highest=HIGHEST)
    return filters.T.contiguous()  # spectra are multiplied from the left
