"""Waveform to mel spectra, and mel spectra to 40 cepstra: librosa's ``feature.mfcc`` with mirrored ends, in two steps.

Two, because what counts as silence hangs on the loudest band of the whole utterance.
"""

from __future__ import annotations

import math

import torch  # noqa: TID253 - this module is imported when the model is loaded, never before

from neuroscope_cnn.frontend.framing import CEPSTRA, HOP, frames_of
from neuroscope_cnn.frontend.mel import BANDS, filter_bank

BLOCK = 256  # frames whose spectra are held at a time: they fit a processor's cache
LEAST = 1e-10  # power below which no band counts
RANGE = 1e-8  # as a part of the utterance's largest power: 80 dB


class Mfcc:
    """Computes mel frequency cepstra with one window length, on one device.

    Args:
        n_fft: samples of a window and of its Fourier transform.
        device: where it is computed.
        block: frames of which spectra are held at a time.
    """

    def __init__(self, n_fft: int, device: str, block: int = BLOCK) -> None:
        self._n_fft, self._device, self._block = n_fft, device, block
        self._window = torch.hann_window(n_fft, dtype=torch.float64).to(device)
        self._filters = filter_bank(n_fft).to(device)
        self._cosines = cosines().to(device)

    def listen(self, wave: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mel power spectra and loudness of every frame.

        Args:
            wave: ``[N]``, of ``min_samples(n_fft)`` samples at least; frames stand around the samples 0, 160, 320, ...

        Returns:
            float32 ``[F, 128]`` power, and float64 ``[F]``, the root mean square of the samples under each window.
        """
        frames = frames_of(len(wave))
        powers = torch.empty(frames, BANDS, device=self._device)
        loudness = torch.empty(frames, dtype=torch.float64, device=self._device)
        for start in range(0, frames, self._block):
            block = slice(start, min(start + self._block, frames))
            # In double precision: the transform's rounding would be heard in bands 80 dB below the loudest, and single
            # products are only as exact as the process allows.
            samples = stretch(wave, block.start, block.stop, self._n_fft).to(self._device, torch.float64)
            spectra = torch.fft.rfft(samples.unfold(0, self._n_fft, HOP) * self._window)
            powers[block] = (spectra.real.square() + spectra.imag.square()) @ self._filters
            loudness[block] = samples.square().unfold(0, self._n_fft, HOP).mean(-1).sqrt()
        return powers, loudness

    def cepstra(self, powers: torch.Tensor, peak: torch.Tensor) -> torch.Tensor:
        """Cepstra of mel spectra: a cosine transform of decibels, none lower than 80 dB below the peak.

        Args:
            powers: float32 ``[F, 128]``.
            peak: the largest power of the whole utterance.

        Returns:
            float64 ``[F, 40]``, the mean level (C0) first.
        """
        floor = (peak.double() * RANGE).clamp(min=LEAST)
        return 10 * (torch.maximum(powers.double(), floor).log10_() @ self._cosines)


def stretch(wave: torch.Tensor, first: int, stop: int, n_fft: int) -> torch.Tensor:
    """The samples under the windows of the frames ``first`` to ``stop - 1``; the wave is mirrored at its two ends."""
    half, samples = n_fft // 2, len(wave)
    low, high = first * HOP - half, (stop - 1) * HOP + half
    before, after = max(-low, 0), max(high - samples, 0)
    parts = [wave[max(low, 0) : high]]
    if before:
        parts.insert(0, wave[1 : before + 1].flip(0))
    if after:
        parts.append(wave[samples - 1 - after : samples - 1].flip(0))
    return torch.cat(parts) if len(parts) > 1 else parts[0]


def cosines() -> torch.Tensor:
    """The orthonormal cosine transform of type II over 128 bands, float64 ``[128, 40]``."""
    bands = torch.arange(BANDS, dtype=torch.float64)[:, None] + 0.5
    orders = torch.arange(CEPSTRA, dtype=torch.float64)
    turned = (bands * orders * (math.pi / BANDS)).cos() * math.sqrt(2 / BANDS)
    turned[:, 0] = math.sqrt(1 / BANDS)
    return turned
