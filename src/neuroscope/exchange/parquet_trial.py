"""Read a ``.parquet`` once in a process of its own: a damaged one can end the process that reads it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from neuroscope.errors import BadVectors

_BLOCK = 2**28
"""Bytes of rows that are read at a time."""


def check_readable(path: Path, most_rows: int) -> None:
    """Read a table to its end in another process, which keeps for itself what threads of the reader write to stderr.

    Args:
        path: of the file.
        most_rows: of more rows than that, only the number is looked at.

    Raises:
        BadVectors: the reader fails, or ends its process.
    """
    command = [sys.executable, "-P", "-m", __name__, os.fspath(path.absolute()), str(most_rows)]
    found = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, filter(None, sys.path)))}
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=found, check=False)
    if done.returncode < 0:
        reason = f"its reader ends with {signal.Signals(-done.returncode).name}"
    elif done.returncode:
        reason = done.stdout.strip() or f"its reader ends with code {done.returncode}"
    else:
        return
    raise BadVectors(str(path), [f"it cannot be read: {reason}"])


def one_line(error: BaseException) -> str:
    """Return the first line of an error's message, or its type where it has none."""
    first = next(iter(str(error).strip().splitlines()), "")
    return first[:300] or type(error).__name__


def _read_through(path: Path, most_rows: int) -> None:
    import polars

    frame = polars.scan_parquet(path, glob=False)
    rows = frame.select(polars.len()).collect().item()
    if rows > most_rows:
        return
    size = frame.head(1).collect().estimated_size()
    step = int(max(1, _BLOCK // max(1, size)))
    for first in range(0, rows, step):
        frame.slice(first, step).collect()


def _main() -> None:
    try:
        _read_through(Path(sys.argv[1]), int(sys.argv[2]))
    except BaseException as error:  # panics of Rust do not derive from Exception
        sys.stdout.write(one_line(error))
        sys.exit(1)


if __name__ == "__main__":
    _main()
