"""Pooled representations on disk: the waist of the design, torch to its left, numpy to its right.

A representation is a folder named by the digest of all that decides its numbers; in it, shards: folders that hold the
names of their rows and one array a layer. A shard is written under a temporary name, synced and renamed, and never
changed after that, so a reader sees whole shards only, without any lock. Of two equal rows the one in the shard whose
name comes first wins.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.contracts.features import Features, Unit
from neuroscope.errors import MissingData, NeuroscopeError, StoreMismatch
from neuroscope.files import whole_file, whole_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from neuroscope.contracts.backbone import Origin

FORMAT = 1


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

    @property
    def key(self) -> str:
        """The digest that names it."""
        return self.folder.name

    def rows(self) -> dict[str, tuple[str, int]]:
        """Which rows are stored: row name -> (shard, position).

        Raises:
            StoreMismatch: the folder is of another format, has other layers, or is damaged.
        """
        self._check_description()
        rows: dict[str, tuple[str, int]] = {}
        for index in sorted(self.folder.glob("shards/[!.]*/shard.json")):  # a name with a dot is not finished
            for position, row in enumerate(_read_json(index)["rows"]):
                rows.setdefault(row, (index.parent.name, position))
        return rows

    def write(self, rows: Sequence[str], values: Mapping[str, NDArray[Any]], made_with: Mapping[str, str]) -> None:
        """Add one shard.

        Args:
            rows: names of the rows.
            values: ``[rows, units]`` for every layer.
            made_with: device and versions of the software that computed the vectors.

        Raises:
            NeuroscopeError: the disk is full or the folder cannot be written.
        """
        name = hashlib.sha256("\n".join(rows).encode()).hexdigest()[:32]
        try:
            self._describe()
            with whole_folder(self.folder / "shards" / name) as temporary:
                index = {"rows": list(rows), "made_with": dict(made_with)}
                (temporary / "shard.json").write_text(json.dumps(index))
                for number, layer in enumerate(self.layers):
                    np.save(temporary / f"{number}.npy", values[layer].astype(self.identity.dtype))
        except OSError as error:
            raise NeuroscopeError(f"cannot write to the store {self.folder}: {error.strerror or error}") from error

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
        stored = self.rows()
        if missing := sum(row not in stored for row in rows):
            raise MissingData(
                f"{missing} of {len(rows)} utterances are not in the store; run `neuroscope extract` first"
            )
        units = tuple(unit for layer in chosen for unit in self.layers[layer])
        values = np.empty((len(rows), len(units)), dtype=np.float32)
        by_shard: dict[str, list[tuple[int, int]]] = {}
        for target, row in enumerate(rows):
            shard, position = stored[row]
            by_shard.setdefault(shard, []).append((target, position))
        for shard, places in by_shard.items():
            self._fill(values, shard, np.array(places), chosen)
        return Features(ids=tuple(ids), units=units, values=values)

    def _fill(self, values: NDArray[Any], shard: str, places: NDArray[np.int64], layers: Sequence[str]) -> None:
        numbers = {name: number for number, name in enumerate(self.layers)}
        folder = self.folder / "shards" / shard
        column = 0
        for layer in layers:
            width = len(self.layers[layer])
            try:
                stored = np.load(folder / f"{numbers[layer]}.npy", mmap_mode="r", allow_pickle=False)
            except (OSError, ValueError, EOFError) as error:
                raise _unreadable(folder, error) from error
            if stored.ndim != 2 or stored.shape[1] != width or len(stored) <= places[:, 1].max():
                raise _unreadable(folder, f"layer {layer} is {list(stored.shape)}")
            values[places[:, 0], column : column + width] = stored[places[:, 1]]
            column += width

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
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise _unreadable(path.parent, error) from error


def _unreadable(folder: Path, reason: object) -> StoreMismatch:
    return StoreMismatch(
        f"{folder} cannot be read ({reason}); if it is damaged, remove it, and `neuroscope extract` computes it again"
    )
