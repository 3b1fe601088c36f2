"""Import vectors computed elsewhere: check them against a manifest, write them into the store under a name."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.contracts.backbone import Origin
from neuroscope.contracts.progress import Progress, silent
from neuroscope.contracts.rows import problem_with_layer_name
from neuroscope.defaults import DTYPE
from neuroscope.errors import BadOption, BadVectors, NeuroscopeError
from neuroscope.exchange.formats import open_vectors
from neuroscope.exchange.vector_file import in_bytes
from neuroscope.extraction.identity import DTYPES
from neuroscope.runtime.file_lock import FolderLock
from neuroscope.store.disk import room_at
from neuroscope.store.names import NamedVectors, check_name, remember, row_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from neuroscope.contracts.audio import Manifest
    from neuroscope.exchange.vector_file import Vectors
    from neuroscope.store.representations import Representation, Store

SHARD_ROWS = 4096
SHARD_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """Summary of an import.

    Attributes:
        name: what ``stored:`` is followed by.
        key: key of the representation.
        layers: name -> width.
        rows: vectors that were imported.
        missing: utterances of the manifest that have none.
        taken: the file's own names of what the vectors were read from, in the order of the columns.
        left_out: what else the file holds -> why that was not read.
    """

    name: str
    key: str
    layers: Mapping[str, int]
    rows: int
    missing: int
    taken: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)


def import_vectors(
    file: Path,
    manifest: Manifest,
    store: Store,
    *,
    name: str,
    layers: str = "",
    dtype: str = DTYPE,
    replace: bool = False,
    progress: Progress = silent,
) -> ImportSummary:
    """Bring vectors into the store, all or none.

    Args:
        file: ``.npy`` (rows in the manifest's order), ``.npz`` with ``ids`` and ``values``, ``.safetensors``,
            ``.parquet``, or a folder of one ``.npy`` an utterance, named by its id.
        manifest: whose ids the vectors belong to; its audio need not exist.
        store: where they go.
        name: ``stored:NAME`` is the backbone that has them.
        layers: ``NAME:WIDTH,...``, in the order of the columns; empty = the file's own, else one named ``features``.
        dtype: of the stored vectors.
        replace: whether the name may stand for other vectors already.
        progress: reports vectors checked, then stored.

    Raises:
        BadVectors: ids that the manifest lacks or that come twice, values that are not finite, widths that do not fit.
        BadOption: the name cannot be one or is taken, ``layers`` cannot be read, or there is no such dtype.
        MissingData: there is no such file.
    """
    check_name(name)
    if dtype not in DTYPES:
        raise BadOption(f"--dtype {dtype}: expected one of {', '.join(DTYPES)}")
    vectors = open_vectors(file, manifest)
    widths = _widths(file, layers, vectors)
    ids = _ids(file, vectors, manifest)
    _check_room(file, vectors.rows * vectors.width * np.dtype(dtype).itemsize, store.folder)
    checked = _CheckedVectors(file, vectors, ids, dtype)
    digest = checked.digest(widths, progress)
    origin = Origin(source=f"computed elsewhere ({file.name})", licence="not known", digest=digest, files=(file.name,))
    representation = store.imported(name, widths, dtype, origin)
    former = store.imported_under(name)
    if not replace and any(each.key != representation.key for each in former):
        raise BadOption(f"--name {name}: other vectors have this name; --replace puts these in their place")
    key = representation.key
    with FolderLock(representation.folder):  # nobody prunes vectors whose name is not written yet
        _write(representation, checked, widths, progress)
        remember(store.folder, NamedVectors(name=name, layers=widths, dtype=dtype, origin=origin, key=key))
    for each in former:
        if each.key != key:
            store.remove(each)
    missing = len(manifest) - len(ids)
    return ImportSummary(name, key, widths, len(ids), missing, vectors.taken, vectors.left_out)


def _check_room(file: Path, needed: int, folder: Path) -> None:
    """Raise BadVectors where the store's disk has no room for the vectors."""
    place, free = room_at(folder)
    if needed > free:
        raise BadVectors(str(file), [f"the store needs {in_bytes(needed)}, and {place} has room for {in_bytes(free)}"])


class _CheckedVectors:
    """Vectors of a file, some rows at a time, in the type that they are stored in."""

    def __init__(self, file: Path, vectors: Vectors, ids: tuple[str, ...], dtype: str) -> None:
        self.file, self._vectors, self.ids, self._dtype = file, vectors, ids, dtype

    def __iter__(self) -> Iterator[tuple[tuple[str, ...], NDArray[Any]]]:
        step = max(1, min(SHARD_ROWS, SHARD_BYTES // (4 * self._vectors.width)))
        for first in range(0, self._vectors.rows, step):
            last = min(first + step, self._vectors.rows)
            with np.errstate(over="ignore", invalid="ignore"):  # what the type cannot hold becomes infinite
                yield self.ids[first:last], self._vectors.read(first, last).astype(self._dtype)

    def __len__(self) -> int:
        return self._vectors.rows

    def digest(self, layers: Mapping[str, int], progress: Progress) -> str:
        """Digest (sha256) layers, ids and values; a value that is not finite is an error."""
        digest = hashlib.sha256(json.dumps([list(layers.items()), self._dtype, self.ids]).encode())
        bad: list[str] = []
        with progress("Checking vectors", len(self)) as advance:
            for ids, values in self:
                strange = np.flatnonzero(~np.isfinite(values).all(axis=1)).tolist()
                bad += (f"{ids[row]}: a value is not finite, as {self._dtype}" for row in strange)
                digest.update(np.ascontiguousarray(values).data)
                advance(len(ids))
        if bad:
            raise BadVectors(str(self.file), bad)
        return digest.hexdigest()


def _write(
    representation: Representation, vectors: _CheckedVectors, widths: Mapping[str, int], progress: Progress
) -> None:
    held = representation.rows()
    ends = np.cumsum([0, *widths.values()]).tolist()
    with progress("Storing vectors", len(vectors)) as advance:
        for ids, values in vectors:
            rows = [row_of(each) for each in ids]
            if not all(row in held for row in rows):
                parts = {name: values[:, ends[n] : ends[n + 1]] for n, name in enumerate(widths)}
                representation.write(rows, parts, made_with={"imported from": vectors.file.name})
            advance(len(rows))
    if absent := set(map(row_of, vectors.ids)) - representation.rows().keys():
        raise NeuroscopeError(f"{len(absent)} vectors are not in the store after they were written; import them again")


def _ids(file: Path, vectors: Vectors, manifest: Manifest) -> tuple[str, ...]:
    """Find the utterance of each row; it is an error where one is not in the manifest, or comes twice."""
    known = [each.id for each in manifest]
    if vectors.ids is None:
        if len(known) != vectors.rows:
            counts = f"it has {vectors.rows} vectors, the manifest {len(known)} utterances"
            raise BadVectors(str(file), [f"{counts}: without ids, there has to be one for each, in the same order"])
        return tuple(known)
    if len(vectors.ids) != vectors.rows:
        raise BadVectors(str(file), [f"it has {len(vectors.ids)} ids for {vectors.rows} vectors"])
    problems = [f"id {each} comes {count} times" for each, count in Counter(vectors.ids).items() if count > 1]
    strange = sorted(set(vectors.ids) - set(known))
    problems += [f"id {each} is not in the manifest" for each in strange]
    if strange:
        problems.insert(0, f"ids of the manifest look like {known[0]}")
    if problems:
        raise BadVectors(str(file), problems)
    return vectors.ids


def _widths(file: Path, text: str, vectors: Vectors) -> dict[str, int]:
    """Read ``NAME:WIDTH,...`` as the user wrote it, or else take what the file says."""
    widths = _widths_of_text(text) if text else dict(vectors.layers)
    if strange := [f"layer {name[:80]!r} {problem}" for name in widths if (problem := problem_with_layer_name(name))]:
        raise BadVectors(str(file), [*strange, "name the layers with --layers NAME:WIDTH,..."])
    if sum(widths.values()) != vectors.width:
        raise BadVectors(str(file), [f"--layers are {sum(widths.values())} columns wide, it has {vectors.width}"])
    return widths


def _widths_of_text(text: str) -> dict[str, int]:
    widths: dict[str, int] = {}
    for part in text.split(","):
        name, _, width = part.strip().rpartition(":")
        if not name or not width.isdecimal() or not int(width) or name in widths:
            raise BadOption(f"--layers {text}: expected NAME:WIDTH,NAME:WIDTH, each name once")
        widths[name] = int(width)
    return widths
