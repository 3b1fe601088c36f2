"""Random weights: the networks before their training, drawn as the published training begins."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from neuroscope_cnn.model.architecture import Architecture

RECIPE = 1  # of the random weights; raise it with whatever changes their values

CONVOLUTION_BIAS = 0.001
DENSE_BIAS = 0.001  # of both signs
NORMAL = {"scale": 1.0, "beta": 0.0, "pop_mean": 0.0, "pop_var": 1.0}  # batch normalisation that changes nothing yet


def random_weights(architecture: Architecture, seed: int) -> dict[str, Tensor]:
    """Draw float32 variables under their published names, ``[k, in, out]`` and ``[in, out]`` as TensorFlow keeps them.

    Xavier's uniform initialisation, where a convolution's fans count the frames that a filter sees; from a generator
    of its own, so that the global random state stays where it is.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    return {name: _draw(name, shape, generator) for name, shape in architecture.shapes().items()}


def _draw(name: str, shape: tuple[int, ...], generator: Generator) -> Tensor:
    import torch

    if name.startswith("bn"):
        return torch.full(shape, next(value for part, value in NORMAL.items() if name.endswith(part)))
    if name.endswith("W"):
        *frames, inputs, outputs = shape
        bound = math.sqrt(6 / (math.prod(frames) * (inputs + outputs)))
    elif name.startswith("conv"):
        return torch.full(shape, CONVOLUTION_BIAS)
    else:
        bound = DENSE_BIAS
    return torch.empty(shape, dtype=torch.float32).uniform_(-bound, bound, generator=generator)
