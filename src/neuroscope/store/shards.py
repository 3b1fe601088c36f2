"""Write and read shards: folders with the names of rows, one array a layer, and an index that says whose they are.

A shard is written under a temporary name, synced and renamed, and never changed after that. Its name is the digest of
its rows' names. Its index names the representation that it belongs to, the layers with the width, size and digest of
their arrays, and the rows, and carries a digest of all that. Index and sizes are cheap to look at and are looked at
always; digests of arrays are looked at before vectors are read.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from neuroscope.errors import StoreMismatch
from neuroscope.runtime.files import whole_folder
from neuroscope.store import json_files
from neuroscope.store.json_files import WrongContent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_INDEX = "shard.json"
_SHAPE = {
    "representation": str,
    "layers": {str: {"file": str, "width": int, "bytes": int, "sha256": str}},
    "rows": [str],
    "made_with": {str: str},
}
_DAMAGE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EIO}
"""Errors of the file system that a damaged shard explains; a missing right, for one, does not say what is there."""


class DamagedShard(Exception):
    """Error where a shard is not what was written; it never leaves the store."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The representation that shards belong to: its key, and layer -> number of columns, in declared order."""

    key: str
    widths: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ShardIndex:
    """Index of a shard: names of its rows, and layer -> name of its file, width, size and digest."""

    rows: list[str]
    layers: dict[str, dict[str, Any]]


def finished(folder: Path) -> Iterator[Path]:
    """Yield the shards in a folder, in the order in which they win; a leading dot marks unfinished or damaged ones."""
    with suppress(FileNotFoundError, NotADirectoryError):
        yield from (folder / name for name in sorted(os.listdir(folder)) if not name.startswith("."))  # noqa: PTH208 (a sort of paths is slow)


def write(
    folder: Path, owner: Owner, rows: Sequence[str], arrays: Sequence[NDArray[Any]], made_with: Mapping[str, str]
) -> None:
    """Add a shard with one array a layer, ``[rows, units]``; an undamaged shard of the same rows stays.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """
    shard = folder / _digest(rows)
    if os.path.lexists(shard):
        try:
            read_index(shard, owner)
        except DamagedShard:
            with suppress(FileNotFoundError):  # another writer was faster
                set_aside(shard)
    with whole_folder(shard) as temporary:
        layers = {
            layer: {"file": f"{number}.npy", "width": array.shape[1], **_save(temporary / f"{number}.npy", array)}
            for number, (layer, array) in enumerate(zip(owner.widths, arrays, strict=True))
        }
        about = {"representation": owner.key, "layers": layers, "rows": list(rows), "made_with": dict(made_with)}
        json_files.write(temporary / _INDEX, about, _SHAPE)


def read_index(shard: Path, owner: Owner) -> ShardIndex:
    """Read the index of a shard that is not visibly damaged; no array is opened.

    Args:
        shard: its folder.
        owner: whose shard it should be.

    Raises:
        DamagedShard: a file is missing or of another size, the index is not what was written, or it is another's.
        OSError: the shard cannot be looked at, whatever it holds.
    """
    try:
        index = _checked_index(shard, owner)
        with os.scandir(shard) as entries:
            sizes = {entry.name: entry.stat().st_size for entry in entries}
    except WrongContent as error:
        raise DamagedShard(f"{_INDEX}: {error}") from error
    except OSError as error:
        if error.errno in _DAMAGE:
            raise DamagedShard(f"{_INDEX}: {json_files.reason(error)}") from error
        raise
    for about in index.layers.values():
        name = about["file"]
        if sizes.get(name) != about["bytes"]:
            raise DamagedShard(f"{name} has {sizes.get(name, 'no')} bytes, not {about['bytes']}")
    return index


def check(shard: Path, layer: str, index: ShardIndex) -> None:
    """Read the file of one layer whole, and compare its digest.

    Raises:
        DamagedShard: its bytes are not those that were written.
        OSError: it cannot be read.
    """
    name = index.layers[layer]["file"]
    try:
        with (shard / name).open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        if error.errno in _DAMAGE:
            raise DamagedShard(f"{name}: {error.strerror}") from error
        raise
    if digest != index.layers[layer]["sha256"]:
        raise DamagedShard(f"{name} has other bytes than were written")


def map_array(shard: Path, layer: str, index: ShardIndex) -> NDArray[Any]:
    """Memory-map the array of one layer, ``[rows, units]``; its digest is not looked at.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no array.
        DamagedShard: it has another shape.
    """
    about = index.layers[layer]
    values: NDArray[Any] = np.load(shard / about["file"], mmap_mode="r", allow_pickle=False)
    if values.shape != (len(index.rows), about["width"]):
        raise DamagedShard(f"layer {layer} is {list(values.shape)}")
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
    for shard in finished(folder):
        about = None
        with suppress(OSError, WrongContent):  # ``verify`` says what is damaged
            about = json_files.read(shard / _INDEX, _SHAPE)["made_with"]
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


def _checked_index(shard: Path, owner: Owner) -> ShardIndex:
    """Read the index of a shard, and compare whose and which it is.

    Raises:
        WrongContent: it is not what was written, or that of another shard.
        OSError: there is nothing, or it cannot be read.
    """
    found = json_files.read(shard / _INDEX, _SHAPE)
    if found["representation"] != owner.key:
        raise WrongContent(f"it belongs to the representation {found['representation']}")
    if [(layer, about["width"]) for layer, about in found["layers"].items()] != list(owner.widths.items()):
        raise WrongContent(f"it has the layers {', '.join(found['layers'])}, or other widths")
    if _digest(found["rows"]) != shard.name:
        raise WrongContent("it names other rows")
    return ShardIndex(found["rows"], found["layers"])


def _digest(rows: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(rows).encode(errors="surrogatepass")).hexdigest()[:32]


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
