"""Names of imported vectors, one small file each that says what it stands for, and names of their rows.

The file is written after the vectors, which are a representation like any other: vectors that no name stands for are
of an import that never ended.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from neuroscope.contracts.backbone import BackboneSpec, Origin
from neuroscope.contracts.features import Unit
from neuroscope.errors import BadOption, NeuroscopeError, StoreMismatch, UnknownName
from neuroscope.runtime.files import whole_file
from neuroscope.store import json_files
from neuroscope.store.description import ORIGIN_SHAPE, Identity, check_widths
from neuroscope.store.json_files import WrongContent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FAMILY = "stored:"
"""Family of backbones whose name goes on with a name of imported vectors."""
POOLING = "none"
"""Pooling of imported vectors: whatever computed them pooled them too."""
_ROW = "id:"
_SHAPE = {"name": str, "layers": {str: int}, "dtype": str, "origin": ORIGIN_SHAPE, "key": str}
_NAME = re.compile(r"\w[\w.+-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedVectors:
    """Imported vectors that a name stands for.

    Attributes:
        name: the name, as the user chose it.
        layers: name -> width, in the order of the columns.
        dtype: of the vectors.
        origin: of the vectors; its digest is that of ids and values.
        key: of the representation that holds them.
    """

    name: str
    layers: Mapping[str, int]
    dtype: str
    origin: Origin
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedVectorsSpec(BackboneSpec):
    """A backbone whose vectors are in the store already, by the utterance's id: no audio is read, no model runs.

    Attributes:
        vectors: what its name stands for.
    """

    vectors: NamedVectors


def find(store: Path, name: str) -> NamedVectors:
    """Look up the imported vectors that a name stands for in a store's folder.

    Raises:
        UnknownName: nothing was imported under it.
        StoreMismatch: the name's file cannot be read.
    """
    known = names(store)
    if name not in known:
        hint = f"`neuroscope import FILE --manifest M --name {name}` brings vectors into the store."
        raise UnknownName("name of stored vectors", name, known, hint)
    file = _file(store, name)
    try:
        read = json_files.read(file, _SHAPE)
        origin = Origin(**{**read["origin"], "files": tuple(read["origin"]["files"])})
        found = NamedVectors(**{**read, "origin": origin})
        check_widths(found.layers)
        if found.name != name:
            raise WrongContent(f"it belongs to the name {found.name}")
    except (OSError, WrongContent) as error:
        raise StoreMismatch(f"{file} cannot be read ({json_files.reason(error)}); import the vectors again") from error
    return found


def names(store: Path) -> list[str]:
    """List the names that vectors were imported under, in order."""
    return sorted(file.stem for file in _folder(store).glob("[!.]*.json"))


def check_name(name: str) -> None:
    """Raise BadOption if the name cannot be a name of stored vectors."""
    if not _NAME.fullmatch(name):
        raise BadOption(f"--name {name}: expected letters, digits and any of . _ + -, beginning with a letter or digit")


def remember(store: Path, vectors: NamedVectors) -> None:
    """Write the file that says what a name stands for, over an earlier one.

    Raises:
        NeuroscopeError: the disk is full or the folder cannot be written.
    """
    file = _file(store, vectors.name)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(file) as temporary:
            json_files.write(temporary, asdict(vectors), _SHAPE)
    except OSError as error:
        raise NeuroscopeError(f"cannot write to the store {store}: {error.strerror or error}") from error


def forget(store: Path, name: str) -> None:
    """Remove a name; one that stands for nothing is no error.

    Raises:
        OSError: the folder cannot be written.
    """
    _file(store, name).unlink(missing_ok=True)


def name_of(backbone: str) -> str:
    """Return the imported vectors' name in a backbone's name; empty where it is of another family."""
    return backbone.removeprefix(FAMILY) if backbone.startswith(FAMILY) else ""


def identity_of(name: str, layers: Mapping[str, int], dtype: str, digest: str) -> Identity:
    """Make the identity of imported vectors: what computed them is not known, so their digest tells them apart.

    Args:
        name: what they are imported under.
        layers: name -> width.
        dtype: of the stored vectors.
        digest: of ids and values.
    """
    return Identity(
        backbone=FAMILY + name,
        options={},
        weights=digest,
        plugin="",
        poolings=dict.fromkeys(layers, POOLING),
        pooling_plugins=[],
        audio="",
        dtype=dtype,
    )


def units_of(layers: Mapping[str, int]) -> dict[str, tuple[Unit, ...]]:
    """Make each layer's units: one for each column of imported vectors."""
    return {name: tuple(Unit(name, number, "value") for number in range(width)) for name, width in layers.items()}


def row_of(utterance: str) -> str:
    """Name the row of an utterance's imported vector."""
    return f"{_ROW}{utterance}"


def utterance_of(row: str) -> str:
    """Return the id of the utterance whose imported vector a row is; of any other row its own name."""
    return row.removeprefix(_ROW)


def _file(store: Path, name: str) -> Path:
    return _folder(store) / f"{name}.json"


def _folder(store: Path) -> Path:
    return store / "imported"
