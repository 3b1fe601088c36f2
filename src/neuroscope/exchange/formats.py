"""Read files of vectors that other programs wrote.

They are ``.npy``, ``.npz``, ``.safetensors``, ``.parquet``, or a folder of ``.npy``. Opening one reads no more than it
must; vectors are read some rows at a time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from neuroscope.errors import BadOption, BadVectors, MissingData, NeuroscopeError
from neuroscope.exchange.archives import open_npz
from neuroscope.exchange.parquet import open_parquet
from neuroscope.exchange.parquet_trial import one_line
from neuroscope.exchange.vector_file import ONE_LAYER, Vectors, check_matrix, natural

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroscope.contracts.audio import Manifest

FORMATS = ".npy, .npz, .safetensors, .parquet, or a folder of one .npy an utterance"
Reader: TypeAlias = "Callable[[Path], Vectors]"


def open_vectors(path: Path, manifest: Manifest | None = None) -> Vectors:
    """Open a file of vectors.

    Args:
        path: of the file or folder.
        manifest: whose ids they belong to: what it says of an utterance is no part of a vector. None = not known.

    Raises:
        MissingData: it does not exist.
        BadOption: it is a pipe or a device, or its ending is of no format that is read.
        BadVectors: it does not hold what its format asks for.
    """
    if not path.exists():
        raise MissingData(f"{path} does not exist; name {FORMATS}")
    if not (path.is_dir() or path.is_file()):
        raise BadOption(f"{path} is a pipe or a device: expected {FORMATS}")
    readers: Mapping[str, Reader] = {**_READERS, ".parquet": partial(open_parquet, manifest=manifest)}
    reader = _open_folder if path.is_dir() else readers.get(path.suffix.lower())
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
    except (NeuroscopeError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # each library has its own; panics of Rust do not even derive from Exception
        raise BadVectors(str(path), [f"it cannot be read: {one_line(error)}"]) from error


def _open_npy(path: Path) -> Vectors:
    values = check_matrix(path, "it", np.load(path, mmap_mode="r", allow_pickle=False))
    return Vectors(None, len(values), {ONE_LAYER: values.shape[1]}, lambda first, last: values[first:last])


def _open_safetensors(path: Path) -> Vectors:
    from safetensors import safe_open

    file: Any = safe_open(path, "numpy")  # it stays open while rows are read from it
    about: Mapping[str, str] = file.metadata() or {}
    parts = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    names = _listed(path, about, "layers") or sorted(parts, key=natural)
    if strange := [name for name in names if name not in parts or names.count(name) > 1]:
        raise BadVectors(str(path), [f"its layers name {each} twice, or no tensor" for each in dict.fromkeys(strange)])
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
    layers = {name: shape[1] for name, shape in shapes.items()}
    if len(layers) == 1 and "layers" not in about:
        layers = {ONE_LAYER: next(iter(layers.values()))}
    ids = _listed(path, about, "ids")
    others = {name: "not among its layers" for name in sorted(parts, key=natural) if name not in names}
    return Vectors(
        None if ids is None else tuple(ids),
        rows.pop(),
        layers,
        lambda first, last: np.hstack([parts[name][first:last] for name in names]),
        tuple(names),
        others,
    )


def _listed(path: Path, about: Mapping[str, str], name: str) -> list[str] | None:
    """Read a list of texts among the metadata; None where there is none."""
    if name not in about:
        return None
    listed = json.loads(about[name])
    if not isinstance(listed, list):
        raise BadVectors(str(path), [f"'{name}' of its metadata is no JSON list"])
    return list(map(str, listed))


def _open_folder(path: Path) -> Vectors:
    found, others = _files_below(path)
    files = {file.relative_to(path).with_suffix("").as_posix(): file for file in found}
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
        return check_matrix(path, "it", np.stack([np.load(file, allow_pickle=False) for file in ordered[first:last]]))

    left_out = {f"{others} other files": "only .npy is read"} if others else {}
    return Vectors(tuple(files), len(files), {ONE_LAYER: width}, read, left_out=left_out)


def _files_below(path: Path) -> tuple[list[Path], int]:
    """List the .npy files below a folder, and count the others.

    Raises:
        BadVectors: a folder may not be opened, or a name is that of a pipe or a device.
    """
    found: list[Path] = []
    failed: list[OSError] = []
    others = 0
    for folder, _, names in os.walk(path, onerror=failed.append):
        files = [Path(folder, name) for name in names if name.endswith(".npy")]
        others += len(names) - len(files)
        found += files
    problems = [f"{each.filename} may not be opened: {each.strerror}" for each in failed]
    problems += [f"{file} is a pipe or a device" for file in found if file.exists() and not file.is_file()]
    if problems:
        raise BadVectors(str(path), problems)
    return sorted(found), others


_READERS: Mapping[str, Reader] = {
    ".npy": _open_npy,
    ".npz": open_npz,
    ".safetensors": _open_safetensors,
}
