"""Waveform to what the networks read, step after step: cepstra, of frames with speech, less their sliding mean.

Source: swshon/arabic-dialect-identification@de15d4a:scripts/feature_tools.py and swshon/sidnet, which call librosa 0.6.
"""

from __future__ import annotations

import torch  # noqa: TID253 - this module is imported when the model is loaded, never before

from neuroscope import BadAudio
from neuroscope_cnn.frontend.activity import active
from neuroscope_cnn.frontend.framing import CEPSTRA, N_FFT, min_samples
from neuroscope_cnn.frontend.mfcc import BLOCK, Mfcc
from neuroscope_cnn.frontend.normalise import REACH, subtract_sliding_mean

NORMALISED = 16 * BLOCK  # frames that are normalised at a time, beside 150 more to each side


class FrontEnd:
    """The published front end, at 16 kHz.

    All steps that look at a whole utterance see one utterance alone. Memory beside the wave and the result: 128 floats
    a frame.

    Args:
        n_fft: samples of a window, of the spectra and of the loudness alike: one of ``framing.WINDOWS``.
        vad: frames are left out that are no louder than this times half the mean loudness; None keeps all.
        device: where it is computed.
        block: frames whose spectra are held at a time; the result is the same with any, to the rounding.
    """

    def __init__(
        self, *, n_fft: int = N_FFT, vad: float | None = None, device: str = "cpu", block: int = BLOCK
    ) -> None:
        self._mfcc = Mfcc(n_fft, device, block)
        self._shortest = min_samples(n_fft)
        self._vad = vad

    def __call__(self, wave: torch.Tensor) -> torch.Tensor:
        """Compute the cepstra of one utterance.

        Args:
            wave: floats ``[N]`` at 16 kHz, within -1 and 1.

        Returns:
            float32 ``[F, 40]`` on the device, F of 1 or more: ``frames_of(N)`` frames, less those without speech.

        Raises:
            BadAudio: fewer than ``min_samples(n_fft)`` samples.
        """
        if len(wave) < self._shortest:
            raise BadAudio("too short", f"{len(wave)} samples, the front end takes {self._shortest} or more")
        powers, loudness = self._mfcc.listen(wave)
        kept = torch.arange(len(powers), device=powers.device) if self._vad is None else active(loudness, self._vad)
        return self._normalised(powers, kept)

    def _normalised(self, powers: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
        """Cepstra of the frames kept, less their sliding mean; the floor is that of all frames, kept or not."""
        peak = powers.max()
        heard = torch.empty(len(kept), CEPSTRA, device=powers.device)
        for start in range(0, len(kept), NORMALISED):
            stop = min(start + NORMALISED, len(kept))
            low = max(start - REACH, 0)
            relative = subtract_sliding_mean(self._mfcc.cepstra(powers[kept[low : stop + REACH]], peak))
            heard[start:stop] = relative[start - low : stop - low]
        return heard
