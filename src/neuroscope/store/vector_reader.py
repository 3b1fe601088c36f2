"""Copy vectors out of shards, some rows and layers at a time, after a look at their checksums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuroscope.store import shards

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


class VectorReader:
    """Reader of one representation's shards; once in its life it compares each file with its digest.

    Args:
        widths: layer -> number of columns, in declared order.
    """

    def __init__(self, widths: Mapping[str, int]) -> None:
        self._widths = widths
        self._numbers = {name: number for number, name in enumerate(widths)}
        self._checked: set[Path] = set()

    def copy(
        self, shard: Path, rows: Sequence[str], layers: Sequence[str], values: NDArray[Any], targets: Sequence[int]
    ) -> None:
        """Copy the layers of some rows, side by side, into rows of an array.

        Args:
            shard: the shard that holds the rows.
            rows: names of the rows.
            layers: names of the layers.
            values: where they go, ``[some rows, columns of the layers]``.
            targets: numbers of the array's rows, beside ``rows``.

        Raises:
            StoreMismatch: the shard is damaged, or cannot be read.
        """
        column = 0
        with shards.errors_as_store_mismatch(shard):
            index = shards.read_index(shard, len(self._widths))
            place = {row: number for number, row in enumerate(index.rows)}
            sources = [place[row] for row in rows]
            for layer in layers:
                width = self._widths[layer]
                values[targets, column : column + width] = self._open(shard, layer, index)[sources]
                column += width

    def _open(self, shard: Path, layer: str, index: shards.ShardIndex) -> NDArray[Any]:
        """Memory-map one layer of a shard, and compare its digest at the first use."""
        name = f"{self._numbers[layer]}.npy"
        if shard / name not in self._checked:
            shards.check(shard, name, index)
            self._checked.add(shard / name)
        stored = shards.map_array(shard, name)
        if stored.shape != (len(index.rows), self._widths[layer]):
            raise shards.DamagedShard(f"layer {layer} is {list(stored.shape)}")
        return stored
