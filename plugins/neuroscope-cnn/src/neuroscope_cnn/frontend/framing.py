"""How a waveform is cut into frames, and how many numbers a frame has; imports nothing heavy."""

from __future__ import annotations

from typing import Literal, get_args

SAMPLE_RATE = 16_000  # Hz
HOP = 160  # samples from frame to frame: 10 ms
CEPSTRA = 40  # numbers of a frame

Window = Literal[400, 512]  # samples under a frame
WINDOWS: tuple[int, ...] = get_args(Window)
WINDOWS_SHOWN = " or ".join(map(str, WINDOWS))
N_FFT = 400  # the paper's window, 25 ms; the published script of the speaker network asks for 512


def min_samples(n_fft: int) -> int:
    """The fewest samples that windows of ``n_fft`` samples take: half a window is mirrored at each end."""
    return n_fft // 2 + 1


def frames_of(samples: int) -> int:
    """Frames of so many samples, before any is left out for silence."""
    return 1 + samples // HOP
