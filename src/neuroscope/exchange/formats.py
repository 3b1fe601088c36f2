"""Read files of vectors that other programs wrote.

They are ``.npy``, ``.npz``, ``.safetensors``, ``.parquet``, or a folder of ``.npy``. Opening one reads no more than it
must; vectors are read some rows at a time.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.errors import BadOption, BadVectors, MissingData, NeuroscopeError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FORMATS = ".npy, .npz, .safetensors, .parquet, or a folder of one .npy an utterance"
ONE_LAYER = "features"
"""The layer's name, where a file names none."""
_COPIED = 2**24
"""Bytes that are unpacked at a time."""
ID_COLUMNS = ("id", "ids", "utterance")


@dataclass(frozen=True, slots=True)
class Vectors:
    """Vectors in a file, of which some rows are read at a time.

    Attributes:
        ids: of the utterances, in the order of the rows; None = the file does not say.
        rows: number of vectors.
        layers: name -> width, in the order of the columns.
        read: first row (included), last row (excluded) -> ``[rows, columns]``, layers side by side.
    """

    ids: tuple[str, ...] | None
    rows: int
    layers: Mapping[str, int]
    read: Callable[[int, int], NDArray[Any]]

    @property
    def width(self) -> int:
        """Columns of all layers together."""
        return sum(self.layers.values())


def open_vectors(path: Path) -> Vectors:
    """Open a file of vectors.

    Raises:
        MissingData: it does not exist.
        BadOption: its ending is of no format that is read.
        BadVectors: it does not hold what its format asks for.
    """
    if not path.exists():
        raise MissingData(f"{path} does not exist; name {FORMATS}")
    reader = _open_folder if path.is_dir() else _READERS.get(path.suffix.lower())
    if reader is None:
        raise BadOption(f"{path}: expected {FORMATS}")
    with _errors_as_bad_vectors(path):
        vectors = reader(path)

    def read(first: int, last: int) -> NDArray[Any]:
        with _errors_as_bad_vectors(path):
            return vectors.read(first, last)

    if not vectors.rows or not all(width > 0 for width in vectors.layers.values()):
        raise BadVectors(str(path), [f"it has {vectors.rows} vectors, of the layers {dict(vectors.layers)}"])
    return replace(vectors, read=read)


@contextmanager
def _errors_as_bad_vectors(path: Path) -> Iterator[None]:
    """Turn whatever the library of a format raises into BadVectors."""
    try:
        yield
    except NeuroscopeError:
        raise
    except Exception as error:  # each library has its own, and they share no parent
        raise BadVectors(str(path), [f"it cannot be read: {error}"]) from error


def _open_npy(path: Path) -> Vectors:
    values = _matrix(path, "it", np.load(path, mmap_mode="r", allow_pickle=False))
    return Vectors(None, len(values), {ONE_LAYER: values.shape[1]}, lambda first, last: values[first:last])


def _open_npz(path: Path) -> Vectors:
    with np.load(path, allow_pickle=False) as held:
        if absent := sorted({"ids", "values"} - set(held)):
            raise BadVectors(str(path), [f"there is no array {' and no '.join(absent)}; it has {', '.join(held)}"])
        values = _matrix(path, "values", _unpacked(path, "values.npy"))
        ids = _texts(held["ids"])
        layers = {ONE_LAYER: values.shape[1]}
        if {"layers", "widths"} <= set(held):
            layers = dict(zip(_texts(held["layers"]), held["widths"].tolist(), strict=True))
    _check_widths(path, layers, values.shape[1])
    return Vectors(ids, len(values), layers, lambda first, last: values[first:last])


def _unpacked(path: Path, member: str) -> NDArray[Any]:
    """Unpack an array of an archive, memory-mapped from a file without a name: it may be larger than memory."""
    with zipfile.ZipFile(path) as archive, archive.open(member) as packed, tempfile.TemporaryFile() as file:
        shutil.copyfileobj(packed, file, _COPIED)
        file.seek(0)
        headers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        shape, in_columns, kind = headers[np.lib.format.read_magic(file)](file)
        if kind.hasobject:
            raise BadVectors(str(path), ["its values are Python objects, which are not read"])
        values: NDArray[Any] = np.memmap(
            file, kind, mode="c", offset=file.tell(), shape=shape, order="F" if in_columns else "C"
        )
        return values


def _open_safetensors(path: Path) -> Vectors:
    from safetensors import safe_open

    file: Any = safe_open(path, "numpy")  # it stays open while rows are read from it
    about: Mapping[str, str] = file.metadata() or {}
    parts = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    names = json.loads(about["layers"]) if "layers" in about else sorted(parts)
    shapes = {name: parts[name].get_shape() for name in names}
    strange = [
        f"tensor {name} is {shape}, not [utterances, columns]" for name, shape in shapes.items() if len(shape) != 2
    ]
    strange += [
        f"tensor {name} is {parts[name].get_dtype()}, not F64, F32 or F16"
        for name in names
        if parts[name].get_dtype() not in {"F64", "F32", "F16"}
    ]
    rows = {shape[0] for shape in shapes.values()}
    if strange or len(rows) != 1:
        raise BadVectors(str(path), strange or [f"its tensors have different numbers of rows: {shapes}"])
    ids = tuple(map(str, json.loads(about["ids"]))) if "ids" in about else None
    layers = {name: shape[1] for name, shape in shapes.items()}
    if len(layers) == 1 and "layers" not in about:
        layers = {ONE_LAYER: next(iter(layers.values()))}
    return Vectors(ids, rows.pop(), layers, lambda a, b: np.hstack([parts[name][a:b] for name in names]))


def _open_parquet(path: Path) -> Vectors:
    import polars

    frame = polars.scan_parquet(path, glob=False)
    schema = frame.collect_schema()
    named = [name for name in ID_COLUMNS if name in schema]
    others = {name: kind for name, kind in schema.items() if name not in named}
    lists = [name for name, kind in others.items() if kind.is_nested()]
    columns = lists or [name for name, kind in others.items() if kind.is_numeric()]
    if len(named) != 1 or not columns:
        problem = f"expected a column {' or '.join(ID_COLUMNS)}, and columns of vectors or of numbers"
        raise BadVectors(str(path), [f"{problem}; it has {', '.join(schema)}"])
    ids = _texts(frame.select(named[0]).collect()[named[0]].to_numpy())
    kind = polars.List(polars.Float32) if lists else polars.Float32
    numbers = frame.select(polars.col(name).cast(kind) for name in columns)
    layers = dict.fromkeys(columns, 1)
    if lists:
        lengths = numbers.select(polars.all().list.len().fill_null(0)).collect()
        layers = {name: _one_width(path, name, lengths[name].to_list(), ids) for name in columns}

    def read(first: int, last: int) -> NDArray[Any]:
        table = numbers.slice(first, last - first).collect()
        return np.hstack([table[name].explode().to_numpy().reshape(last - first, -1) for name in columns])

    return Vectors(ids, len(ids), layers if len(lists) > 1 else {ONE_LAYER: sum(layers.values())}, read)


def _one_width(path: Path, column: str, widths: list[int], ids: tuple[str, ...]) -> int:
    """Return the width of a column's vectors, which has to be the same for all."""
    usual = max(set(widths), key=widths.count, default=0)
    if odd := [
        f"{name}: {column} has {width} columns, not {usual}"
        for name, width in zip(ids, widths, strict=True)
        if width != usual
    ]:
        raise BadVectors(str(path), odd)
    return usual


def _open_folder(path: Path) -> Vectors:
    files = {file.relative_to(path).with_suffix("").as_posix(): file for file in sorted(path.rglob("*.npy"))}
    if not files:
        raise BadVectors(str(path), ["no .npy file is below it"])
    problems: list[str] = []
    width: int | None = None
    for name, file in files.items():
        try:
            shape = np.load(file, mmap_mode="r", allow_pickle=False).shape
        except (OSError, ValueError, EOFError) as error:
            problems.append(f"{name} cannot be read: {error}")
            continue
        width = shape[0] if width is None and len(shape) == 1 else width
        if shape != (width,):
            problems.append(f"{name} is {list(shape)}, not [{'columns' if width is None else width}]")
    if problems or not width:
        raise BadVectors(str(path), problems or ["its vectors have no columns"])
    ordered = list(files.values())

    def read(first: int, last: int) -> NDArray[Any]:
        return _matrix(path, "it", np.stack([np.load(file, allow_pickle=False) for file in ordered[first:last]]))

    return Vectors(tuple(files), len(files), {ONE_LAYER: width}, read)


def _matrix(path: Path, name: str, values: NDArray[Any]) -> NDArray[Any]:
    if values.ndim != 2 or values.dtype.kind not in "fiu":
        shape = f"{values.dtype} {list(values.shape)}"
        raise BadVectors(str(path), [f"{name} is {shape}, not numbers [utterances, columns]"])
    return values


def _texts(ids: NDArray[Any]) -> tuple[str, ...]:
    return tuple(each.decode() if isinstance(each, bytes) else str(each) for each in ids.ravel().tolist())


def _check_widths(path: Path, layers: Mapping[str, int], width: int) -> None:
    if sum(layers.values()) != width:
        raise BadVectors(str(path), [f"its layers {dict(layers)} make {sum(layers.values())} columns, it has {width}"])


_READERS: Mapping[str, Callable[[Path], Vectors]] = {
    ".npy": _open_npy,
    ".npz": _open_npz,
    ".safetensors": _open_safetensors,
    ".parquet": _open_parquet,
}
