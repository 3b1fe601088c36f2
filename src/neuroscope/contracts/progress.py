"""Progress of long work, reported without knowing of a terminal."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class Advance(Protocol):
    """The callable that reports steps: ``advance(n)``, or ``advance(n, seconds)`` for work on audio."""

    def __call__(self, steps: int, seconds: float = 0.0, /) -> None:
        """Report that so many steps are done, and so many seconds of audio with them."""
        ...


class Progress(Protocol):
    """The callable that begins some work: ``with progress("Reading files", total) as advance: ... advance(n)``."""

    def __call__(self, label: str, total: int, seconds: float = 0.0, /) -> AbstractContextManager[Advance]:
        """Begin one piece of work of ``total`` steps (0 = not known) and, where it is on audio, of so many seconds."""
        ...


@contextmanager
def silent(label: str, total: int, seconds: float = 0.0, /) -> Iterator[Advance]:
    """Begin a piece of work whose progress nobody watches."""
    del label, total, seconds
    yield lambda steps, seconds=0.0, /: None
