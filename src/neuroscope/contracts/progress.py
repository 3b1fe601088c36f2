"""How long work tells where it is, without knowing of a terminal."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Progress(Protocol):
    """``with progress("Extracting", total) as advance: ... advance(n)``."""

    def __call__(self, label: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        """Begin one piece of work of ``total`` steps."""
        ...


@contextmanager
def silent(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Progress that nobody watches."""
    del label, total
    yield lambda steps: None
