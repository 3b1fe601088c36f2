"""Description of a representation in its folder: ``representation.json``, written once, before the first shard."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from neuroscope.contracts.backbone import Origin
from neuroscope.contracts.features import Unit
from neuroscope.errors import StoreMismatch
from neuroscope.runtime.files import whole_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FORMAT = 1
_FILE = "representation.json"


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
    """Write the description of a representation, unless it is there.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """
    file = folder / _FILE
    if not file.exists():
        text = {"format": FORMAT, "identity": asdict(identity), "layers": dict(widths), "origin": asdict(origin)}
        with whole_file(file) as temporary:
            temporary.write_text(json.dumps(text, indent=1))


def check(folder: Path, widths: Mapping[str, int]) -> None:
    """Compare the description with the layers that are expected; a folder without a description may hold anything.

    Raises:
        StoreMismatch: the folder is of another format, has other layers, or its description cannot be read.
    """
    file = folder / _FILE
    if not file.exists():
        return
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise StoreMismatch(
            f"{file} cannot be read ({error}); if it is damaged, remove it: the next extraction writes it again"
        ) from error
    if found["format"] != FORMAT:
        raise StoreMismatch(
            f"{folder} has format {found['format']}, this version reads format {FORMAT}; "
            "use the version that wrote it, or remove the folder to extract again"
        )
    if list(found["layers"].items()) != list(widths.items()):
        raise StoreMismatch(
            f"{folder} holds the layers {found['layers']}, the backbone now has {dict(widths)}; "
            "remove the folder to extract again"
        )


def read(folder: Path) -> tuple[Identity, dict[str, tuple[Unit, ...]], Origin]:
    """Read identity, layers and origin as they were written, of whatever format; units are numbered as columns.

    Raises:
        StoreMismatch: they cannot be read.
    """
    try:
        found = read_plain(folder)
        origin = Origin(**{**found["origin"], "files": tuple(found["origin"]["files"])})
        layers = {name: tuple(Unit(name, n) for n in range(width)) for name, width in found["layers"].items()}
        return Identity(**found["identity"]), layers, origin
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        about = f"{_FILE} cannot be read ({type(error).__name__}: {error})"
        raise StoreMismatch(f"{about}; another version wrote it, or it is damaged") from error


def read_plain(folder: Path) -> dict[str, Any]:
    """Read the whole description, as plain values.

    Raises:
        OSError: there is nothing to read.
        ValueError: it is no JSON.
    """
    found: dict[str, Any] = json.loads((folder / _FILE).read_bytes())
    return found


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
