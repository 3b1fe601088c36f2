"""Our own format: a safetensors file whose metadata says which network it is, how it is run, and what its classes are.

Variables have TensorFlow's names and layout (``model.architecture``). The header is read here rather than by the
library, so that a backbone can be described without numpy, and with bounds on what a header may ask for.
Source: github.com/huggingface/safetensors, README, "Format".
"""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from neuroscope import BadOption, commands
from neuroscope_cnn.checkpoints.errors import BadCheckpoint
from neuroscope_cnn.checkpoints.placed import VariablePlace
from neuroscope_cnn.frontend.framing import N_FFT, WINDOWS
from neuroscope_cnn.model.architecture import ARCHITECTURES, Architecture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

SUFFIX = ".safetensors"
FORMAT, VERSION = "neuroscope-cnn", "1"
LARGEST_HEADER = 1 << 19
"""Bytes; a thousand long labels take a tenth. What JSON makes of it stays below the size of any of these networks."""

_OWN = frozenset({"format", "version", "architecture", "mode", "n_fft", "labels", "source", "licence"})
Mode = Literal["exact", "valid"]


@dataclass(frozen=True, slots=True)
class SafetensorsHeader:
    """What the header of a safetensors file of ours says of it.

    Attributes:
        path: of the file.
        header: its bytes.
        architecture: with the outputs of this file.
        mode: how the network is run.
        n_fft: samples of a window of its front end.
        labels: of the classes; empty = unknown.
        source: where the weights come from.
        licence: of them.
        more: further metadata, such as the step of a training.
        variables: name -> where it lies.
    """

    path: Path
    header: bytes
    architecture: Architecture
    mode: Mode
    n_fft: int
    labels: tuple[str, ...]
    source: str
    licence: str
    more: dict[str, str]
    variables: dict[str, VariablePlace]


def save(
    path: Path,
    weights: Mapping[str, NDArray[np.float32]],
    *,
    architecture: Architecture,
    mode: Mode,
    labels: Sequence[str] = (),
    n_fft: int = N_FFT,
    source: str,
    licence: str,
    more: Mapping[str, str] | None = None,
) -> None:
    """Write a checkpoint, whole or not at all.

    Args:
        path: ends in ``.safetensors``; what is there is replaced.
        weights: float32, in the names and shapes of ``architecture.shapes()``.
        architecture: whose ``outputs`` are those of ``fc3W``.
        mode: how the network is run.
        labels: of the classes in the order of the outputs, or none.
        n_fft: samples of a window of its front end.
        source: where the weights come from, for people.
        licence: of the weights.
        more: further texts, such as ``step``.

    Raises:
        ValueError: weights, labels or window do not fit, or ``more`` has a key of the format's own.
        BadOption: the file's name ends otherwise, its folder is not there, or it cannot be written.
    """
    import numpy as np
    from safetensors.numpy import save as serialised

    check_name(path)
    _check_weights(weights, architecture)
    if len(labels) not in {0, architecture.outputs} or n_fft not in WINDOWS or _OWN & set(more or {}):
        raise ValueError("labels or n_fft do not fit the network, or further metadata has a name of the format's own")
    about = {"format": FORMAT, "version": VERSION, "architecture": architecture.name, "mode": mode, "n_fft": str(n_fft)}
    about |= {"labels": json.dumps(list(labels)), "source": source, "licence": licence, **(more or {})}
    if len(json.dumps(about)) > LARGEST_HEADER // 2:
        raise ValueError(f"labels and metadata take more than {LARGEST_HEADER // 2:,} bytes")
    content = serialised({name: np.ascontiguousarray(values) for name, values in weights.items()}, about)
    try:
        with commands.whole_file(path) as file:  # written here: the library's own files are for their owner alone
            file.write_bytes(content)
    except OSError as error:
        raise BadOption(f"{path} cannot be written: {error.strerror or error}") from None


def check_name(path: Path) -> None:
    """Check that a checkpoint can have this name.

    Raises:
        BadOption: the name ends otherwise, or the folder is not there.
    """
    if path.suffix != SUFFIX:
        raise BadOption(f"{path}: the name of a checkpoint ends in {SUFFIX}")
    if not path.absolute().parent.is_dir():
        raise BadOption(f"{path}: there is no folder {path.absolute().parent}")


def _check_weights(weights: Mapping[str, NDArray[np.float32]], architecture: Architecture) -> None:
    found = {name: (str(values.dtype), values.shape) for name, values in weights.items()}
    wanted = {name: ("float32", shape) for name, shape in architecture.shapes().items()}
    if found != wanted:
        wrong = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
        raise ValueError(f"weights that are missing, too many, or not float32 of the right shape: {', '.join(wrong)}")


def read_header(path: Path) -> SafetensorsHeader:
    """Read what a file says of itself, without its weights, and check that it keeps to the format.

    Raises:
        BadCheckpoint: it is damaged, or not a checkpoint of these networks.
    """
    try:
        size = path.stat().st_size
        header = _header(path, size)
        return _read(path, header, size - 8 - len(header))
    except RecursionError:
        raise BadCheckpoint(path, "its header is nested too deeply") from None
    except ValueError as error:
        raise BadCheckpoint(path, str(error)) from None
    except OSError as error:
        raise BadCheckpoint(path, error.strerror or str(error)) from None


def _header(path: Path, size: int) -> bytes:
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or length > size - 8:
            raise ValueError("it is cut off, or no safetensors file")
        if length > LARGEST_HEADER:
            raise ValueError(f"its header has {length:,} bytes, and no more than {LARGEST_HEADER:,} are read")
        least = min(_bytes_of(dataclasses.replace(each, outputs=1)) for each in ARCHITECTURES.values())
        if size - 8 - length < least:
            raise ValueError(f"it holds {size - 8 - length:,} bytes of weights, and the smallest network has {least:,}")
        return stream.read(length)


def _read(path: Path, header: bytes, room: int) -> SafetensorsHeader:
    tensors = _object(header)
    about = tensors.pop("__metadata__", None)
    if not isinstance(about, dict) or not all(isinstance(value, str) for value in about.values()):
        about = {}
    _check_format(about)
    architecture = _architecture(about, tensors)
    variables = {name: _placed(name, tensors[name], 8 + len(header)) for name in architecture.shapes()}
    _check_layout(variables, 8 + len(header), room)
    return SafetensorsHeader(
        path,
        header,
        architecture,
        cast("Mode", _one_of(about, "mode", ("exact", "valid"))),
        int(_one_of(about, "n_fft", tuple(map(str, WINDOWS)))),
        _labels(about["labels"], architecture.outputs),
        _printable(about["source"]),
        _printable(about["licence"]),
        {key: value for key, value in about.items() if key not in _OWN},
        variables,
    )


def _object(header: bytes) -> dict[str, Any]:
    try:
        found = json.loads(header.decode("utf-8"), object_pairs_hook=_without_twins, parse_constant=_no_constant)
    except json.JSONDecodeError:
        raise ValueError("its header is no JSON: it is damaged, or no safetensors file") from None
    except UnicodeDecodeError:
        raise ValueError("its header is no text: it is damaged, or no safetensors file") from None
    if not isinstance(found, dict):
        raise ValueError("its header is no JSON object")
    return found


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice in its header")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"its header holds {name}")


def _check_format(about: Mapping[str, str]) -> None:
    if about.get("format") != FORMAT:
        raise ValueError(
            f"it is no checkpoint of {FORMAT}: its metadata lacks format={FORMAT}; `neuroscope cnn convert` writes such"
        )
    if about.get("version") != VERSION:
        raise ValueError(f"it has version {_shown(about.get('version'))} of the format, and {VERSION} is read")
    if absent := sorted(_OWN - about.keys()):
        raise ValueError(f"its metadata lacks {', '.join(absent)}")


def _architecture(about: Mapping[str, str], tensors: Mapping[str, Any]) -> Architecture:
    kind = ARCHITECTURES[_one_of(about, "architecture", tuple(ARCHITECTURES))]
    bias = tensors.get("fc3b")
    shape = bias.get("shape") if isinstance(bias, dict) else None
    if not isinstance(shape, list) or len(shape) != 1 or type(shape[0]) is not int or shape[0] < 1:
        raise ValueError("it does not say how many outputs fc3b has")
    architecture = dataclasses.replace(kind, outputs=shape[0])
    wrong = []
    for name, wanted in architecture.shapes().items():
        found = tensors.get(name)
        if not isinstance(found, dict) or found.get("dtype") != "F32" or not _is_shape(found.get("shape"), wanted):
            wrong.append(f"{name} is not float32 {list(wanted)}")
    if wrong:
        raise ValueError("; ".join(wrong[:6]) + (f"; and {len(wrong) - 6} more" if len(wrong) > 6 else ""))
    if len(tensors) > len(architecture.shapes()):
        raise ValueError(
            f"it holds {len(tensors) - len(architecture.shapes())} tensors that are no part of the network"
        )
    return architecture


def _is_shape(found: object, wanted: tuple[int, ...]) -> bool:
    """Whether a shape in the file is the wanted one, in whole numbers; in Python, ``True`` and ``1.0`` equal 1."""
    return isinstance(found, list) and all(type(size) is int for size in found) and tuple(found) == wanted


def _placed(name: str, tensor: Mapping[str, Any], begin: int) -> VariablePlace:
    offsets, shape = tensor.get("data_offsets"), tuple(tensor["shape"])
    if not isinstance(offsets, list) or len(offsets) != 2 or any(type(each) is not int for each in offsets):
        raise ValueError(f"{name} has no place")
    if offsets[0] < 0 or offsets[1] - offsets[0] != 4 * math.prod(shape):
        raise ValueError(f"{name} does not have the size of its shape")
    return VariablePlace(begin + offsets[0], shape)


def _check_layout(variables: Mapping[str, VariablePlace], begin: int, room: int) -> None:
    """Check that the variables lie one behind the other, from the header to the end of the file."""
    at = begin
    for each in sorted(variables.values(), key=lambda placed: placed.offset):
        if each.offset != at:
            raise ValueError("its weights overlap, or leave holes")
        at += each.size
    if at != begin + room:
        raise ValueError(
            f"it holds {room:,} bytes of weights where {at - begin:,} are declared: it is cut off or damaged"
        )


def _labels(text: str, outputs: int) -> tuple[str, ...]:
    try:
        labels = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError:
        raise ValueError("its labels are no JSON") from None
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise ValueError("its labels are no list of texts")
    if len(labels) not in {0, outputs}:
        raise ValueError(f"it has {len(labels)} labels for {outputs} outputs")
    return tuple(labels)


def _one_of(about: Mapping[str, str], key: str, known: tuple[str, ...]) -> str:
    if about[key] not in known:
        raise ValueError(f"{key} is {_shown(about[key])}, not one of {', '.join(known)}")
    return about[key]


def _bytes_of(architecture: Architecture) -> int:
    return 4 * sum(math.prod(shape) for shape in architecture.shapes().values())


def _printable(text: str) -> str:
    """A text from the file, on one line: control characters and lone surrogates as Python writes them."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def _shown(text: str | None) -> str:
    """A text from the file, short and without control characters."""
    return ascii(text if text is None else text[:40])
