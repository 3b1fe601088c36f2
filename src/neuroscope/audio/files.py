"""Audio files as bytes: opening one, its digest, and whether it is still the file that was digested."""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import FileIO
from typing import TYPE_CHECKING

from neuroscope.errors import BadAudio

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHANGED = "changed file"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a file system says of a file, which changes with its bytes.

    Attributes:
        size: bytes.
        modified: time of the last change of its bytes (mtime), nanoseconds; programs can set it back.
        changed: time of the last change of its bytes, name or rights (ctime), nanoseconds; programs cannot set it.
    """

    size: int
    modified: int
    changed: int

    @classmethod
    def of(cls, status: os.stat_result) -> Stamp:
        """Take the stamp of a file's status."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@dataclass(frozen=True, slots=True)
class AudioFile:
    """Contents of an audio file.

    Attributes:
        digest: of its bytes, 32 hexadecimal digits.
        frames: samples of one channel: as many as its header says, or counted by decoding where that cannot be
            believed.
        rate: Hz.
        channels: number of them.
        stamp: of the file when it was digested; None = not known, and whoever reads it cannot tell a changed file.
    """

    digest: str
    frames: int
    rate: int
    channels: int
    stamp: Stamp | None = field(default=None, compare=False)


@contextmanager
def opened(path: Path) -> Iterator[FileIO]:
    """Open an audio file, without a buffer; whatever goes wrong with the file becomes BadAudio."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise BadAudio("not a file", str(path))
        with open(path, "rb", buffering=0, opener=_open_at_once) as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise BadAudio("not a file", str(path))
            if status.st_size == 0:
                raise BadAudio("empty file", str(path))
            yield stream
    except FileNotFoundError:
        raise BadAudio("missing file", str(path)) from None
    except IsADirectoryError:
        raise BadAudio("not a file", str(path)) from None
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise BadAudio("unreadable file", f"{path}: {getattr(error, 'strerror', None) or error}") from None


def _open_at_once(path: str, flags: int) -> int:
    """Open a file also where it became a pipe that nobody writes to, which would wait for ever."""
    return os.open(path, flags | os.O_NONBLOCK)


def digest_of(stream: FileIO) -> str:
    """Compute the digest of all bytes of an open file."""
    stream.seek(0)
    return hashlib.file_digest(stream, "sha256").hexdigest()[:32]


def stamp_of(stream: FileIO) -> Stamp:
    """Take the stamp of an open file."""
    return Stamp.of(os.fstat(stream.fileno()))


@contextmanager
def unchanged(stream: FileIO, path: Path, file: AudioFile) -> Iterator[None]:
    """Raise BadAudio where an open file is another than ``file`` before the block, or after it, however it ends.

    A file that was touched, and has the same bytes, is the same; its times alone cost a look at its bytes.
    """
    _check(stream, path, file)
    try:
        yield
    except (BadAudio, OSError):
        _check(stream, path, file)  # half-written files are damaged, and that is not what went wrong
        raise
    _check(stream, path, file)


def _check(stream: FileIO, path: Path, file: AudioFile) -> None:
    now = stamp_of(stream)
    if file.stamp in {None, now}:
        return
    if file.stamp is None or now.size != file.stamp.size or digest_of(stream) != file.digest:
        raise BadAudio(CHANGED, f"{path}: it is not the file that was looked at; the next command reads it anew")
