"""How many frames a stack of convolutions makes of so many samples, and how many samples make a frame."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod


@dataclass(frozen=True, slots=True)
class Convolutions:
    """Convolutions over time without padding, one behind the other.

    Attributes:
        kernels: samples or frames that one output sees.
        strides: between two outputs.
    """

    kernels: tuple[int, ...]
    strides: tuple[int, ...]

    def frames(self, samples: int) -> int:
        """Count the frames of so many samples; 0 where they are too few for one."""
        for kernel, stride in zip(self.kernels, self.strides, strict=True):
            if samples < kernel:
                return 0
            samples = (samples - kernel) // stride + 1
        return samples

    def samples(self, frames: int) -> int:
        """Count the samples that so many frames see: the fewest that make them."""
        for kernel, stride in zip(reversed(self.kernels), reversed(self.strides), strict=True):
            frames = (frames - 1) * stride + kernel
        return frames

    def samples_before(self, frame: int) -> int:
        """Count the samples before the first that a frame sees."""
        return frame * prod(self.strides)
