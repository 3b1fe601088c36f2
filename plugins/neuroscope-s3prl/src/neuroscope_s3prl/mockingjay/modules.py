"""What this package needs of s3prl, and of torch's global state while s3prl's classes are made."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

INSTALL = (
    "pip install s3prl==0.4.18 'torchaudio>=2.6', torchaudio of torch's release and kind (both for CPU, or both for "
    "the same CUDA); from Python 3.12 on setuptools, too, which has distutils"
)


@contextmanager
def randomness_kept(seed: int | None = None) -> Iterator[None]:
    """Put torch's random state back behind what is drawn on the CPU; ``seed`` = where the drawing begins."""
    import torch

    before = torch.get_rng_state()
    try:
        if seed is not None:
            torch.default_generator.manual_seed(seed)
        yield
    finally:
        torch.set_rng_state(before)
