"""Copy vectors out of shards, some rows and layers at a time, after a look at their checksums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuroscope.store import shards

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from neuroscope.store.shards import Owner


class VectorReader:
    """Reader of one representation's shards; once in its life it compares each file with its digest.

    Args:
        owner: the representation.
    """

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._checked: set[tuple[Path, str]] = set()

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
            index = shards.read_index(shard, self._owner)
            place = {row: number for number, row in enumerate(index.rows)}
            sources = [place[row] for row in rows]
            for layer in layers:
                width = self._owner.widths[layer]
                values[targets, column : column + width] = self._open(shard, layer, index)[sources]
                column += width

    def _open(self, shard: Path, layer: str, index: shards.ShardIndex) -> NDArray[Any]:
        """Memory-map one layer of a shard, and compare its digest at the first use."""
        if (shard, layer) not in self._checked:
            shards.check(shard, layer, index)
            self._checked.add((shard, layer))
        return shards.map_array(shard, layer, index)
