"""Catalogue of the store: sum up and detail its representations, verify and prune them."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from neuroscope.contracts.progress import Progress, silent
from neuroscope.errors import BadOption, NeuroscopeError, StoreMismatch
from neuroscope.plugin.options import join
from neuroscope.runtime.file_lock import FolderLock
from neuroscope.store import description, disk, elsewhere, names, padding_record, shards

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from neuroscope.store.representations import Representation, Store, StoredRepresentation

OLDER_THAN = 24.0
"""Hours after which an unfinished file is a dead writer's; a live one works on a shard for minutes at most."""


def summary(stored: StoredRepresentation) -> dict[str, Any]:
    """Sum up a representation, as plain values: key, backbone, dtype, pooling, rows, bytes, last use, problem."""
    record: dict[str, Any] = {"key": stored.key, "backbone": "", "dtype": "", "pooling": "", "rows": 0}
    problem = stored.problem
    if stored.representation is not None:
        identity = stored.representation.identity
        poolings = dict.fromkeys(identity.poolings.values())
        record |= {
            "backbone": join(identity.backbone, _texts(identity.options)),
            "dtype": identity.dtype,
            "pooling": " ".join(poolings),
        }
        try:
            record["rows"] = len(stored.representation.rows())
        except NeuroscopeError as error:
            problem = str(error)
    sizes = {"bytes": disk.size(stored.folder), "last_use": description.last_use(stored.folder)}
    return {**record, **sizes, "problem": problem}


def details(stored: StoredRepresentation) -> dict[str, Any]:
    """Detail a representation: all that is known of it, as plain values.

    Raises:
        StoreMismatch: its description cannot be read.
    """
    representation = stored.open()
    made_with = shards.made_with(representation.shards)
    known = [each for each in made_with if each is not None]
    texts = (", ".join(f"{name} {value}" for name, value in sorted(each.items())) for each in known)
    return {
        **summary(stored),
        **description.read_plain(stored.folder),
        "path": str(stored.folder),
        "shards": len(made_with),
        "shards_made_with": dict(sorted(Counter(texts).items())),
        "invariance": padding_record.record(padding_record.recall(stored.folder)) or {},
        "set_aside": shards.count_set_aside(representation.shards),
    }


def verify(stored: StoredRepresentation, progress: Progress = silent) -> list[str]:
    """Read every shard of a representation; a damaged one is set aside, and is extracted (or imported) again.

    Returns:
        names of the shards that were set aside.

    Raises:
        StoreMismatch: its description cannot be read.
        NeuroscopeError: a damaged shard is in a folder that cannot be written.
    """
    representation = stored.open()
    return [shard for shard in representation.verify(progress) if _set_aside(representation, shard)]


def _set_aside(representation: Representation, shard: str) -> bool:
    """Set a shard aside if it is damaged still: a writer may have done it, and put a whole one in its place."""
    if not representation.damage(shard):
        return False
    try:
        representation.set_aside(shard)
    except NeuroscopeError:
        if representation.damage(shard):
            raise
        return False
    return True


def problem_beside(stored: StoredRepresentation) -> str:
    """Say what is wrong with the record that lies beside a representation's shards; empty = nothing."""
    try:
        padding_record.recall(stored.folder)
    except StoreMismatch as error:
        return str(error)
    return ""


def problems_with_names(store: Store) -> dict[str, str]:
    """Say of each name of imported vectors what is wrong with it; empty = nothing."""
    return {name: _problem_with_name(store, name) for name in names.names(store.folder)}


def prune(store: Store, older_than: float = OLDER_THAN, runs: Path | None = None) -> dict[str, int]:
    """Remove files that dead writers left, shards that were set aside, and vectors of imports that never ended.

    What a living process writes to stays, whatever its age. A run folder whose successor was not finished comes back.

    Args:
        store: the store; it notes which exports and run folders are being written elsewhere.
        older_than: hours since the newest of the files was written; younger ones may have a live writer.
        runs: the run folders of the cache.

    Returns:
        path -> bytes of what was removed.

    Raises:
        BadOption: the age is negative.
        NeuroscopeError: something cannot be removed.
    """
    if not older_than >= 0:
        raise BadOption(f"--older-than {older_than:g}: expected 0 hours or more")
    before = time.time() - 3600 * older_than
    removed = disk.remove([path for path in disk.leftovers(store.folder) if disk.last_change(path) <= before])
    for stored in store.all():
        if store.never_ended(stored) and disk.last_change(stored.folder) <= before:
            with FolderLock(stored.folder) as lock:  # which an import has until its name is written
                removed |= disk.remove([stored.folder] if lock.keeps_others_out and store.never_ended(stored) else [])
    return removed | elsewhere.prune(store.folder, before, runs)


def _problem_with_name(store: Store, name: str) -> str:
    try:
        found = names.find(store.folder, name)
    except NeuroscopeError as error:
        return str(error)
    held = store.imported(name, found.layers, found.dtype, found.origin).folder.exists()
    return "" if held else f"its vectors, {found.key}, are not in the store any more; import them again"


def _texts(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: "+".join(map(str, value)) if isinstance(value, list) else value for name, value in options.items()}
