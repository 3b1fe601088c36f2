"""The one place where errors become messages and exit codes."""

from __future__ import annotations

import functools
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from neuroscope.cli.terminal import complain
from neuroscope.errors import NeuroscopeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_INTERRUPTED = 130
_KEPT = (
    "Interrupted. Stored vectors, and fits of layers and cells that are finished, are kept: "
    "the same command goes on from there."
)


@contextmanager
def errors_reported(debug: bool) -> Iterator[None]:
    """End errors in one message and exit code 2, an interruption in 130; with ``debug`` errors go on as they are."""
    try:
        yield
    except NeuroscopeError as error:
        if debug:
            raise
        complain(f"Error: {error}")
        raise typer.Exit(2) from None
    except OSError as error:  # the file system said no where nothing better could be said
        if debug:
            raise
        complain(f"Error: {error.filename or ''}: {error.strerror or error}")
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        complain(_KEPT)
        raise typer.Exit(_INTERRUPTED) from None


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Wrap a command so that its errors become messages and exit codes."""

    @functools.wraps(command)
    def run(*, context: typer.Context, **arguments: Any) -> None:
        with errors_reported(context.obj.debug):
            command(context=context, **arguments)

    return run
