"""Index of audio files: path, size and times of change -> digest, samples, rate, channels.

It makes the second look at a corpus free: no file is opened that has not changed. Each run adds one immutable segment;
readers take the union, the newest segment last.
"""

from __future__ import annotations

import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.audio import segments, waveforms
from neuroscope.audio.files import AudioFile
from neuroscope.audio.spans import AudioFiles
from neuroscope.contracts.progress import Progress, silent
from neuroscope.errors import BadAudio
from neuroscope.runtime.gc_pause import gc_paused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from polars import DataFrame, Series
    from polars._typing import PolarsDataType

_THREADS = 4
_ENCODING = sys.getfilesystemencoding()
_STAMP = ("size", "modified", "changed")
_CONTENT = ("digest", "frames", "rate", "channels")
_ABSENT = -1
"""Stands for the size of what cannot be looked at, or is no file."""
_Found = dict[int, AudioFile | BadAudio]


def examine_all(folder: Path, paths: Iterable[Path], progress: Progress = silent, *, since: int = 0) -> AudioFiles:
    """Find what each file holds, or why it cannot be used; new files are read, and remembered in ``folder``.

    Files that cannot be used are not remembered, since another library may read them tomorrow: they are opened again,
    but for empty ones, which their size tells. Of what is remembered, only what was written at or after ``since``
    (nanoseconds) is trusted.
    """
    import polars

    with gc_paused():
        names = list(map(str, paths))
        if len(set(names)) < len(names):
            names = list(dict.fromkeys(names))
        asked = _stamped(names)
        known = _known_files(asked, segments.read_segments(folder, _types(), since))
        empty = np.flatnonzero(asked["size"] == 0).tolist()
        found: _Found = {n: BadAudio("empty file", names[n]) for n in empty}
    found |= {n: _examine(names[n]) for n in np.flatnonzero(asked["size"] == _ABSENT).tolist()}
    unknown = np.flatnonzero(known["digest"].is_null()).tolist()
    found |= _examine_new(folder, {n: names[n] for n in unknown if n not in found}, asked, progress)
    return _merge(names, polars.concat([known, asked.select(_STAMP)], how="horizontal"), found)


def examined(cache: Path, paths: Iterable[Path], progress: Progress = silent) -> Mapping[Path, AudioFile | BadAudio]:
    """Find what each file holds, or why it cannot be used, for a reader that has to know it.

    What is found is remembered where extraction looks it up, so that each file is read once.

    Args:
        cache: the cache folder.
        paths: of audio files.
        progress: told of the files that are read.

    Raises:
        MissingDependency: the library that knows the format of a file (PyAV, desphere) is not installed.
    """
    return examine_all(cache / "store" / "audio", paths, progress)


def _merge(names: Sequence[str], known: DataFrame, found: Mapping[int, AudioFile | BadAudio]) -> AudioFiles:
    """Put what was found now into the places of what was remembered, as columns."""
    files = {number: file for number, file in found.items() if isinstance(file, AudioFile)}
    wrong = {number: file for number, file in found.items() if isinstance(file, BadAudio)}
    new = _table(files.values())
    digests, *numbers = (known[name].scatter(list(files), new[name]) for name in (*_CONTENT, *_STAMP))
    frames, rates, channels, *stamps = (column.fill_null(1).to_numpy() for column in numbers)
    return AudioFiles(names, digests, frames, rates, channels, np.stack(stamps, axis=1), wrong)


def _table(files: Iterable[AudioFile]) -> DataFrame:
    """Put contents and stamps of files side by side, a row a file."""
    import polars

    rows = [
        (f.digest, f.frames, f.rate, f.channels, f.stamp.size, f.stamp.modified, f.stamp.changed)
        for f in files
        if f.stamp is not None
    ]
    types = _types()
    return polars.DataFrame(rows, schema={name: types[name] for name in (*_CONTENT, *_STAMP)}, orient="row")


def _examine_new(folder: Path, new: Mapping[int, str], asked: DataFrame, progress: Progress) -> _Found:
    """Read files in threads; what was read is remembered also when the reading is interrupted."""
    found: _Found = {}
    if not new:
        return found
    with progress("Reading files", len(new)) as advance, ThreadPoolExecutor(_THREADS) as pool:
        try:
            for number, result in zip(new, pool.map(_examine, new.values()), strict=True):
                found[number] = result
                advance(1)
        finally:
            pool.shutdown(cancel_futures=True)
            _save(folder, asked, {n: file for n, file in found.items() if isinstance(file, AudioFile)})
    return found


def _examine(name: str) -> AudioFile | BadAudio:
    try:
        return waveforms.examine(Path(name))
    except BadAudio as error:
        return error


def _stamped(names: Sequence[str]) -> DataFrame:
    """Look up full name, size and times of change of each file; path objects for a whole corpus would take long."""
    import polars

    sizes: list[int] = []
    modified: list[int] = []
    changed: list[int] = []
    for name in names:
        try:
            status = os.stat(name)  # noqa: PTH116
        except (OSError, ValueError):  # ValueError: a name that no file can have
            sizes.append(_ABSENT)
            modified.append(0)
            changed.append(0)
        else:
            sizes.append(status.st_size if stat.S_ISREG(status.st_mode) else _ABSENT)
            modified.append(status.st_mtime_ns)
            changed.append(status.st_ctime_ns)
    here = str(Path.cwd())
    full = _encoded([name if name.startswith("/") else f"{here}/{name}" for name in names])
    columns = dict(zip(_STAMP, (sizes, modified, changed), strict=True))
    return polars.DataFrame({"path": full, **columns}, schema_overrides=dict.fromkeys(_STAMP, polars.Int64))


def _encoded(names: Sequence[str]) -> Series:
    """Encode names as the bytes that the file system knows them by."""
    import polars

    if _ENCODING == "utf-8":
        with suppress(UnicodeEncodeError):  # some file's bytes are no text
            return polars.Series(names, dtype=polars.String).cast(polars.Binary)
    return polars.Series([name.encode(_ENCODING, "surrogateescape") for name in names], dtype=polars.Binary)


def _types() -> dict[str, PolarsDataType]:
    """Return the type of each column of a segment."""
    import polars

    numbers = (*_STAMP, *_CONTENT[1:])
    return {"path": polars.Binary(), "digest": polars.String(), **dict.fromkeys(numbers, polars.Int64())}


def _known_files(asked: DataFrame, remembered: DataFrame) -> DataFrame:
    """Look up what is known of each file that was asked for; nulls where one is new or has changed."""
    import polars

    beside = asked.join(remembered, on="path", how="left", maintain_order="left")
    if len(beside) > len(asked):  # some file was seen more than once
        beside = asked.join(remembered.unique("path", keep="last"), on="path", how="left", maintain_order="left")
    same = polars.all_horizontal(polars.col(name) == polars.col(f"{name}_right") for name in _STAMP)
    unchanged = beside.select(same=same)["same"]
    known = beside.select(_CONTENT)
    return (
        known if unchanged.all(ignore_nulls=False) else known.select(polars.when(unchanged).then(polars.col(*_CONTENT)))
    )


def _save(folder: Path, asked: DataFrame, files: Mapping[int, AudioFile]) -> None:
    """Remember files with the stamps that they had when they were digested, which may be younger than those asked."""
    import polars

    if files:
        table = polars.concat([asked.select("path")[list(files)], _table(files.values())], how="horizontal")
        segments.write_segment(folder, table)
