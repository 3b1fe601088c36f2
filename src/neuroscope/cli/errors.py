"""The one place where errors become messages and exit codes."""

from __future__ import annotations

import functools
import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from neuroscope.cli.terminal import complain
from neuroscope.errors import NeuroscopeError
from neuroscope.plugin.confinement import output_aside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_INTERRUPTED, _TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM
_KEPT = "Stored vectors, and fits of layers and cells that are finished, are kept: the same command goes on from there."


class Terminated(KeyboardInterrupt):
    """The process was asked to end, by a time limit or an administrator."""


def end_in_order_when_terminated() -> None:
    """Let SIGTERM end a command as Ctrl-C does: unfinished files are removed, and what is kept is said."""
    here = os.getpid()

    def end(number: int, frame: object) -> NoReturn:
        del number, frame
        if os.getpid() != here:  # a process that was forked off
            os._exit(_TERMINATED)
        raise Terminated

    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:  # whoever has it ignored means it
        signal.signal(signal.SIGTERM, end)


@contextmanager
def errors_reported(debug: bool) -> Iterator[None]:
    """End errors in one message and exit code 2, an interruption in 130; with ``debug`` errors go on as they are."""
    try:
        yield
    except KeyboardInterrupt as stop:
        ended, code = (
            ("Ended by SIGTERM", _TERMINATED) if isinstance(stop, Terminated) else ("Interrupted", _INTERRUPTED)
        )
        complain(f"{ended}. {_KEPT}")
        raise typer.Exit(code) from None
    except (NeuroscopeError, OSError, MemoryError) as error:
        if debug:
            raise
        complain(f"Error: {line_of(error)}")
        raise typer.Exit(2) from None


def line_of(error: Exception) -> str:
    """Say what went wrong, also where the file system or the memory said no and nothing better could be said."""
    if isinstance(error, MemoryError):
        return f"out of memory: {error}".removesuffix(": ")
    if not isinstance(error, OSError) or isinstance(error, NeuroscopeError):
        return str(error)
    if isinstance(error, FileNotFoundError) and not _working_directory_exists():
        return "the working directory was removed; change to another one and run it again"
    return ": ".join(str(part) for part in (error.filename, error.strerror or error) if part)


def _working_directory_exists() -> bool:
    try:
        os.getcwd()  # noqa: PTH109 - Path.cwd is the same, and no shorter
    except FileNotFoundError:
        return False
    return True


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Wrap a command of our own: its errors become messages and exit codes, and what others print goes to stderr."""

    @functools.wraps(command)
    def run(*, context: typer.Context, **arguments: Any) -> None:
        with errors_reported(context.obj.debug), output_aside():
            command(context=context, **arguments)

    return run
