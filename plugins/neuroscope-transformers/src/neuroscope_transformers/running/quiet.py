"""Load a model without a trace: nothing on the terminal, no global random number drawn."""

from __future__ import annotations

import random
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def transformers_quiet() -> Iterator[None]:
    """Switch off transformers' log lines and progress bars, and put both back as they were."""
    import logging as levels

    from transformers.utils import logging as typed

    logging: Any = typed
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(levels.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


@contextmanager
def randomness_kept() -> Iterator[None]:
    """Put the global random states of torch, numpy and Python back as they were."""
    import numpy as np
    import torch

    python, numbers = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng():
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numbers)
