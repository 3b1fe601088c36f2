"""Run the code of plugins so that what it prints, and how it ends, disturbs nobody."""

from __future__ import annotations

import io
import os
import signal
import sys
import tempfile
import threading
from contextlib import AbstractContextManager, ExitStack, contextmanager, redirect_stdout, suppress
from typing import IO, TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_STDOUT = 1


class _Aside:
    """Stdout of Python, which is stderr while any thread runs a plugin's code: there is one for the whole process."""

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        self._stdout: TextIO | None = None

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._stdout, sys.stdout = sys.stdout, sys.stderr
            self._inside += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                sys.stdout = self._stdout

    @property
    def stdout(self) -> TextIO:
        """Stdout as it is while nothing runs aside."""
        with self._lock:
            return self._stdout if self._inside and self._stdout is not None else sys.stdout


_ASIDE = _Aside()


def output_aside() -> AbstractContextManager[None]:
    """Send what plugins' code prints to stderr: stdout is for results. Several threads may do so at a time."""
    return _ASIDE


def results_stdout() -> TextIO:
    """Return stdout, for results, also within ``output_aside``."""
    return _ASIDE.stdout


@contextmanager
def output_caught() -> Iterator[Callable[[], str]]:
    """Catch what is written to stdout, also past Python (by processes, by libraries), and yield how to read it."""
    with ExitStack() as stack:
        file = _temporary(stack)
        if file is None:
            buffer = io.StringIO()
            stack.enter_context(redirect_stdout(buffer))
            yield buffer.getvalue
            return
        stack.enter_context(_descriptor_replaced(file.fileno()))
        own = os.dup(file.fileno())  # a plugin that closes what it is given closes this alone
        text = stack.enter_context(os.fdopen(own, "w", encoding="utf-8", errors="replace"))
        stack.enter_context(redirect_stdout(text))

        def read() -> str:
            _flush()
            file.seek(0)
            return file.read().decode(errors="replace")

        yield read


@contextmanager
def interrupts_seen() -> Iterator[Callable[[], bool]]:
    """Yield a function that says whether the user pressed Ctrl-C: code can raise KeyboardInterrupt by itself, too."""
    pressed: list[int] = []
    former = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(former):
        yield lambda: bool(pressed)  # nobody's Ctrl-C arrives here
        return

    def press(number: int, frame: Any) -> None:
        pressed.append(number)
        former(number, frame)

    signal.signal(signal.SIGINT, press)
    try:
        yield lambda: bool(pressed)
    finally:
        if signal.getsignal(signal.SIGINT) is press:
            signal.signal(signal.SIGINT, former)


def _temporary(stack: ExitStack) -> IO[bytes] | None:
    """Open a file in memory, or a temporary one; None where there can be none."""
    with suppress(OSError):
        if hasattr(os, "memfd_create"):
            return stack.enter_context(os.fdopen(os.memfd_create("stdout"), "w+b"))
        return stack.enter_context(tempfile.TemporaryFile())
    return None


@contextmanager
def _descriptor_replaced(descriptor: int) -> Iterator[None]:
    """Let the process's stdout be another file; where it is closed, it stays so."""
    _flush()
    try:
        saved = os.dup(_STDOUT)
    except OSError:
        yield
        return
    os.dup2(descriptor, _STDOUT)
    try:
        yield
    finally:
        _flush()
        os.dup2(saved, _STDOUT)
        os.close(saved)


def _flush() -> None:
    for stream in (sys.stdout, sys.__stdout__):
        with suppress(Exception):  # closed, none, or a plugin's own
            stream.flush()  # type: ignore[union-attr]
