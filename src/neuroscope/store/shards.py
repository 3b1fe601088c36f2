"""Write and read shards: folders with the names of rows, one array a layer, and the size and digest of every array.

A shard is written under a temporary name, synced and renamed, and never changed after that. Its name is the digest of
its rows' names, so a damaged index is seen as such. Whether the arrays are there and of the right size is cheap to see
and is looked at always; their digests are looked at before vectors are read.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from neuroscope.errors import StoreMismatch
from neuroscope.runtime.files import whole_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_INDEX = "shard.json"


class DamagedShard(Exception):
    """Error where a shard is not what was written; it never leaves the store."""


@dataclass(frozen=True, slots=True)
class ShardIndex:
    """Index of a shard: names of its rows, and file name -> size and digest."""

    rows: list[str]
    files: dict[str, dict[str, Any]]


def finished(folder: Path) -> Iterator[Path]:
    """Yield the shards in a folder, in the order in which they win; a leading dot marks unfinished or damaged ones."""
    with suppress(FileNotFoundError, NotADirectoryError):
        yield from (folder / name for name in sorted(os.listdir(folder)) if not name.startswith("."))  # noqa: PTH208 (a sort of paths is slow)


def write(folder: Path, rows: Sequence[str], arrays: Sequence[NDArray[Any]], made_with: Mapping[str, str]) -> None:
    """Add a shard with one array a layer, ``[rows, units]``; an undamaged shard of the same rows stays.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """
    shard = folder / _digest(rows)
    if shard.exists():
        try:
            read_index(shard, len(arrays))
        except DamagedShard:
            set_aside(shard)
    with whole_folder(shard) as temporary:
        files = {f"{number}.npy": _save(temporary / f"{number}.npy", array) for number, array in enumerate(arrays)}
        text = json.dumps({"rows": list(rows), "made_with": dict(made_with), "files": files})
        (temporary / _INDEX).write_text(text)


def read_index(shard: Path, layers: int) -> ShardIndex:
    """Read the index of a shard that is not visibly damaged; no array is opened.

    Args:
        shard: its folder.
        layers: number of layers that it should have.

    Raises:
        DamagedShard: a file is missing or of another size, or the index is not what was written.
        OSError: the shard cannot be looked at, whatever it holds.
    """
    try:
        found = json.loads((shard / _INDEX).read_bytes())
        index = ShardIndex(found["rows"], found["files"])
        if _digest(index.rows) != shard.name:
            raise DamagedShard("its index names other rows")
        if index.files.keys() != {f"{number}.npy" for number in range(layers)}:
            raise DamagedShard(f"it has not {layers} layers")
        with os.scandir(shard) as entries:
            sizes = {entry.name: entry.stat().st_size for entry in entries}
        for name, about in index.files.items():
            if sizes.get(name) != about["bytes"]:
                raise DamagedShard(f"{name} has {sizes.get(name, 'no')} bytes, not {about['bytes']}")
    except (FileNotFoundError, NotADirectoryError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise DamagedShard(f"{_INDEX}: {error}") from error
    return index


def check(shard: Path, name: str, index: ShardIndex) -> None:
    """Read one file whole, and compare its digest.

    Raises:
        DamagedShard: its bytes are not those that were written.
        OSError: it cannot be read.
    """
    try:
        with (shard / name).open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.EIO}:
            raise DamagedShard(f"{name}: {error.strerror}") from error
        raise
    if digest != index.files[name]["sha256"]:
        raise DamagedShard(f"{name} has other bytes than were written")


def map_array(shard: Path, name: str) -> NDArray[Any]:
    """Memory-map the array in one file; its digest is not looked at.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no array.
    """
    values: NDArray[Any] = np.load(shard / name, mmap_mode="r", allow_pickle=False)
    return values


def set_aside(shard: Path) -> None:
    """Rename a damaged shard, so that no reader sees it."""
    shard.rename(shard.with_name(f".{shard.name}.{secrets.token_hex(8)}.damaged"))


def count_set_aside(folder: Path) -> int:
    """Count the shards in a folder that are hidden from readers because they are damaged."""
    return len(list(folder.glob(".*.damaged")))


def made_with(folder: Path) -> list[dict[str, Any] | None]:
    """Read the device and versions that computed each shard in a folder; None where its index cannot be read."""
    found: list[dict[str, Any] | None] = []
    for index in folder.glob(f"[!.]*/{_INDEX}"):
        about = None
        with suppress(OSError, ValueError, LookupError, TypeError, AttributeError):  # ``verify`` says what is damaged
            about = dict(json.loads(index.read_bytes())["made_with"].items())
        found.append(about)
    return found


@contextmanager
def errors_as_store_mismatch(folder: Path) -> Iterator[None]:
    """Turn whatever is wrong with a folder of vectors into StoreMismatch, which says what to do."""
    try:
        yield
    except (OSError, ValueError, LookupError, DamagedShard) as error:
        raise StoreMismatch(
            f"{folder} cannot be read ({error}); if it is damaged, `neuroscope store verify` sets it aside, and "
            "`neuroscope extract` computes it again"
        ) from error


def _digest(rows: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:32]


def _save(path: Path, array: NDArray[Any]) -> dict[str, Any]:
    with path.open("wb") as stream:
        digesting = _DigestingStream(stream)
        np.save(digesting, array)
    return {"bytes": digesting.bytes, "sha256": digesting.sha256.hexdigest()}


class _DigestingStream:
    """Stream that digests what is to be written; numpy's own way to a file would hide why a write failed."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self.sha256, self.bytes = stream, hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        self.bytes += len(data)
        return self._stream.write(data)
