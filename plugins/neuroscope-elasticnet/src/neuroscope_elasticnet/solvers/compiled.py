"""Compile this plugin's loops with numba; imported by a fit alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from numba import njit  # noqa: TID253 - nothing but compiled code imports this module

_FAST = {"reassoc", "contract", "nsz", "arcp"}  # lets sums run in vector registers; NaN and infinity keep their meaning


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function for one thread, without Python's lock; kept on disk where a folder for it can be written."""
    # A division that could raise an error would keep its whole loop out of vector registers: six times as slow.
    compile_as = partial(njit, nogil=True, fastmath=_FAST, error_model="numpy")
    try:
        return compile_as(cache=True)(function)
    except RuntimeError:  # no folder for the cache can be written: compile anew in each process
        return compile_as()(function)
