"""Load a model without a trace on the terminal."""

from __future__ import annotations

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
