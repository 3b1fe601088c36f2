"""Description of a representation in its folder: ``representation.json``, written once, before the first shard."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from neuroscope.contracts.backbone import MOST_COLUMNS, Origin
from neuroscope.contracts.features import Unit
from neuroscope.errors import NeuroscopeError, StoreMismatch
from neuroscope.runtime.files import whole_file, whole_folder
from neuroscope.store import json_files
from neuroscope.store.json_files import WrongContent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FORMAT = 2
ORIGIN_SHAPE = {"source": str, "licence": str, "digest": str, "files": [str], "layers": str}
"""Of an origin in a file of the store."""
_FILE = "representation.json"
_ABSENT = (FileNotFoundError, NotADirectoryError)
_IDENTITY_SHAPE = {
    "backbone": str,
    "options": {str: object},
    "weights": str,
    "plugin": str,
    "poolings": {str: str},
    "pooling_plugins": [str],
    "audio": str,
    "dtype": str,
}
_SHAPE = {"format": int, "identity": _IDENTITY_SHAPE, "layers": {str: int}, "origin": ORIGIN_SHAPE}


@dataclass(frozen=True)
class Identity:
    """All that decides the numbers of a representation, as JSON-able values; equal identities share vectors."""

    backbone: str
    options: Mapping[str, Any]
    weights: str
    plugin: str
    poolings: Mapping[str, str]
    pooling_plugins: Sequence[str]
    audio: str
    dtype: str

    @property
    def key(self) -> str:
        """The folder's name: 32 hexadecimal digits."""
        text = json.dumps({"format": FORMAT, **asdict(self)}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def write(folder: Path, identity: Identity, widths: Mapping[str, int], origin: Origin) -> None:
    """Write the description of a representation, unless it is there; its folder is not seen before it is.

    Raises:
        OSError: the disk is full or the folder cannot be written.
        NeuroscopeError: its rows are wider than the store takes.
    """
    file = folder / _FILE
    if file.exists():
        return
    try:
        check_widths(widths)
    except WrongContent as error:
        raise NeuroscopeError(f"rows of {identity.backbone} cannot be stored: {error}") from error
    content = {"format": FORMAT, "identity": asdict(identity), "layers": dict(widths), "origin": asdict(origin)}
    if folder.exists():
        with whole_file(file) as temporary:
            json_files.write(temporary, content, _SHAPE)
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with whole_folder(folder) as temporary:
        json_files.write(temporary / _FILE, content, _SHAPE)


def check_widths(widths: Mapping[str, int]) -> None:
    """Raise WrongContent if no row of the store is as wide as the layers together: nothing that large is allocated."""
    if min(widths.values(), default=0) < 1 or sum(widths.values()) > MOST_COLUMNS:
        told = ", ".join(f"{name!s:.40} ({width!s:.20})" for name, width in list(widths.items())[:3])
        raise WrongContent(f"its layers are 1 to {MOST_COLUMNS} columns wide in all, not {told or 'none'}")


def check(folder: Path, widths: Mapping[str, int]) -> None:
    """Compare the description with the layers that are expected; without one, shards say whose they are.

    Raises:
        StoreMismatch: the folder is of another format or representation, has other layers, or its description cannot
            be read.
    """
    try:
        found = _load(folder)
    except _ABSENT:
        return
    if list(found["layers"].items()) != list(widths.items()):
        raise StoreMismatch(
            f"{folder} holds the layers {found['layers']}, the backbone now has {dict(widths)}; "
            "remove the folder to extract again"
        )


def read(folder: Path) -> tuple[Identity, dict[str, tuple[Unit, ...]], Origin]:
    """Read identity, layers and origin as they were written; units are numbered as columns.

    Raises:
        StoreMismatch: they cannot be read.
    """
    found = read_plain(folder)
    origin = Origin(**{**found["origin"], "files": tuple(found["origin"]["files"])})
    layers = {name: tuple(Unit(name, n) for n in range(width)) for name, width in found["layers"].items()}
    return Identity(**found["identity"]), layers, origin


def read_plain(folder: Path) -> dict[str, Any]:
    """Read the whole description, as plain values: format, identity, layers, origin.

    Raises:
        StoreMismatch: it cannot be read.
    """
    try:
        return _load(folder)
    except _ABSENT as error:
        raise StoreMismatch(
            f"{folder / _FILE} cannot be read ({json_files.reason(error)}); the next extraction or import writes it "
            "again, `neuroscope store remove` removes the folder"
        ) from error


def mark_used(folder: Path) -> None:
    """Note that the representation was read just now; a store that cannot be written has no last use."""
    with suppress(OSError):
        os.utime(folder / _FILE)


def last_use(folder: Path) -> str:
    """Tell when the representation was written or read last (ISO 8601, UTC); empty where that is not known."""
    with suppress(OSError):
        changed = (folder / _FILE).stat().st_mtime
        return datetime.fromtimestamp(changed, UTC).isoformat(timespec="seconds")
    return ""


def _load(folder: Path) -> dict[str, Any]:
    """Read the description of the representation that the folder's name says.

    Raises:
        FileNotFoundError, NotADirectoryError: there is none.
        StoreMismatch: it is of another format or representation, or cannot be read.
    """
    file = folder / _FILE
    try:
        found = json_files.read(file, _SHAPE, check_first=partial(_check_format, folder))
        check_widths(found["layers"])
        key = Identity(**found["identity"]).key
    except _ABSENT:
        raise
    except (OSError, WrongContent, RecursionError) as error:
        raise StoreMismatch(
            f"{file} cannot be read ({json_files.reason(error)}); if it is damaged, remove it: the next extraction or "
            "import writes it again"
        ) from error
    if key != folder.name:
        raise StoreMismatch(
            f"{folder} describes the representation {key}: it was copied or moved there; give it back its name, or "
            "remove it"
        )
    return found


def _check_format(folder: Path, found: Mapping[str, Any]) -> None:
    if "format" in found and found["format"] != FORMAT:
        raise StoreMismatch(
            f"{folder} has format {found['format']!s:.20}, this version reads format {FORMAT}; extract or import "
            "again, and `neuroscope store remove` it, or use the version that wrote it"
        )
