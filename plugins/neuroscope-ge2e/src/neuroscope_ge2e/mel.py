"""Waveform to 40 mel bands, as Resemblyzer computes them: volume first, then power (no logarithm), 100 frames a second.

Everything that looks at a whole utterance (its volume, its mirrored ends) happens to each utterance alone, before they
lie side by side: so no frame ever knows the neighbours.
"""

from __future__ import annotations

import math

import torch  # noqa: TID253 - this module is imported when the model is loaded, never before

from neuroscope.waves import mel_filters
from neuroscope_ge2e.weights import BANDS

SAMPLE_RATE = 16_000
WINDOW = 400
HOP = 160
PART = 2**20  # samples that are in double precision at a time
LOUDNESS = 10 ** (-30 / 20)  # -30 dB of full scale, as a root mean square


def prepare(samples: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Raise the volume of each utterance and mirror half a window at its two ends.

    Args:
        samples: float32 ``[B, T]``; at least 201 of each are real.
        lengths: ``[B]``, samples of each that are real.

    Returns:
        float32 ``[B, longest + 400]``, zeros behind an utterance's mirrored end.
    """
    # One buffer, filled in place: a recording of two hours is half a gigabyte, and copies of it add up.
    half = WINDOW // 2
    waves = samples.new_zeros(len(samples), int(lengths.max()) + WINDOW)
    for row, wave, length in zip(waves, samples, lengths.tolist(), strict=True):
        row[half : half + length] = wave[:length]
        raise_volume(row[half : half + length])
        row[:half] = row[half + 1 : 2 * half + 1].flip(0)
        row[half + length : 2 * half + length] = row[length - 1 : half + length - 1].flip(0)
    return waves


def raise_volume(wave: torch.Tensor) -> None:
    """Bring a wave ``[T]``, in place, to -30 dBFS where it was quieter; louder ones, and silence, stay as they are."""
    # In double precision: the squares of very quiet samples, and the gain they call for, leave the range of float32.
    parts = torch.split(wave, PART)
    loudness = math.sqrt(sum(part.double().square().sum().item() for part in parts) / len(wave))
    if 0 < loudness < LOUDNESS:
        for part in parts:
            part.copy_(part.double() * (LOUDNESS / loudness))


class Mel:
    """Mel power spectra of prepared waves, on one device."""

    def __init__(self, device: str) -> None:
        self._window = torch.hann_window(WINDOW, dtype=torch.float64).float().to(device)
        self._filters = filter_bank().float().to(device)

    def __call__(self, waves: torch.Tensor) -> torch.Tensor:
        """``[B, 400 + 160 (F - 1) + rest]`` to ``[B, F, 40]``."""
        spectra = torch.stft(waves, WINDOW, HOP, window=self._window, center=False, return_complex=True)
        return (self._filters @ torch.view_as_real(spectra).square().sum(-1)).transpose(1, 2)


def filter_bank() -> torch.Tensor:
    """Triangles ``[40, 201]``, float64, evenly spaced on Slaney's mel scale from 0 to 8 kHz, each of area 1 Hz."""
    return mel_filters(sample_rate=SAMPLE_RATE, n_fft=WINDOW, bands=BANDS, lowest=0, highest=SAMPLE_RATE / 2)
