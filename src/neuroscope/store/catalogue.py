"""What the store holds, and keeping it in order: list, show, verify, prune, remove."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import stat
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuroscope.contracts.backbone import Origin
from neuroscope.contracts.features import Unit
from neuroscope.contracts.progress import Progress, silent
from neuroscope.errors import BadOption, NeuroscopeError, StoreMismatch, UnknownName
from neuroscope.exchange import stored_backbone
from neuroscope.plugin.options import join
from neuroscope.store import padding_record
from neuroscope.store.representations import Identity, Representation, Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

OLDER_THAN = 24.0
"""Hours after which what no writer has finished is a dead writer's; a live one works on a shard for minutes at most."""

_ABOUT = "representation.json"
_LEFT = ("partial", "former", "damaged")


@dataclass(frozen=True, slots=True)
class StoredRepresentation:
    """A representation as its folder describes it.

    Attributes:
        folder: where it is.
        representation: None where the description cannot be read, or is of another format.
        problem: why; empty = nothing is wrong with the description.
    """

    folder: Path
    representation: Representation | None
    problem: str = ""

    @property
    def key(self) -> str:
        """Its name in the store."""
        return self.folder.name

    def opened(self) -> Representation:
        """The representation.

        Raises:
            StoreMismatch: its description cannot be read.
        """
        if self.representation is None:
            raise StoreMismatch(f"{self.folder}: {self.problem}")
        return self.representation


def representations(store: Store) -> list[StoredRepresentation]:
    """All that the store holds, by key."""
    folder = store.folder / "representations"
    return [_held(each) for each in sorted(folder.glob("[!.]*")) if each.is_dir()]


def find(store: Store, key: str) -> StoredRepresentation:
    """The representation whose key begins so.

    Raises:
        UnknownName: there is none, or more than one.
    """
    held = representations(store)
    found = [each for each in held if each.key.startswith(key)] if key else []
    if len(found) != 1:
        hint = "More than one begins so; write more of the key." if found else "`neuroscope store list` shows them."
        raise UnknownName("key", key, [each.key for each in found or held], hint)
    return found[0]


def imported_under(store: Store, name: str) -> list[StoredRepresentation]:
    """What the name of imported vectors stands for; where that cannot be read, all that it may have stood for."""
    return [held for held in representations(store) if _imported_as(held) == name and not _never_ended(store, held)]


def used(representation: Representation) -> None:
    """Take down that the representation was read just now; a store that is only read has no last use."""
    with suppress(OSError):
        os.utime(representation.folder / _ABOUT)


def summary(held: StoredRepresentation) -> dict[str, Any]:
    """One line of the list, as plain values: key, backbone, dtype, pooling, rows, bytes, last use, problem."""
    record: dict[str, Any] = {"key": held.key, "backbone": "", "dtype": "", "pooling": "", "rows": 0}
    problem = held.problem
    if held.representation is not None:
        identity = held.representation.identity
        poolings = dict.fromkeys(identity.poolings.values())
        record |= {
            "backbone": join(identity.backbone, _texts(identity.options)),
            "dtype": identity.dtype,
            "pooling": " ".join(poolings),
        }
        try:
            record["rows"] = len(held.representation.rows())
        except NeuroscopeError as error:
            problem = str(error)
    return {**record, "bytes": _size(held.folder), "last_use": _last_use(held), "problem": problem}


def details(held: StoredRepresentation) -> dict[str, Any]:
    """All that is known of one representation, as plain values.

    Raises:
        StoreMismatch: its description cannot be read.
    """
    held.opened()
    described = json.loads((held.folder / _ABOUT).read_bytes())
    made: Counter[str] = Counter()
    shards = list((held.folder / "shards").glob("[!.]*/shard.json"))
    for shard in shards:
        with suppress(OSError, ValueError, LookupError, AttributeError):  # a damaged one is for ``verify`` to tell
            with_ = json.loads(shard.read_bytes())["made_with"]
            made[", ".join(f"{name} {value}" for name, value in sorted(with_.items()))] += 1
    return {
        **summary(held),
        **described,
        "path": str(held.folder),
        "shards": len(shards),
        "shards_made_with": dict(sorted(made.items())),
        "invariance": padding_record.record(padding_record.recall(held.folder)) or {},
        "set_aside": len(list((held.folder / "shards").glob(".*.damaged"))),
    }


def verify(held: StoredRepresentation, progress: Progress = silent) -> list[str]:
    """Read all of it; a shard that is not what was written is set aside, and is extracted (or imported) again.

    Returns:
        names of the shards that were set aside.

    Raises:
        StoreMismatch: its description cannot be read.
        NeuroscopeError: a damaged shard is in a folder that cannot be written.
    """
    representation = held.opened()
    damaged = representation.verify(progress)
    for shard in damaged:
        representation.set_aside(shard)
    return damaged


def prune(store: Store, older_than: float = OLDER_THAN) -> dict[str, int]:
    """Remove what dead writers left, shards that were set aside, and vectors of imports that never ended.

    Args:
        store: where.
        older_than: hours since the newest file in it was written; what is younger may have a live writer.

    Returns:
        path -> bytes of what was removed.

    Raises:
        BadOption: the age is negative.
    """
    if not older_than >= 0:
        raise BadOption(f"--older-than {older_than:g}: expected 0 hours or more")
    before = time.time() - 3600 * older_than
    found = [*_leftovers(store.folder), *(each.folder for each in representations(store) if _never_ended(store, each))]
    return _remove([path for path in found if max(each.st_mtime for each in _within(path)) <= before])


def remove(store: Store, held: StoredRepresentation) -> int:
    """Remove a representation; the name of an imported one is forgotten.

    Returns:
        bytes.

    Raises:
        NeuroscopeError: the folder cannot be written.
    """
    try:
        if name := _stands_for(store, held):
            stored_backbone.forget(store.folder, name)
        hidden = held.folder.with_name(f".{held.key}.{secrets.token_hex(8)}.former")
        held.folder.rename(hidden)  # for readers it is gone at once
    except OSError as error:
        raise NeuroscopeError(f"cannot remove {held.folder}: {error.strerror or error}") from error
    return sum(_remove([hidden]).values())


def _held(folder: Path) -> StoredRepresentation:
    try:
        about = json.loads((folder / _ABOUT).read_bytes())
        layers = {
            name: tuple(Unit(layer=name, neuron=n) for n in range(width)) for name, width in about["layers"].items()
        }
        origin = Origin(**{**about["origin"], "files": tuple(about["origin"]["files"])})
        return StoredRepresentation(folder, Representation(folder, Identity(**about["identity"]), layers, origin))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        return StoredRepresentation(
            folder,
            None,
            f"{_ABOUT} cannot be read ({type(error).__name__}: {error}); another version wrote it, or it is damaged",
        )


def _stands_for(store: Store, held: StoredRepresentation) -> str:
    """The name that stands for it; empty where none does."""
    name = _imported_as(held)
    with suppress(UnknownName, StoreMismatch):
        return name if name and stored_backbone.find(store.folder, name).key == held.key else ""
    return ""


def _never_ended(store: Store, held: StoredRepresentation) -> bool:
    """Whether it holds imported vectors that no name stands for: the name is written last."""
    name = _imported_as(held)
    try:
        return bool(name) and stored_backbone.find(store.folder, name).key != held.key
    except UnknownName:
        return True
    except StoreMismatch:  # the name is damaged, and may have stood for these
        return False


def _imported_as(held: StoredRepresentation) -> str:
    backbone = held.representation.identity.backbone if held.representation else ""
    return backbone.removeprefix(stored_backbone.FAMILY) if backbone.startswith(stored_backbone.FAMILY) else ""


def _leftovers(folder: Path) -> Iterator[Path]:
    """What a writer has not finished, or a reader has set aside, below a folder."""
    for parent, folders, files in os.walk(folder):
        left = [name for name in (*folders, *files) if name.startswith(".") and name.rpartition(".")[2] in _LEFT]
        yield from (Path(parent) / name for name in sorted(left))
        folders[:] = [name for name in folders if name not in left]


def _remove(paths: Iterable[Path]) -> dict[str, int]:
    removed, stayed = {}, []
    for path in paths:
        size = _size(path)
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()
        removed[str(path)] = size
        stayed += [path] if path.exists() else []
    if stayed:
        raise NeuroscopeError(f"{len(stayed)} of {len(removed)} cannot be removed, e.g. {stayed[0]}")
    return removed


def _size(path: Path) -> int:
    return sum(each.st_size for each in _within(path) if stat.S_ISREG(each.st_mode))


def _within(path: Path) -> Iterator[os.stat_result]:
    """A file or folder and all that is below it; what goes meanwhile is not there."""
    yield path.stat()
    for parent, folders, files in os.walk(path):
        for name in (*folders, *files):
            with suppress(FileNotFoundError):
                yield (Path(parent) / name).lstat()


def _last_use(held: StoredRepresentation) -> str:
    with suppress(OSError):
        changed = (held.folder / _ABOUT).stat().st_mtime
        return datetime.fromtimestamp(changed, UTC).isoformat(timespec="seconds")
    return ""


def _texts(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: "+".join(map(str, value)) if isinstance(value, list) else value for name, value in options.items()}
