"""Files below a folder: their size, their age, those that writers left behind, and removing them."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from neuroscope.errors import NeuroscopeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LEFTOVER_ENDINGS = ("partial", "former", "damaged")


def leftovers(folder: Path) -> Iterator[Path]:
    """Find the files and folders that a writer has not finished, or a reader has set aside, below a folder."""
    for parent, folders, files in os.walk(folder):
        left = [
            name for name in (*folders, *files) if name.startswith(".") and name.rpartition(".")[2] in _LEFTOVER_ENDINGS
        ]
        yield from (Path(parent) / name for name in sorted(left))
        folders[:] = [name for name in folders if name not in left]


def size(path: Path) -> int:
    """Add up the bytes of a file, or of all files below a folder."""
    return sum(each.st_size for each in _statuses(path) if stat.S_ISREG(each.st_mode))


def last_change(path: Path) -> float:
    """Tell when the youngest of a file or folder and all that is below it was written (seconds since 1970)."""
    return max(each.st_mtime for each in _statuses(path))


def remove(paths: Iterable[Path]) -> dict[str, int]:
    """Remove files, and folders with all that is below them.

    Returns:
        path -> bytes of what was removed.

    Raises:
        NeuroscopeError: some of them cannot be removed; the others are.
    """
    removed, stayed = {}, []
    for path in paths:
        freed = size(path)
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()
        removed[str(path)] = freed
        stayed += [path] if path.exists() else []
    if stayed:
        raise NeuroscopeError(f"{len(stayed)} of {len(removed)} cannot be removed, e.g. {stayed[0]}")
    return removed


def _statuses(path: Path) -> Iterator[os.stat_result]:
    """Yield the status of a file or folder and of all below it, except what is removed meanwhile."""
    yield path.stat()
    for parent, folders, files in os.walk(path):
        for name in (*folders, *files):
            with suppress(FileNotFoundError):
                yield (Path(parent) / name).lstat()
