"""Kaldi's filter bank as transformers computes it in numpy, whether torchaudio is there or not."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray


def hann_filter_bank(bands: int, sample_rate: int) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Make the filter bank of the Audio Spectrogram Transformer.

    Args:
        bands: of the mel scale, 20 Hz to half the rate.
        sample_rate: Hz.

    Returns:
        a function, samples ``[N]`` -> natural logarithms of energies, float32 ``[1 + (N - 400) // 160, bands]``.
    """
    from transformers.audio_utils import spectrogram, window_function

    compute: Any = partial(
        spectrogram,
        window=window_function(400, "hann", periodic=False),
        frame_length=400,
        hop_length=160,
        fft_length=512,
        power=2.0,
        center=False,
        preemphasis=0.97,
        mel_filters=_filters(bands, sample_rate),
        log_mel="log",
        mel_floor=1.192092955078125e-07,
        remove_dc_offset=True,
    )
    return lambda samples: compute(samples).T


def _filters(bands: int, sample_rate: int) -> Any:
    from transformers.audio_utils import mel_filter_bank

    with warnings.catch_warnings():
        # 128 bands are more than 257 frequencies tell apart near 20 Hz, in training as here.
        warnings.filterwarnings("ignore", "At least one mel filter has all zero values")
        return mel_filter_bank(
            num_frequency_bins=257,
            num_mel_filters=bands,
            min_frequency=20,
            max_frequency=sample_rate // 2,
            sampling_rate=sample_rate,
            norm=None,
            mel_scale="kaldi",
            triangularize_in_mel_space=True,
        )
