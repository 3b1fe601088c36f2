"""Waveforms to run a backbone on: made by rule, the same in every run, of unequal length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIGNALS = ("modulated noise", "silence", "noise", "tone")
"""Of ``waveforms``, in their order."""
_SHORTEST = 0.6  # seconds
_LENGTHS = (2.7, 1.9, 1.4, 1.0)  # times the shortest


def waveforms(sample_rate: int, min_samples: int) -> tuple[NDArray[np.float32], ...]:
    """Make four utterances, the longest first, whose lengths are no round numbers.

    Args:
        sample_rate: Hz.
        min_samples: none is shorter; the shortest are 0.6 s where that is more.

    Returns:
        float32 ``[samples]`` each, full scale = 1: noise in the rhythm of syllables, digital silence, noise, a tone.
    """
    shortest = max(round(_SHORTEST * sample_rate), min_samples)
    counts = [int(shortest * times) + 7 * number for number, times in enumerate(reversed(_LENGTHS))][::-1]
    made = (_modulated(counts[0], sample_rate), np.zeros(counts[1]), 0.1 * _noise(counts[2]), _tone(counts[3]))
    return tuple(wave.astype(np.float32) for wave in made)


def noise(samples: int) -> NDArray[np.float32]:
    """Make noise of any length, float32 ``[samples]``."""
    return (0.1 * _noise(samples)).astype(np.float32)


def _noise(samples: int) -> NDArray[np.float64]:
    return np.random.default_rng(samples).standard_normal(samples)


def _tone(samples: int) -> NDArray[np.float64]:
    wave: NDArray[np.float64] = 0.3 * np.sin(0.11 * np.arange(samples))
    return wave


def _modulated(samples: int, sample_rate: int) -> NDArray[np.float64]:
    """Make four syllables a second, each louder than the last, over a low hum."""
    time = np.arange(samples) / sample_rate
    rhythm = np.sin(np.pi * 4 * time) ** 2 * (0.2 + time / time[-1])
    wave: NDArray[np.float64] = 0.1 * rhythm * _noise(samples) + 0.05 * np.sin(2 * np.pi * 120 * time)
    return wave
