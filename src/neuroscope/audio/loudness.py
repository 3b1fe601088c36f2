"""How loud a waveform is, found while it is read, and what a listener should be told of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SILENT, CANCELLED, TOO_LOUD = "digital silence", "tracks cancel each other", "samples far beyond full scale"
KINDS = {
    SILENT: "digital silence: all samples are equal",
    CANCELLED: "tracks that cancel each other in their mean; audio_channel reads one of them",
    TOO_LOUD: "samples far beyond full scale: more than ±2, where ±1 is full scale",
}
"""What a listener should be told: fixed phrase -> the same for people."""

_FAR = 2.0
"""Decoders of lossy formats overshoot full scale by less."""
_CANCELLED = 0.05
"""Of the power that the mean of unrelated tracks has."""


@dataclass(slots=True)
class Loudness:
    """Loudness of a waveform, gathered block by block.

    Attributes:
        lowest: the least sample.
        highest: the largest.
        power: sum of the squares of the samples.
        of_tracks: the same of all tracks that are mixed, divided by their number.
        tracks: how many are mixed.
    """

    lowest: float = math.inf
    highest: float = -math.inf
    power: float = 0.0
    of_tracks: float = 0.0
    tracks: int = 1

    @property
    def finite(self) -> bool:
        """Whether all samples are finite; of none, yes."""
        return self.highest < math.inf and self.lowest > -math.inf

    def add(self, mono: NDArray[np.float32], tracks: NDArray[np.float32]) -> None:
        """Take in a block that is not empty: ``[samples]``, the mean of ``[samples, tracks]``."""
        self.lowest = float(np.minimum(self.lowest, mono.min()))  # not a number stays one
        self.highest = float(np.maximum(self.highest, mono.max()))
        self.tracks = tracks.shape[1]
        if self.tracks > 1:
            self.power += _power(mono)
            self.of_tracks += _power(tracks) / self.tracks

    def findings(self) -> tuple[str, ...]:
        """List what is strange, as fixed phrases."""
        cancelled = self.tracks > 1 and self.power * self.tracks < _CANCELLED * self.of_tracks
        silent = self.lowest == self.highest and not cancelled
        far = max(-self.lowest, self.highest) > _FAR
        return tuple(text for text, found in zip(KINDS, (silent, cancelled, far), strict=True) if found)


def _power(values: NDArray[np.float32]) -> float:
    flat = values.ravel()
    return float(flat @ flat)
