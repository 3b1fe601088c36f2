"""The random states that a whole process shares, for work that draws from them: one thread at a time."""

from __future__ import annotations

import random
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCK = RLock()


def check_seed(seed: int) -> None:
    """Check that torch's generators take a seed.

    Raises:
        ValueError: they do not.
    """
    if not 0 <= seed < 2**63:
        raise ValueError("seed must be a whole number from 0 to 2**63 - 1")


@contextmanager
def randomness_kept(seed: int | None = None) -> Iterator[None]:
    """Let a block draw from the global generators of Python, numpy and torch, and put them back behind it.

    Networks draw their weights from torch's global generator, which all threads share: two that draw side by side get
    parts of each other's numbers. So a second thread waits here until the first has drawn. Threads that draw from the
    global generators elsewhere meanwhile are not kept out: let the block be short.

    Args:
        seed: where the drawing begins, from 0 to 2**63 - 1; None = where the generators stand.
    """
    import numpy as np
    import torch

    with _LOCK:
        states = random.getstate(), np.random.get_state(), torch.get_rng_state()
        try:
            if seed is not None:
                random.seed(seed)
                np.random.seed(seed % 2**32)
                torch.default_generator.manual_seed(seed)
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])
            torch.set_rng_state(states[2])
