"""The standard streams, fit to be written to whatever the shell left of them; nothing said is lost."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from neuroscope.runtime.wording import SIGNS_REPLACED

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_LEAST_COLUMNS = 40


def open_streams() -> None:
    """Make stdout and stderr take any text, also where they are closed or know few characters.

    What is said to a closed stdout goes to stderr. The numbers of closed streams are taken, so that no file gets them:
    what a library writes to stdout would go into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    _forget_impossible_width(os.environ)
    stderr: TextIO | None = sys.stderr  # None where it is closed
    stdout: TextIO | None = sys.stdout
    if stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the process ends
    if stdout is None:
        sys.stdout = sys.stderr
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=SIGNS_REPLACED)


def write(stream: TextIO, text: str) -> None:
    """Write text, now; where the reader has left, what is said to it from now on is dropped.

    Raises:
        OSError: it cannot be written: the disk is full, or the stream was closed.
    """
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        discard(stream)
        if not isinstance(error, BrokenPipeError):
            raise


def discard(stream: TextIO) -> None:
    """Drop what a stream still holds and is given from now on: at the end Python would try to write it once more."""
    with suppress(OSError, ValueError, AttributeError):  # no file is below it, or it is closed
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _forget_impossible_width(environment: MutableMapping[str, str]) -> None:
    """Forget a width of the terminal that nothing can be shown in: tables and help would be blank."""
    columns = environment.get("COLUMNS")
    if columns is not None and not (columns.isdecimal() and int(columns) >= _LEAST_COLUMNS):
        del environment["COLUMNS"]
