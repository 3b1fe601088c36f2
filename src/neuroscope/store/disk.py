"""Files below a folder: their size, their age, those that writers left behind, and removing them."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from neuroscope.errors import NeuroscopeError
from neuroscope.runtime.file_lock import locked_unless_gone
from neuroscope.runtime.files import write_on_trial

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LEFTOVER_ENDINGS = ("partial", "former", "damaged", "lock")


def leftovers(folder: Path) -> Iterator[Path]:
    """Find the files and folders that a writer has not finished, or a reader has set aside, below a folder."""
    for parent, folders, files in os.walk(folder):
        left = [
            name for name in (*folders, *files) if name.startswith(".") and name.rpartition(".")[2] in _LEFTOVER_ENDINGS
        ]
        yield from (Path(parent) / name for name in sorted(left))
        folders[:] = [name for name in folders if name not in left]


def size(path: Path) -> int:
    """Add up the bytes of a file, or of all files below a folder; what is removed meanwhile has none."""
    return sum(each.st_size for each in _statuses(path) if stat.S_ISREG(each.st_mode))


def last_change(path: Path) -> float:
    """Tell when the youngest of a file or folder and all that is below it was written.

    Returns:
        seconds since 1970; infinity where it is not there any more.
    """
    return max((each.st_mtime for each in _statuses(path)), default=float("inf"))


def check_room(folder: Path, size: int) -> None:
    """Refuse, before any work, a folder that cannot be written or whose disk has no room for so many bytes.

    Raises:
        OSError: it cannot be written, or the disk is full.
    """
    write_on_trial(folder / "trial" if folder.is_dir() else folder)
    _, free = room_at(folder)
    if size > free:
        raise OSError(errno.ENOSPC, f"no room for {size / 1e9:.1f} GB of vectors, {free / 1e9:.1f} GB are free")


def room_at(folder: Path) -> tuple[Path, int]:
    """Find the folder, or the nearest one above that exists, and how many bytes are free there."""
    place = next(each for each in (folder, *folder.parents) if each.exists())
    return place, shutil.disk_usage(place).free


def remove(paths: Iterable[Path]) -> dict[str, int]:
    """Remove files, and folders with all that is below them; what a living process writes to stays.

    Returns:
        path -> bytes of what was removed.

    Raises:
        NeuroscopeError: some of them cannot be removed; the others are.
    """
    removed, stayed = {}, []
    for path in paths:
        with locked_unless_gone(path) as is_left:
            if is_left:
                removed[str(path)] = size(path)
                stayed += [] if _remove(path) else [path]
    if stayed:
        raise NeuroscopeError(f"{len(stayed)} of {len(removed)} cannot be removed, e.g. {stayed[0]}")
    return removed


def _remove(path: Path) -> bool:
    """Remove a file, a link or a folder; tell whether it is gone."""
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            hidden = path.with_name(f".pruned.{secrets.token_hex(8)}.partial")
            path.rename(hidden)  # where locks are not known, its writer does not finish a folder that is half gone
            path = hidden
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()
    return not os.path.lexists(path)


def _statuses(path: Path) -> Iterator[os.stat_result]:
    """Yield the status of a file or folder and of all below it, except what is removed meanwhile."""
    with suppress(FileNotFoundError):
        yield path.lstat()
    for parent, folders, files in os.walk(path):
        for name in (*folders, *files):
            with suppress(FileNotFoundError):
                yield (Path(parent) / name).lstat()
