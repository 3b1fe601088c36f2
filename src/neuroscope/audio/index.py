"""Index of audio files: path, size and time of change -> digest, samples, rate, channels.

It makes the second look at a corpus free: no file is opened that has not changed. Each run adds one immutable segment
(a parquet file); readers take the union, the newest segment last.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.audio import waveforms
from neuroscope.audio.spans import AudioFiles
from neuroscope.contracts.progress import Progress, silent
from neuroscope.errors import BadAudio
from neuroscope.runtime.files import whole_file
from neuroscope.runtime.gc_pause import gc_paused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from polars import DataFrame, Series
    from polars._typing import PolarsDataType

_THREADS = 4
_ENCODING = sys.getfilesystemencoding()
_STAMP = ("path", "size", "changed")
_CONTENT = ("digest", "frames", "rate", "channels")
_ABSENT = -1
"""Stands for the size of a file that cannot be looked at."""
_Found = dict[int, waveforms.AudioFile | BadAudio]


def examine_all(folder: Path, paths: Iterable[Path], progress: Progress = silent, *, since: int = 0) -> AudioFiles:
    """Find what each file holds, or why it cannot be used; new files are read, and remembered in ``folder``.

    Of what is remembered, only what was written at or after ``since`` (nanoseconds) is trusted.
    """
    with gc_paused():
        names = list(map(str, paths))
        if len(set(names)) < len(names):
            names = list(dict.fromkeys(names))
        asked = _stamped(names)
        known = _known_files(asked, _load(folder, since))
    absent = {number: _examine(names[number]) for number in np.flatnonzero(asked["size"] == _ABSENT).tolist()}
    unknown = np.flatnonzero(known["digest"].is_null()).tolist()
    new = _examine_new(folder, {n: names[n] for n in unknown if n not in absent}, asked, progress)
    return _merge(names, known, absent | new)


def _merge(names: Sequence[str], known: DataFrame, found: Mapping[int, waveforms.AudioFile | BadAudio]) -> AudioFiles:
    """Put what was found now into the places of what was remembered, as columns."""
    files = {number: file for number, file in found.items() if isinstance(file, waveforms.AudioFile)}
    wrong = {number: file for number, file in found.items() if isinstance(file, BadAudio)}
    digests, *counts = (
        known[name].scatter(list(files), [getattr(f, name) for f in files.values()]) for name in _CONTENT
    )
    frames, rates, channels = (column.fill_null(1).to_numpy() for column in counts)
    return AudioFiles(names, digests, frames, rates, channels, wrong)


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
            _save(folder, asked, {n: file for n, file in found.items() if isinstance(file, waveforms.AudioFile)})
    return found


def _examine(name: str) -> waveforms.AudioFile | BadAudio:
    try:
        return waveforms.examine(Path(name))
    except BadAudio as error:
        return error


def _stamped(names: Sequence[str]) -> DataFrame:
    """Look up full name, size and time of change of each file; path objects for a whole corpus would take long."""
    import polars

    size: list[int] = []
    changed: list[int] = []
    for name in names:
        try:
            status = os.stat(name)  # noqa: PTH116
        except (OSError, ValueError):  # ValueError: a name that no file can have
            size.append(_ABSENT)
            changed.append(0)
        else:
            size.append(status.st_size)
            changed.append(status.st_mtime_ns)
    here = str(Path.cwd())
    full = _encoded([name if name.startswith("/") else f"{here}/{name}" for name in names])
    types = _types()
    columns = dict(zip(_STAMP, (full, size, changed), strict=True))
    return polars.DataFrame(columns, schema={name: types[name] for name in _STAMP})


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

    numbers = ("size", "changed", *_CONTENT[1:])
    return {"path": polars.Binary(), "digest": polars.String(), **dict.fromkeys(numbers, polars.Int64())}


def _load(folder: Path, since: int) -> DataFrame:
    """Read the segments into one table, what was seen last at its end."""
    import polars

    types = _types()
    tables = [polars.DataFrame(schema=types)]
    written = sorted((segment.stat().st_mtime_ns, segment) for segment in folder.glob("*.parquet"))
    for segment in (segment for time, segment in written if time >= since):
        with suppress(OSError, polars.exceptions.PolarsError):  # its files are read again
            tables.append(polars.read_parquet(segment).select(list(types)).cast(polars.Schema(types)))
    return polars.concat(tables)


def _known_files(asked: DataFrame, remembered: DataFrame) -> DataFrame:
    """Look up what is known of each file that was asked for; nulls where one is new or has changed."""
    import polars

    beside = asked.join(remembered, on="path", how="left", maintain_order="left")
    if len(beside) > len(asked):  # some file was seen more than once
        beside = asked.join(remembered.unique("path", keep="last"), on="path", how="left", maintain_order="left")
    unchanged = (beside["size"] == beside["size_right"]) & (beside["changed"] == beside["changed_right"])
    known = beside.select(_CONTENT)
    return (
        known if unchanged.all(ignore_nulls=False) else known.select(polars.when(unchanged).then(polars.col(*_CONTENT)))
    )


def _save(folder: Path, asked: DataFrame, files: Mapping[int, waveforms.AudioFile]) -> None:
    import polars

    if not files:
        return
    content = polars.DataFrame([astuple(file) for file in files.values()], schema=list(_CONTENT), orient="row")
    frame = polars.concat([asked[list(files)], content], how="horizontal")
    with suppress(OSError, polars.exceptions.PolarsError):  # a folder that is only read costs the next look some time
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(folder / f"{_segment_name(frame)}.parquet") as temporary:
            frame.write_parquet(temporary)


def _segment_name(frame: DataFrame) -> str:
    import hashlib

    return hashlib.sha256(repr(frame.rows()).encode()).hexdigest()[:32]
