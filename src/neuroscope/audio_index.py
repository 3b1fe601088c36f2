"""What is known of audio files: path, size and time of change -> digest, samples, rate, channels.

It makes the second look at a corpus free: no file is opened that has not changed. Each run adds one immutable segment;
readers take the union, the newest segment last.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING

from neuroscope import waves
from neuroscope.collecting import uncollected
from neuroscope.contracts.progress import Progress, silent
from neuroscope.errors import BadAudio
from neuroscope.files import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_COLUMNS = ("path", "size", "changed", "digest", "frames", "rate", "channels")
_THREADS = 4
_ENCODING = sys.getfilesystemencoding()
_Stamp = tuple[bytes, int, int]
_Held = tuple[int, int, str, int, int, int]
"""Size, time of change, and what an ``AudioFile`` says."""
_Found = dict[str, waves.AudioFile | BadAudio]


class Examined(Mapping[Path, waves.AudioFile | BadAudio]):
    """What each path holds, found by the path's text: hashing a path takes longer than asking for its file's size."""

    def __init__(self, found: _Found) -> None:
        self._found = found

    def __getitem__(self, path: Path) -> waves.AudioFile | BadAudio:
        return self._found[str(path)]

    def __iter__(self) -> Iterator[Path]:
        return map(Path, self._found)

    def __len__(self) -> int:
        return len(self._found)


def examine_all(
    folder: Path, paths: Iterable[Path], progress: Progress = silent, *, trust: bool = True
) -> Mapping[Path, waves.AudioFile | BadAudio]:
    """What each file holds, or why it cannot be used; files not seen before are read, and remembered in ``folder``.

    Without ``trust`` every file is read, also those that are known and seem not to have changed.
    """
    with uncollected():
        found, new = _recall(_load(folder) if trust else {}, paths)
    if new:
        found |= _examine_new(folder, new, progress)
    return Examined(found)


def _recall(known: dict[bytes, _Held], paths: Iterable[Path]) -> tuple[_Found, dict[str, _Stamp]]:
    """What is known of unchanged files or is wrong with those that cannot be looked at; and the stamps of the rest."""
    found: _Found = {}
    new: dict[str, _Stamp] = {}
    here = str(Path.cwd())
    for name in dict.fromkeys(map(str, paths)):
        stamp = _stamp(name, here)
        if stamp is None:
            found[name] = _examine(name)
            continue
        full, size, changed = stamp
        held = known.get(full)
        if held is not None and held[0] == size and held[1] == changed:
            found[name] = waves.AudioFile(*held[2:])
        else:
            new[name] = stamp
    return found, new


def _examine_new(folder: Path, new: dict[str, _Stamp], progress: Progress) -> _Found:
    """Read files in threads; what was read is remembered also when the reading is interrupted."""
    found: _Found = {}
    with progress("Reading files", len(new)) as advance, ThreadPoolExecutor(_THREADS) as pool:
        try:
            for name, result in zip(new, pool.map(_examine, new), strict=True):
                found[name] = result
                advance(1)
        finally:
            pool.shutdown(cancel_futures=True)
            _save(folder, {new[name]: file for name, file in found.items() if isinstance(file, waves.AudioFile)})
    return found


def _examine(name: str) -> waves.AudioFile | BadAudio:
    try:
        return waves.examine(Path(name))
    except BadAudio as error:
        return error


def _stamp(name: str, here: str) -> _Stamp | None:
    """Full name, size and time of a file; a corpus has many, so this is done without making further paths."""
    try:
        status = os.stat(name)  # noqa: PTH116
    except (OSError, ValueError):  # ValueError: a name that no file can have
        return None
    full = name if name.startswith("/") else f"{here}/{name}"
    return full.encode(_ENCODING, "surrogateescape"), status.st_size, status.st_mtime_ns


def _load(folder: Path) -> dict[bytes, _Held]:
    """Full name of a file -> what was last seen of it."""
    import polars

    known: dict[bytes, _Held] = {}
    for segment in sorted(folder.glob("*.parquet"), key=lambda segment: (segment.stat().st_mtime_ns, segment.name)):
        with suppress(OSError, polars.exceptions.PolarsError):  # its files are read again
            names, *held = (column.to_list() for column in polars.read_parquet(segment).select(_COLUMNS))
            known.update(zip(names, zip(*held, strict=True), strict=True))
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
