"""Read vectors from ``.npz``: its arrays are looked at before they are unpacked, and are memory-mapped then."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.errors import BadVectors
from neuroscope.exchange.vector_file import ONE_LAYER, Vectors, check_matrix, check_widths, in_bytes, texts

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_COPIED = 2**24
"""Bytes that are unpacked at a time."""
_HARMLESS = 2**26
"""Bytes that may be unpacked whatever they were packed in."""
_DENSEST = 200
"""Times that an array may grow: numbers that were measured hardly do; what was made to fill a disk grows 1000 times."""
_READ = ("ids", "values", "layers", "widths")


def open_npz(path: Path) -> Vectors:
    """Open an archive with ``ids`` and ``values``, perhaps ``layers`` and ``widths``."""
    with zipfile.ZipFile(path) as archive:
        held = {each.filename.removesuffix(".npy"): each for each in archive.infolist()}
        if absent := sorted({"ids", "values"} - held.keys()):
            raise BadVectors(str(path), [f"there is no array {' and no '.join(absent)}; it has {', '.join(held)}"])
        _check_sizes(path, [held[name] for name in _READ if name in held])
        arrays = {name: _unpacked(path, archive, held[name]) for name in _READ if name in held}
    values = check_matrix(path, "values", arrays["values"])
    layers = {ONE_LAYER: values.shape[1]}
    if {"layers", "widths"} <= arrays.keys():
        layers = _layers(path, texts(arrays["layers"]), arrays["widths"])
    check_widths(path, layers, values.shape[1])
    others = {name: "only ids, values, layers and widths are read" for name in held if name not in arrays}
    read = values.__getitem__
    return Vectors(
        texts(arrays["ids"]), len(values), layers, lambda first, last: read(slice(first, last)), ("values",), others
    )


def _layers(path: Path, names: tuple[str, ...], widths: NDArray[Any]) -> dict[str, int]:
    """Return the layers' widths; BadVectors where they are no whole numbers, one for each of the different names."""
    if widths.dtype.kind not in "iu" or widths.shape != (len(names),):
        found = f"{widths.dtype} {list(widths.shape)}"
        raise BadVectors(str(path), [f"widths is {found}, not {len(names)} whole numbers, one a layer"])
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise BadVectors(str(path), [f"its layers name {name} twice" for name in twice])
    return dict(zip(names, widths.tolist(), strict=True))


def _check_sizes(path: Path, members: list[zipfile.ZipInfo]) -> None:
    """Raise BadVectors where unpacking would fill the disk, or an array was packed to do so."""
    for each in members:
        if each.file_size > max(_HARMLESS, _DENSEST * each.compress_size):
            grows = f"{in_bytes(each.compress_size)} would become {in_bytes(each.file_size)}"
            problem = f"{each.filename}: {grows}, as no measured numbers do; if they are meant, write them unpacked"
            raise BadVectors(str(path), [f"{problem} (numpy.savez, or .npy)"])
    needed, free = sum(each.file_size for each in members), shutil.disk_usage(tempfile.gettempdir()).free
    if needed > free:
        room = f"unpacked it is {in_bytes(needed)}, and {tempfile.gettempdir()} has room for {in_bytes(free)}"
        raise BadVectors(str(path), [f"{room}; write it as .npy or .safetensors, or name another folder with TMPDIR"])


def _unpacked(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    """Unpack an array, memory-mapped from a file without a name: it may be larger than memory."""
    with archive.open(member) as packed, tempfile.TemporaryFile() as file:
        shutil.copyfileobj(packed, file, _COPIED)
        size = file.tell()
        file.seek(0)
        headers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        shape, in_columns, kind = headers[np.lib.format.read_magic(file)](file)
        if kind.hasobject:
            raise BadVectors(str(path), [f"{member.filename} holds Python objects, which are not read"])
        count = 1
        for length in shape:
            count *= length  # of whole numbers: a product of numpy would overflow
        if count * kind.itemsize != size - file.tell():
            raise BadVectors(str(path), [f"{member.filename} says that it is {kind} {list(shape)}, which it is not"])
        if not count:
            return np.empty(shape, kind)
        values: NDArray[Any] = np.memmap(
            file, kind, mode="c", offset=file.tell(), shape=shape, order="F" if in_columns else "C"
        )
        return values
