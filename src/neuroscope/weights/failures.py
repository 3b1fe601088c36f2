"""What is said when weights cannot be had: what was asked, what went wrong, what to do; one line each."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from neuroscope.errors import MissingData
from neuroscope.runtime.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OFFLINE = "HF_HUB_OFFLINE"
_nothing_downloaded = ContextVar("nothing_downloaded", default=False)
PAGE = "Open the address in a browser: who offers the file may ask for something first, or have moved it."


def failed(what: str, problem: str, advice: str) -> MissingData:
    """Make the error of weights that are not had.

    Args:
        what: was asked for.
        problem: why it is not there, without a full stop.
        advice: what to do, as a sentence.
    """
    return MissingData(one_line(f"{what} is not there: {problem}. {advice}"))


def put_off(what: str, place: Path, url: str) -> MissingData:
    """Make the error of weights that are not here yet, and are not downloaded while something else is missing."""
    return MissingData(one_line(f"{what} is not in {place} yet; it comes from {url} when nothing else is missing."))


def unwritable(what: str, folder: Path, error: OSError) -> MissingData:
    """Make the error of a file that cannot be written to where it belongs."""
    reason = error.strerror or str(error) or type(error).__name__
    return failed(what, f"{folder} cannot be written ({reason})", "Make room there, or name another folder.")


def bytes_of(count: int) -> str:
    """Say a size: ``812 bytes``, ``34.1 MB``."""
    return f"{count:,} bytes" if count < 100_000 else f"{count / 1e6:,.1f} MB"


@contextmanager
def nothing_downloaded() -> Iterator[None]:
    """Ask no server within the block: weights that are not here are missing."""
    token = _nothing_downloaded.set(True)
    try:
        yield
    finally:
        _nothing_downloaded.reset(token)


def is_put_off() -> bool:
    """Tell whether downloads wait, because something else is missing anyway."""
    return _nothing_downloaded.get()
