"""Write a representation to a file for other programs: ``.npz``, ``.safetensors`` or ``.parquet``.

``neuroscope import`` reads each of them again. Vectors are read and written some rows at a time.
"""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.audio.index import examine_all
from neuroscope.audio.spans import locate_all
from neuroscope.contracts.progress import Progress, silent
from neuroscope.errors import BadOption, MissingData
from neuroscope.runtime.files import scratch_folder, whole_file
from neuroscope.store.elsewhere import Note
from neuroscope.store.names import row_of, utterance_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from neuroscope.contracts.audio import Manifest
    from neuroscope.store.representations import Representation

ENDINGS = (".npz", ".safetensors", ".parquet")
BLOCK_BYTES = 64_000_000


class RowReader:
    """Reader of chosen rows of a representation, block by block.

    Args:
        representation: what is exported.
        names: id -> name of the row, in the order of the rows.
        progress: reports rows written.
    """

    def __init__(self, representation: Representation, names: Mapping[str, str], progress: Progress) -> None:
        self._representation, self._rows, self._progress = representation, list(names.values()), progress
        self.ids = list(names)
        self.widths = {layer: len(units) for layer, units in representation.layers.items()}

    def step(self, layers: Sequence[str]) -> int:
        """Compute the number of rows of a block."""
        return max(1, BLOCK_BYTES // (4 * sum(self.widths[layer] for layer in layers)))

    def blocks(self, layers: Sequence[str]) -> Iterator[NDArray[np.float32]]:
        """Yield vectors of the layers, side by side: float32 ``[some rows, columns]``."""
        step = self.step(layers)
        with self._progress("Exporting", len(self.ids)) as advance:
            for first in range(0, len(self.ids), step):
                chosen = slice(first, first + step)
                yield self._representation.features(self.ids[chosen], self._rows[chosen], layers).values
                advance(len(self.ids[chosen]))


def rows_of(representation: Representation) -> dict[str, str]:
    """Map id -> row for every stored row: the utterance's id where vectors were imported, else the row's name."""
    return {utterance_of(row): row for row in representation.rows()}


def rows_in(manifest: Manifest, representation: Representation, audio_index: Path) -> dict[str, str]:
    """Map utterance id -> row, for every utterance of a manifest that is stored.

    Raises:
        MissingData: none is stored.
    """
    held = representation.rows()
    files = examine_all(audio_index, (each.path for each in manifest if each.path is not None))
    spans = locate_all(manifest.utterances, files)
    rows = {}
    for number, (each, row) in enumerate(zip(manifest, spans.rows(), strict=True)):
        by_id = row_of(each.id)
        if by_id in held:
            rows[each.id] = by_id
        elif row in held and number not in spans.wrong:  # a span that is not in the file has no vector
            rows[each.id] = row
    if not rows:
        raise MissingData(f"no utterance of {manifest.source or 'the data'} is in representation {representation.key}")
    return rows


def export(representation: Representation, names: Mapping[str, str], file: Path, progress: Progress = silent) -> None:
    """Write rows to a file, whole or not at all.

    Args:
        representation: what is exported.
        names: id -> name of the row, in the order in which they are written.
        file: ``.npz``: ``ids``, ``values`` ``[rows, columns]``, ``layers`` and their ``widths``. ``.safetensors``: a
            tensor a layer, ``ids`` and ``layers`` in the metadata as JSON. ``.parquet``: ``id``, a column a layer.
        progress: reports rows written.

    Raises:
        BadOption: the file has another ending.
        MissingData: there is no row.
        OSError: it cannot be written.
    """
    check_ending(file)
    if not names:
        raise MissingData(f"representation {representation.key} has no rows")
    write = _WRITERS[file.suffix.lower()]
    note = Note(representation.folder.parents[1], file)
    try:
        with whole_file(file) as temporary, scratch_folder(file) as scratch:
            write(temporary, RowReader(representation, names, progress), scratch)
    finally:
        note.remove()


def check_ending(file: Path) -> None:
    """Raise BadOption if the file's name does not say a format."""
    if file.suffix.lower() not in ENDINGS:
        raise BadOption(f"{file}: expected a file that ends in {', '.join(ENDINGS)}")


def _write_npz(path: Path, exported: RowReader, scratch: Path) -> None:
    del scratch
    shape = (len(exported.ids), sum(exported.widths.values()))
    with zipfile.ZipFile(path, "w") as archive:
        small = {"ids": exported.ids, "layers": list(exported.widths), "widths": list(exported.widths.values())}
        for name, values in small.items():
            with archive.open(f"{name}.npy", "w") as stream:
                np.lib.format.write_array(stream, np.array(values), allow_pickle=False)
        with archive.open("values.npy", "w", force_zip64=True) as stream:
            header = {"descr": "<f4", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_2_0(stream, header)
            for block in exported.blocks(list(exported.widths)):
                stream.write(block.astype("<f4", copy=False).tobytes())


def _write_safetensors(path: Path, exported: RowReader, scratch: Path) -> None:
    """Write eight bytes with the header's length, the header as JSON, the tensors (the library writes from memory)."""
    del scratch
    header: dict[str, Any] = {
        "__metadata__": {"ids": json.dumps(exported.ids), "layers": json.dumps(list(exported.widths))}
    }
    end = 0
    for layer, width in exported.widths.items():
        begin, end = end, end + 4 * len(exported.ids) * width
        header[layer] = {"dtype": "F32", "shape": [len(exported.ids), width], "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at a multiple of eight
    with path.open("wb") as stream:
        stream.write(len(text).to_bytes(8, "little") + text)
        for layer in exported.widths:
            for block in exported.blocks([layer]):
                stream.write(block.astype("<f4", copy=False).tobytes())


def _write_parquet(path: Path, exported: RowReader, scratch: Path) -> None:
    """Write blocks as files of their own, then join them."""
    import polars

    layers = list(exported.widths)
    ends = np.cumsum([0, *exported.widths.values()]).tolist()
    first = 0
    parts = []
    for block in exported.blocks(layers):
        columns = {name: np.ascontiguousarray(block[:, ends[n] : ends[n + 1]]) for n, name in enumerate(layers)}
        ids = exported.ids[first : first + len(block)]
        parts.append(scratch / f"{first}.parquet")
        polars.DataFrame({"id": ids, **columns}).write_parquet(parts[-1])
        first += len(block)
    polars.scan_parquet(parts, glob=False).sink_parquet(path, row_group_size=exported.step(layers))


_WRITERS: Mapping[str, Callable[[Path, RowReader, Path], None]] = {
    ".npz": _write_npz,
    ".safetensors": _write_safetensors,
    ".parquet": _write_parquet,
}
