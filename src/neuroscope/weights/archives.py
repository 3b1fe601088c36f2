"""The two formats of torch's checkpoints: where their pickle lies, and the bytes of their storages.

A storage is read when a tensor of it is wanted, and once. Of a zip archive nothing is unpacked to disk; its entries are
stored as they are, so that no file gives more bytes than it has.
Source: ``torch/serialization.py`` of PyTorch 2, ``_legacy_save`` and ``_save``.
"""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from neuroscope.weights.inert import LARGEST_PICKLE, StoragePlace, Unreadable, is_size
from neuroscope.weights.pickle_reader import read_pickle

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_PIECE = 1 << 24


class Archive(Protocol):
    """An open checkpoint.

    Attributes:
        content: what its pickle holds.
        is_swapped: whether its numbers have their highest byte first.
    """

    content: Any
    is_swapped: bool

    def read(self, place: StoragePlace) -> Tensor:
        """Read the bytes of a whole storage: uint8 ``[size]``."""
        ...


def opened(path: Path, stream: BinaryIO) -> Archive:
    """Tell the format of a file by its first bytes, and read its pickle.

    Raises:
        Unreadable: it is no checkpoint, or holds what is not read.
        zipfile.BadZipFile: it is a damaged zip archive.
    """
    size = path.stat().st_size
    begin = stream.read(512)
    stream.seek(0)
    if begin.startswith(b"PK\x03\x04"):
        return ZipArchive(stream, size)
    if begin.startswith(b"version https://git-lfs"):
        raise Unreadable("it is the pointer of Git LFS, not the file itself; `git lfs pull` gets that")
    if begin[257:262] == b"ustar":
        raise Unreadable("it is a tar archive, as torch wrote before 0.1.10; save it anew with a torch that reads it")
    if begin.lstrip()[:1] == b"<":
        raise Unreadable("it is a web page; the download went wrong")
    if not begin.startswith((b"\x80", b"L", b"I")):
        raise Unreadable("it is no checkpoint of torch (neither a zip archive nor a pickle)")
    return LegacyFile(stream, size)


class ZipArchive:
    """A checkpoint of torch 1.6 and later: a zip archive of a pickle and one entry for each storage.

    Args:
        stream: the file.
        size: of it.
    """

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._zip = zipfile.ZipFile(stream)
        entries = self._zip.infolist()
        if any(each.compress_type != zipfile.ZIP_STORED or each.flag_bits & 1 for each in entries):
            raise Unreadable("its zip archive is compressed or encrypted, which torch does not do")
        if len({each.filename for each in entries}) < len(entries) or sum(each.file_size for each in entries) > size:
            raise Unreadable("two entries of its zip archive lie in one place")
        pickles = [each.filename for each in entries if each.filename.endswith("/data.pkl")]
        if len(pickles) != 1 or pickles[0].count("/") > 1:
            raise Unreadable("it is a zip archive, but no checkpoint of torch")
        self._folder = pickles[0].removesuffix("data.pkl")
        if self._has("constants.pkl"):
            raise Unreadable("it is a TorchScript archive, which is a program; a checkpoint of weights is needed")
        pickle = self._zip.getinfo(pickles[0])
        if pickle.file_size > LARGEST_PICKLE:
            raise Unreadable(f"its pickle has {pickle.file_size:,} bytes, and {LARGEST_PICKLE:,} are read")
        self.is_swapped = self._byte_order() == b"big"
        with self._zip.open(pickle) as inside:
            self.content: Any = read_pickle(inside)  # type: ignore[arg-type]
            if inside.read(1):
                raise Unreadable("it is damaged: something follows its pickle")

    def _has(self, name: str) -> bool:
        return self._folder + name in self._zip.NameToInfo

    def _byte_order(self) -> bytes:
        if not self._has("byteorder"):
            return b"little"
        with self._zip.open(self._folder + "byteorder") as inside:
            order = inside.read(8)
        if order not in {b"little", b"big"}:
            raise Unreadable("it does not say in which order the bytes of its numbers are")
        return order

    def read(self, place: StoragePlace) -> Tensor:
        """Read the bytes of a whole storage: uint8 ``[size]``.

        Raises:
            Unreadable: it is not there, or has another size than the pickle says.
            zipfile.BadZipFile: it is damaged.
        """
        name = f"{self._folder}data/{place.key}"
        found = self._zip.NameToInfo.get(name)
        if found is None or found.file_size != place.size:
            there = "is not there" if found is None else f"has {found.file_size:,} bytes, and not {place.size:,}"
            raise Unreadable(f"a storage of it {there}")
        with self._zip.open(found) as inside:
            return _filled(inside, place.size)  # type: ignore[arg-type]


class LegacyFile:
    """A checkpoint of torch before 1.6: pickles behind each other, then the storages with their lengths.

    Args:
        stream: the file.
        size: of it.
    """

    is_swapped = False

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream, self._size = stream, size
        if read_pickle(stream, 16) != _MAGIC or read_pickle(stream, 16) != _PROTOCOL:
            raise Unreadable("it is a pickle, but no checkpoint of torch")
        about = read_pickle(stream, 1_000)
        if not isinstance(about, dict) or about.get("little_endian", True) is not True:
            raise Unreadable("its numbers have their highest byte first, which is not read in this format")
        items: dict[str, int] = {}
        self.content: Any = read_pickle(stream, items=items)
        self._keys = read_pickle(stream)
        if not isinstance(self._keys, list) or not all(isinstance(key, str) for key in self._keys):
            raise Unreadable("it does not say which storages it has")
        self._places = self._placed(stream.tell(), items)

    def _placed(self, at: int, items: Mapping[str, int]) -> dict[str, int]:
        """Where each storage begins."""
        places = {}
        for key in self._keys:
            self._stream.seek(at)
            count = int.from_bytes(self._stream.read(8), "little")
            places[key] = at + 8
            if key not in items:
                break  # of a class that is not known, or nothing refers to it: nobody knows how long its numbers are
            at += 8 + count * items[key]
            if not is_size(count) or at > self._size:
                raise Unreadable("it is cut off")
        return places

    def read(self, place: StoragePlace) -> Tensor:
        """Read the bytes of a whole storage: uint8 ``[size]``.

        Raises:
            Unreadable: it is not there, or has another size than the pickle says.
        """
        if place.key not in self._places:
            raise Unreadable("a storage of it is not there")
        self._stream.seek(self._places[place.key] - 8)
        count = int.from_bytes(self._stream.read(8), "little")
        if count * place.item != place.size:
            raise Unreadable(f"a storage of it has {count:,} numbers where {place.count:,} are declared")
        if self._places[place.key] + place.size > self._size:
            raise Unreadable("it is cut off")
        return _filled(self._stream, place.size)


def _filled(stream: BinaryIO, size: int) -> Tensor:
    import torch

    made = torch.empty(size, dtype=torch.uint8)
    room = memoryview(made.numpy())  # type: ignore[arg-type]
    at = 0
    while at < size:
        read = stream.readinto(room[at : at + _PIECE])  # type: ignore[attr-defined]
        if not read:
            raise Unreadable("it is cut off")
        at += read
    return made
