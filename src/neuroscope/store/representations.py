"""Pooled representations on disk: the waist of the design, torch to its left, numpy to its right.

A representation is a folder named by the digest of all that decides its numbers; in it, immutable shards, so a reader
sees whole shards only, without any lock. Of two equal rows the one in the shard whose name comes first wins.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections import defaultdict
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import repeat
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.contracts.features import Features, Unit
from neuroscope.contracts.progress import Progress, silent
from neuroscope.errors import MissingData, NeuroscopeError, StoreMismatch
from neuroscope.runtime.files import whole_file
from neuroscope.runtime.gc_pause import gc_paused
from neuroscope.store import shards
from neuroscope.store.shards import DamagedShard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from neuroscope.contracts.backbone import Origin

FORMAT = 1
IN_MEMORY_BYTES = 2_000_000_000
"""Vectors that take more are assembled in a memory-mapped file, and anonymous memory stays flat."""


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


class Store:
    """All representations below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def audio(self) -> Path:
        """Where the index of audio files lives."""
        return self.folder / "audio"

    def representation(
        self, identity: Identity, layers: Mapping[str, tuple[Unit, ...]], origin: Origin
    ) -> Representation:
        """The representation of an identity, which may hold no rows yet; nothing is written."""
        return Representation(self.folder / "representations" / identity.key, identity, layers, origin)


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
        self._checked: set[Path] = set()  # files whose digest was looked at; once a process is enough
        self._seen: Mapping[str, str] = {}  # what ``rows`` found last

    @property
    def key(self) -> str:
        """The digest that names it."""
        return self.folder.name

    def rows(self) -> Mapping[str, str]:
        """Which rows are stored: row name -> shard; rows of a shard that is visibly damaged are not.

        Raises:
            StoreMismatch: the folder is of another format, has other layers, or cannot be read.
        """
        self._check_description()
        with _told(self.folder), gc_paused():
            rows: dict[str, str] = {}
            for shard in reversed(list(shards.finished(self._shards))):  # the first, written last, wins
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
            self._describe()
            shards.write(self._shards, rows, arrays, made_with)
        except OSError as error:
            raise NeuroscopeError(f"cannot write to the store {self.folder}: {error.strerror or error}") from error

    def verify(self, progress: Progress = silent) -> list[str]:
        """Read every shard whole: names of the damaged ones, which ``set_aside`` lets the next extraction repair.

        Raises:
            StoreMismatch: the folder is of another format, has other layers, or cannot be read.
        """
        self._check_description()
        damaged = []
        with _told(self.folder):
            found = list(shards.finished(self._shards))
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
            shards.set_aside(self._shards / shard)
        except OSError as error:
            raise NeuroscopeError(f"cannot set aside {self._shards / shard}: {error.strerror or error}") from error

    def _describe(self) -> None:
        """Write down, once, what this representation is."""
        (self.folder / "shards").mkdir(parents=True, exist_ok=True)
        about = self.folder / "representation.json"
        if not about.exists():
            text = {
                "format": FORMAT,
                "identity": asdict(self.identity),
                "layers": self._widths,
                "origin": asdict(self.origin),
            }
            with whole_file(about) as temporary:
                temporary.write_text(json.dumps(text, indent=1))

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
        values = self._room((len(rows), len(units)))
        by_shard: defaultdict[str, list[int]] = defaultdict(list)
        for target, row in enumerate(rows):
            by_shard[stored[row]].append(target)
        for shard, targets in by_shard.items():
            self._fill(values, self._shards / shard, targets, rows, chosen)
        return Features(ids=tuple(ids), units=units, values=values)

    def _room(self, shape: tuple[int, int]) -> NDArray[np.float32]:
        """An array in memory, or, where it is large, in a file without a name that goes when the array does."""
        size = 4 * shape[0] * shape[1]
        if size <= IN_MEMORY_BYTES:
            return np.empty(shape, dtype=np.float32)
        try:
            with tempfile.TemporaryFile(
                dir=self.folder if os.access(self.folder, os.W_OK, effective_ids=True) else None
            ) as file:
                os.posix_fallocate(file.fileno(), 0, size)  # a full disk is told here; later it would kill the process
                return np.memmap(file, dtype=np.float32, mode="r+", shape=shape)
        except OSError as error:
            raise NeuroscopeError(
                f"no room for {size / 1e9:.1f} GB of vectors beside {self.folder}: {error.strerror or error}"
            ) from error

    def _fill(
        self, values: NDArray[Any], shard: Path, targets: Sequence[int], rows: Sequence[str], layers: Sequence[str]
    ) -> None:
        """Copy from one shard what goes to the target rows."""
        numbers = {name: number for number, name in enumerate(self.layers)}
        column = 0
        with _told(shard):
            index = shards.read_index(shard, len(self.layers))
            place = {row: number for number, row in enumerate(index.rows)}
            sources = [place[rows[target]] for target in targets]
            for layer in layers:
                width, name = len(self.layers[layer]), f"{numbers[layer]}.npy"
                if shard / name not in self._checked:
                    shards.check(shard, name, index)
                    self._checked.add(shard / name)
                stored = np.load(shard / name, mmap_mode="r", allow_pickle=False)
                if stored.shape != (len(index.rows), width):
                    raise DamagedShard(f"layer {layer} is {list(stored.shape)}")
                values[targets, column : column + width] = stored[sources]
                column += width

    @property
    def _shards(self) -> Path:
        return self.folder / "shards"

    @property
    def _widths(self) -> dict[str, int]:
        return {name: len(units) for name, units in self.layers.items()}

    def _check_description(self) -> None:
        about = self.folder / "representation.json"
        if not about.exists():
            return
        found = _read_json(about)
        if found["format"] != FORMAT:
            raise StoreMismatch(
                f"{self.folder} has format {found['format']}, this version reads format {FORMAT}; "
                "use the version that wrote it, or remove the folder to extract again"
            )
        if list(found["layers"].items()) != list(self._widths.items()):
            raise StoreMismatch(
                f"{self.folder} holds the layers {found['layers']}, the backbone now has {self._widths}; "
                "remove the folder to extract again"
            )


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise StoreMismatch(
            f"{path} cannot be read ({error}); if it is damaged, remove it: the next extraction writes it again"
        ) from error


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Whatever is wrong with a folder, told with what to do."""
    try:
        yield
    except (OSError, ValueError, LookupError, DamagedShard) as error:
        raise StoreMismatch(
            f"{folder} cannot be read ({error}); if it is damaged, `neuroscope store verify` sets it aside, and "
            "`neuroscope extract` computes it again"
        ) from error
