"""Segments of a table on disk: files that are written once, named by the digest of their bytes.

A segment whose bytes are not those of its name is removed, and what it held is found out anew: a parquet reader that is
given damaged bytes may answer wrong numbers, or end the process.
"""

from __future__ import annotations

import hashlib
import io
from contextlib import suppress
from typing import TYPE_CHECKING

from neuroscope.runtime.files import whole_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from polars import DataFrame
    from polars._typing import PolarsDataType

_ENDING = ".parquet"


def read_segments(folder: Path, types: Mapping[str, PolarsDataType], since: int = 0) -> DataFrame:
    """Read the segments of a folder into one table, the newest at its end; damaged ones are removed.

    Args:
        folder: theirs; there may be none.
        types: of each column.
        since: nanoseconds; what was written before is left out.
    """
    import polars

    tables = [polars.DataFrame(schema=dict(types))]
    for segment in _by_time(folder, since):
        with suppress(OSError):
            written = segment.read_bytes()
            if _name(written) != segment.name:
                segment.unlink()
                continue
            with suppress(polars.exceptions.PolarsError):  # a version of neuroscope with other columns wrote it
                table = polars.read_parquet(io.BytesIO(written))
                tables.append(table.select(list(types)).cast(polars.Schema(types)))
    return polars.concat(tables)


def remove_damaged(folder: Path) -> list[Path]:
    """Remove the segments below a folder whose bytes are not those of their names, and list them."""
    damaged = []
    for segment in sorted(folder.rglob(f"*{_ENDING}")):
        with suppress(OSError):  # another process has removed it
            if _name(segment.read_bytes()) != segment.name:
                segment.unlink()
                damaged.append(segment)
    return damaged


def write_segment(folder: Path, table: DataFrame) -> None:
    """Write a table as a segment; a folder that is only read costs the next look some time, and nothing else."""
    written = io.BytesIO()
    table.write_parquet(written)
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(folder / _name(written.getbuffer())) as temporary:
            temporary.write_bytes(written.getbuffer())


def _by_time(folder: Path, since: int) -> list[Path]:
    found = []
    for segment in folder.glob(f"*{_ENDING}"):
        with suppress(OSError):  # another process has removed it
            found.append((segment.stat().st_mtime_ns, segment))
    return [segment for time, segment in sorted(found) if time >= since]


def _name(written: bytes | memoryview) -> str:
    return hashlib.sha256(written).hexdigest()[:32] + _ENDING
