"""Locks that a dead process does not hold: of what is being written, and one writer at a time beside a folder."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TRIES, _PAUSE = 5, 0.05
"""Whoever removes leftovers has the lock for a moment."""
ATTEMPTS = 100
"""So often in a row no other process removes what was just made."""


class FolderLock:
    """A lock of a folder, in a file beside it that is there as long as the lock is held.

    Args:
        folder: need not exist.

    Attributes:
        is_free: whether no other process holds it, as far as can be known; ``keeps_others_out`` tells whether this one
            does.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder.parent / f".{folder.name}.lock"
        self._made = [parent for parent in folder.parents if not parent.exists()]
        self._handle: int | None = None
        self.is_free = True
        with suppress(OSError):  # that nothing can be written there is reported by whoever writes
            self.is_free = self._take(folder.parent)
            for _ in range(_TRIES):
                if self.is_free:
                    break
                time.sleep(_PAUSE)
                self.is_free = self._take(folder.parent)

    @property
    def keeps_others_out(self) -> bool:
        """Whether the lock is held, and the file system knows locks."""
        return self._handle is not None

    def _take(self, parent: Path) -> bool:
        while True:
            make_folder(parent)
            try:
                handle = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
            except FileNotFoundError:  # whoever made the folder has removed it meanwhile
                continue
            try:
                locked = try_to_lock(handle)
                if locked and not _is_at(handle, self._file):
                    continue  # its last holder removed the file meanwhile
                if locked:
                    self._handle, handle = handle, -1
                return locked is not False
            finally:
                if handle >= 0:
                    os.close(handle)

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()

    def release(self) -> None:
        """Let another process have the lock; folders that were made for it and stayed empty are removed."""
        if self._handle is None:
            return
        self._file.unlink(missing_ok=True)
        os.close(self._handle)
        self._handle = None
        with suppress(OSError):
            for parent in self._made:
                parent.rmdir()


def make_folder(folder: Path) -> None:
    """Make a folder and its parents, also beside processes that make the same and remove it where it stayed empty.

    Raises:
        OSError: it cannot be made.
    """
    for _ in range(ATTEMPTS):
        with suppress(FileNotFoundError):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except FileExistsError:
                if os.path.lexists(folder):
                    raise
            if folder.is_dir():
                return
    folder.mkdir(parents=True, exist_ok=True)


def try_to_lock(handle: int) -> bool | None:
    """Lock an open file or folder; False where another process has it, None where the file system knows no locks."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


@contextmanager
def locked_unless_gone(path: Path) -> Iterator[bool]:
    """Hold the lock of a file or folder, if nobody else does.

    Yields:
        whether nobody writes to it, as far as locks can tell; False also where it is not there any more.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:  # a link, a socket, or what may not be read is not written to under a lock
        yield os.path.lexists(path)
        return
    try:
        yield try_to_lock(handle) is not False and _is_at(handle, path)
    finally:
        os.close(handle)


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except FileNotFoundError:
        return False
