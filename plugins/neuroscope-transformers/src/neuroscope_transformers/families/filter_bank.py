"""How many frames Kaldi's filter bank has: windows of 400 samples, 160 from one to the next, within the audio."""

from __future__ import annotations

HOP, WINDOW = 160, 400
MOST_BANDS = 1_024
MOST_FRAMES = 2**16
"""Of a window that a model sees at a time: 11 minutes."""


def filter_bank_frames(samples: int) -> int:
    """Count the frames of so many samples; 0 where they are too few for one."""
    return max(0, 1 + (samples - WINDOW) // HOP)
