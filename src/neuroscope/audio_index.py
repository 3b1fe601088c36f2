"""What is known of audio files: path, size and time of change -> digest, samples, rate, channels.

It makes the second look at a corpus free: no file is opened that has not changed. Each run adds one immutable segment;
readers take the union, the newest segment last.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import astuple
from typing import TYPE_CHECKING

from neuroscope import waves
from neuroscope.contracts.progress import Progress, silent
from neuroscope.errors import BadAudio
from neuroscope.files import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_COLUMNS = ("path", "size", "changed", "digest", "frames", "rate", "channels")
_THREADS = 4
_Stamp = tuple[bytes, int, int]


def examine_all(
    folder: Path, paths: Iterable[Path], progress: Progress = silent
) -> dict[Path, waves.AudioFile | BadAudio]:
    """What each file holds, or why it cannot be used; files not seen before are read, and remembered in ``folder``."""
    known = _load(folder)
    found: dict[Path, waves.AudioFile | BadAudio] = {}
    new: dict[Path, _Stamp] = {}
    for path in dict.fromkeys(paths):
        stamp = _stamp(path)
        if stamp is None:
            found[path] = _examine(path)
        elif stamp in known:
            found[path] = known[stamp]
        else:
            new[path] = stamp
    if new:
        found |= _examine_new(folder, new, progress)
    return found


def _examine_new(folder: Path, new: dict[Path, _Stamp], progress: Progress) -> dict[Path, waves.AudioFile | BadAudio]:
    """Read files in threads; what was read is remembered also when the reading is interrupted."""
    found: dict[Path, waves.AudioFile | BadAudio] = {}
    with progress("Reading files", len(new)) as advance, ThreadPoolExecutor(_THREADS) as pool:
        try:
            for path, result in zip(new, pool.map(_examine, new), strict=True):
                found[path] = result
                advance(1)
        finally:
            pool.shutdown(cancel_futures=True)
            _save(folder, {new[path]: file for path, file in found.items() if isinstance(file, waves.AudioFile)})
    return found


def _examine(path: Path) -> waves.AudioFile | BadAudio:
    try:
        return waves.examine(path)
    except BadAudio as error:
        return error


def _stamp(path: Path) -> _Stamp | None:
    try:
        status = path.stat()
    except (OSError, ValueError):  # ValueError: a name that no file can have
        return None
    return os.fsencode(path.absolute()), status.st_size, status.st_mtime_ns


def _load(folder: Path) -> dict[_Stamp, waves.AudioFile]:
    import polars

    known = {}
    for segment in sorted(folder.glob("*.parquet"), key=lambda segment: (segment.stat().st_mtime_ns, segment.name)):
        with suppress(OSError, polars.exceptions.PolarsError):  # its files are read again
            for path, size, changed, *held in polars.read_parquet(segment).select(_COLUMNS).iter_rows():
                known[path, size, changed] = waves.AudioFile(*held)
    return known


def _save(folder: Path, files: dict[_Stamp, waves.AudioFile]) -> None:
    import polars

    if not files:
        return
    rows = [(*stamp, *astuple(file)) for stamp, file in files.items()]
    frame = polars.DataFrame(rows, schema=list(_COLUMNS), orient="row")
    with suppress(OSError, polars.exceptions.PolarsError):  # a folder that is only read costs the next look some time
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(folder / f"{_name(rows)}.parquet") as temporary:
            frame.write_parquet(temporary)


def _name(rows: list[tuple[object, ...]]) -> str:
    import hashlib

    return hashlib.sha256(repr(rows).encode()).hexdigest()[:32]
