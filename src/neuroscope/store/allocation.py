"""Allocate room for vectors that are read: in memory, or, where they are large, in a file without a name."""

from __future__ import annotations

import errno
import os
import tempfile
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.errors import NeuroscopeError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

IN_MEMORY_BYTES = 2_000_000_000
"""Vectors that take more are assembled in a memory-mapped file, and anonymous memory stays flat."""


def allocate(shape: tuple[int, int], folder: Path) -> NDArray[np.float32]:
    """Make an array in memory, or, where it is large, in a file without a name that goes when the array does.

    Args:
        shape: of the array.
        folder: on whose disk the file is; where it cannot be written, the system's temporary folder.

    Raises:
        NeuroscopeError: the disk has no room for it.
    """
    size = 4 * shape[0] * shape[1]
    if size <= IN_MEMORY_BYTES:
        return np.empty(shape, dtype=np.float32)
    try:
        with tempfile.TemporaryFile(dir=folder if os.access(folder, os.W_OK, effective_ids=True) else None) as file:
            _take_room(file.fileno(), size)
            return np.memmap(file, dtype=np.float32, mode="r+", shape=shape)
    except OSError as error:
        raise NeuroscopeError(
            f"no room for {size / 1e9:.1f} GB of vectors beside {folder}: {error.strerror or error}"
        ) from error


def _take_room(handle: int, size: int) -> None:
    """Make an open file as large as it is going to be: a full disk is an error here, later it would kill the process.

    Raises:
        OSError: the disk has no room for it.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, size)
        return
    os.truncate(handle, size)  # macOS: takes no room, so that what is free must do
    disk = os.fstatvfs(handle)
    if size > disk.f_bavail * disk.f_frsize:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
