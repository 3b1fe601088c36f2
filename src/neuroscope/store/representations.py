"""List, open, write, read and remove representations: pooled vectors on disk, written with torch, read with numpy.

A representation is a folder named by the digest of all that decides its numbers; in it, immutable shards, so a reader
sees whole shards only, without any lock. Of two equal rows the one in the shard whose name comes first wins.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from itertools import repeat
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from neuroscope.contracts.features import Features
from neuroscope.contracts.progress import Progress, silent
from neuroscope.errors import MissingData, NeuroscopeError, StoreMismatch, UnknownName
from neuroscope.runtime.files import write_on_trial
from neuroscope.runtime.gc_pause import gc_paused
from neuroscope.store import description, disk, names, shards
from neuroscope.store.allocation import allocate
from neuroscope.store.shards import DamagedShard
from neuroscope.store.vector_reader import VectorReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from neuroscope.contracts.backbone import Origin
    from neuroscope.contracts.features import Unit
    from neuroscope.store.description import Identity


class Store:
    """All representations below one folder, with the names of imported vectors and the index of audio files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def audio(self) -> Path:
        """Folder of the index of audio files."""
        return self.folder / "audio"

    @property
    def _representations(self) -> Path:
        return self.folder / "representations"

    def representation(
        self, identity: Identity, layers: Mapping[str, tuple[Unit, ...]], origin: Origin
    ) -> Representation:
        """Return the representation of an identity, which may hold no rows yet; nothing is written."""
        return Representation(self._representations / identity.key, identity, layers, origin)

    def imported(self, name: str, layers: Mapping[str, int], dtype: str, origin: Origin) -> Representation:
        """Return the representation of vectors that are imported under a name; arguments as for ``NamedVectors``."""
        identity = names.identity_of(name, layers, dtype, origin.digest)
        return self.representation(identity, names.units_of(layers), origin)

    def all(self) -> list[StoredRepresentation]:
        """List all representations that are stored, by key."""
        return [_stored(each) for each in sorted(self._representations.glob("[!.]*")) if each.is_dir()]

    def find(self, key: str) -> StoredRepresentation:
        """Find the one representation whose key begins with the given text.

        Raises:
            UnknownName: there is none, or more than one.
        """
        stored = self.all()
        found = [each for each in stored if each.key.startswith(key)] if key else []
        if len(found) != 1:
            hint = "More than one begins so; write more of the key." if found else "`neuroscope store list` shows them."
            raise UnknownName("key", key, [each.key for each in found or stored], hint)
        return found[0]

    def imported_under(self, name: str) -> list[StoredRepresentation]:
        """Find what a name of imported vectors stands for; where that is damaged, all it may have stood for."""
        return [each for each in self.all() if each.imported_as == name and not self.never_ended(each)]

    def never_ended(self, stored: StoredRepresentation) -> bool:
        """Tell whether its import never ended: no name stands for its vectors, and the name is written last."""
        return bool(stored.imported_as) and self._key_of(stored.imported_as) not in {stored.key, None}

    def remove(self, stored: StoredRepresentation) -> int:
        """Remove a representation; the name of an imported one is forgotten.

        Returns:
            bytes that it took.

        Raises:
            NeuroscopeError: the folder cannot be written.
        """
        try:
            if stored.imported_as and self._key_of(stored.imported_as) == stored.key:
                names.forget(self.folder, stored.imported_as)
            hidden = stored.folder.with_name(f".{stored.key}.{secrets.token_hex(8)}.former")
            stored.folder.rename(hidden)  # for readers it is gone at once
        except OSError as error:
            raise NeuroscopeError(f"cannot remove {stored.folder}: {error.strerror or error}") from error
        return sum(disk.remove([hidden]).values())

    def _key_of(self, name: str) -> str | None:
        """Look up the key that a name of imported vectors stands for; empty = none, None = it cannot be read."""
        try:
            return names.find(self.folder, name).key
        except UnknownName:
            return ""
        except StoreMismatch:  # the name is damaged, and may have stood for anything
            return None


@dataclass(frozen=True, slots=True)
class StoredRepresentation:
    """A representation as its folder describes it.

    Attributes:
        folder: where it is.
        representation: None where the description cannot be read, or is of another format.
        problem: why it cannot be read; empty = nothing is wrong with the description.
    """

    folder: Path
    representation: Representation | None
    problem: str = ""

    @property
    def key(self) -> str:
        """Its name in the store."""
        return self.folder.name

    @property
    def imported_as(self) -> str:
        """The name that its vectors were imported under; empty where they were extracted, or nothing is known."""
        return names.name_of(self.representation.identity.backbone) if self.representation else ""

    def open(self) -> Representation:
        """Return the representation itself.

        Raises:
            StoreMismatch: its description cannot be read.
        """
        if self.representation is None:
            raise StoreMismatch(f"{self.folder}: {self.problem}")
        return self.representation


class Representation:
    """The vectors of one identity, a row an utterance.

    Args:
        folder: its folder, which need not exist.
        identity: what decides its numbers.
        layers: layer name -> its units, in column order; layers in declared order.
        origin: where the weights come from; it is stored with the vectors.
    """

    def __init__(
        self, folder: Path, identity: Identity, layers: Mapping[str, tuple[Unit, ...]], origin: Origin
    ) -> None:
        self.folder, self.identity, self.layers, self.origin = folder, identity, layers, origin
        self._widths = {name: len(units) for name, units in layers.items()}
        self._reader = VectorReader(self._widths)
        self._seen: Mapping[str, str] = {}  # what ``rows`` found last

    @property
    def key(self) -> str:
        """The digest that names it."""
        return self.folder.name

    def rows(self) -> Mapping[str, str]:
        """Find the rows that are stored, as row name -> shard; rows of a visibly damaged shard are not.

        Raises:
            StoreMismatch: the folder is of another format, has other layers, or cannot be read.
        """
        description.check(self.folder, self._widths)
        with shards.errors_as_store_mismatch(self.folder), gc_paused():
            rows: dict[str, str] = {}
            for shard in reversed(list(shards.finished(self.shards))):  # the first, written last, wins
                with suppress(DamagedShard):
                    rows.update(zip(shards.read_index(shard, len(self.layers)).rows, repeat(shard.name), strict=False))
        self._seen = MappingProxyType(rows)
        return self._seen

    def write(self, rows: Sequence[str], values: Mapping[str, NDArray[Any]], made_with: Mapping[str, str]) -> None:
        """Add one shard.

        Args:
            rows: names of the rows.
            values: ``[rows, units]`` for every layer.
            made_with: device and versions of the software that computed the vectors.

        Raises:
            NeuroscopeError: the disk is full or the folder cannot be written.
            ValueError: a layer has another shape.
        """
        arrays = []
        for layer, units in self.layers.items():
            if values[layer].shape != (len(rows), len(units)):
                raise ValueError(f"layer {layer} is {values[layer].shape}, not {(len(rows), len(units))}")
            arrays.append(values[layer].astype(self.identity.dtype, copy=False))
        try:
            self.shards.mkdir(parents=True, exist_ok=True)
            description.write(self.folder, self.identity, self._widths, self.origin)
            shards.write(self.shards, rows, arrays, made_with)
        except OSError as error:
            raise NeuroscopeError(f"cannot write to the store {self.folder}: {error.strerror or error}") from error

    def check_writable(self) -> None:
        """Find out, before anything is computed, whether it can be kept.

        Raises:
            NeuroscopeError: the disk is full or the folder cannot be written.
        """
        try:
            write_on_trial(self.folder)
        except OSError as error:
            raise NeuroscopeError(f"cannot write to the store {self.folder}: {error.strerror or error}") from error

    def verify(self, progress: Progress = silent) -> list[str]:
        """Read every shard whole, and name the damaged ones, which ``set_aside`` lets the next extraction repair.

        Raises:
            StoreMismatch: the folder is of another format, has other layers, or cannot be read.
        """
        description.check(self.folder, self._widths)
        damaged = []
        with shards.errors_as_store_mismatch(self.folder):
            found = list(shards.finished(self.shards))
            with progress("Verifying", len(found)) as advance:
                for shard in found:
                    try:
                        index = shards.read_index(shard, len(self.layers))
                        for name in index.files:
                            shards.check(shard, name, index)
                    except DamagedShard:
                        damaged.append(shard.name)
                    advance(1)
        return damaged

    def set_aside(self, shard: str) -> None:
        """Hide a shard from all readers, so that the next extraction computes its rows again.

        Raises:
            NeuroscopeError: the folder cannot be written.
        """
        try:
            shards.set_aside(self.shards / shard)
        except OSError as error:
            raise NeuroscopeError(f"cannot set aside {self.shards / shard}: {error.strerror or error}") from error

    def mark_used(self) -> None:
        """Note that the representation was read just now; a store that cannot be written has no last use."""
        description.mark_used(self.folder)

    def features(self, ids: Sequence[str], rows: Sequence[str], layers: Iterable[str]) -> Features:
        """Read the chosen layers of the given rows, side by side in the given order.

        Args:
            ids: of the utterances, beside ``rows``.
            rows: names of stored rows.
            layers: names of layers.

        Raises:
            MissingData: a row is not stored.
            StoreMismatch: a shard is damaged.
        """
        chosen = tuple(layers)
        stored = self._seen if all(row in self._seen for row in rows) else self.rows()
        if missing := sum(row not in stored for row in rows):
            raise MissingData(
                f"{missing} of {len(rows)} utterances are not in the store; run `neuroscope extract` first"
            )
        units = tuple(unit for layer in chosen for unit in self.layers[layer])
        values = allocate((len(rows), len(units)), self.folder)
        by_shard: defaultdict[str, list[int]] = defaultdict(list)
        for target, row in enumerate(rows):
            by_shard[stored[row]].append(target)
        for shard, targets in by_shard.items():
            self._reader.copy(self.shards / shard, [rows[target] for target in targets], chosen, values, targets)
        return Features(ids=tuple(ids), units=units, values=values)

    @property
    def shards(self) -> Path:
        """The folder of its shards."""
        return self.folder / "shards"


def _stored(folder: Path) -> StoredRepresentation:
    try:
        return StoredRepresentation(folder, Representation(folder, *description.read(folder)))
    except StoreMismatch as error:
        return StoredRepresentation(folder, None, str(error))
