"""One writer at a time: a lock beside a folder, which a dead process does not hold."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class FolderLock:
    """A lock of a folder, in a file beside it that is there as long as the lock is held.

    Args:
        folder: need not exist.

    Attributes:
        is_held: False where another process holds it; True also where the file system knows no locks.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder.parent / f".{folder.name}.lock"
        self._made = [parent for parent in folder.parents if not parent.exists()]
        self._handle: int | None = None
        self.is_held = True
        with suppress(OSError):  # that nothing can be written there is reported by whoever writes
            folder.parent.mkdir(parents=True, exist_ok=True)
            self.is_held = self._take()

    @property
    def keeps_others_out(self) -> bool:
        """Whether the lock is held, and the file system knows locks."""
        return self._handle is not None

    def _take(self) -> bool:
        while True:
            handle = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                return False
            except OSError:
                os.close(handle)
                return True
            with suppress(FileNotFoundError):
                if os.fstat(handle).st_ino == self._file.stat().st_ino:
                    self._handle = handle
                    return True
            os.close(handle)  # its last holder removed the file meanwhile

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
