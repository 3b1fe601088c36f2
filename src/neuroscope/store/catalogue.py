"""Catalogue of the store: sum up and detail its representations, verify and prune them."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from neuroscope.contracts.progress import Progress, silent
from neuroscope.errors import BadOption, NeuroscopeError
from neuroscope.plugin.options import join
from neuroscope.store import description, disk, padding_record, shards

if TYPE_CHECKING:
    from collections.abc import Mapping

    from neuroscope.store.representations import Store, StoredRepresentation

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
    damaged = representation.verify(progress)
    for shard in damaged:
        representation.set_aside(shard)
    return damaged


def prune(store: Store, older_than: float = OLDER_THAN) -> dict[str, int]:
    """Remove files that dead writers left, shards that were set aside, and vectors of imports that never ended.

    Args:
        store: the store.
        older_than: hours since the newest of the files was written; younger ones may have a live writer.

    Returns:
        path -> bytes of what was removed.

    Raises:
        BadOption: the age is negative.
    """
    if not older_than >= 0:
        raise BadOption(f"--older-than {older_than:g}: expected 0 hours or more")
    before = time.time() - 3600 * older_than
    found = [*disk.leftovers(store.folder), *(each.folder for each in store.all() if store.never_ended(each))]
    return disk.remove([path for path in found if disk.last_change(path) <= before])


def _texts(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: "+".join(map(str, value)) if isinstance(value, list) else value for name, value in options.items()}
