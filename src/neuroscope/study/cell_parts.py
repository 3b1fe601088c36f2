"""Parts of a run folder: finished cells and fits that a later failure or kill cannot take away.

A part is a folder of the run folder, written whole when its cell is done. Its name is a digest of all that its numbers
come from (conditions, utterances, audio, labels, versions, the source of a plugin that is being written), so that the
same command finds it, and no other does.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.contracts import metric_names
from neuroscope.contracts.records import Caution, CellRecord, plain
from neuroscope.errors import NeuroscopeError
from neuroscope.probing.diagnostics import Diagnostic
from neuroscope.probing.layerwise import LayerFit
from neuroscope.runtime.files import whole_file, whole_folder
from neuroscope.runtime.versions import all_versions
from neuroscope.study.rows_table import rows_of_table, rows_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import polars

    from neuroscope.contracts.rows import Row
    from neuroscope.study.cell_inputs import CellInputs

_RECORD = "cell.json"
_ROWS = "rows"


def part_key(inputs: CellInputs) -> str:
    """Compute the name of the part of a cell: equal numbers, equal key."""
    rows, made_by = inputs.labelled.rows, inputs.settings.made_by
    ids = [each.id for each in rows.utterances]
    labels = [rows.target.values.tolist(), rows.target.names]
    audio = [inputs.row_of[each] for each in ids]
    text = json.dumps([asdict(inputs.cell), ids, audio, labels, made_by, all_versions()])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class CellPart:
    """A part of a run folder that keeps one cell: its fits one by one, then its rows and tables.

    Args:
        folder: of the part; made when the first fit, or the cell, is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._fits = folder, folder.with_name(f"{folder.name}.fits")

    @property
    def is_finished(self) -> bool:
        """Whether the cell is written; a part that is damaged is removed, and is not."""
        from polars.exceptions import PolarsError

        if not self._folder.exists():
            return False
        try:
            return bool(self.record and self.rows and self.tables)
        except (OSError, ValueError, LookupError, TypeError, PolarsError):  # what cannot be read is computed again
            shutil.rmtree(self._folder)
            return False

    def write(self, record: CellRecord, rows: Sequence[Row], tables: Mapping[str, polars.DataFrame]) -> None:
        """Write the cell, whole or not at all.

        Raises:
            NeuroscopeError: the disk is full, or the folder cannot be written.
        """
        with one_line_write_errors(self._folder):
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            with whole_folder(self._folder) as folder:
                for name, table in {_ROWS: rows_table(rows), **tables}.items():
                    table.write_parquet(folder / f"{name}.parquet")
                (folder / _RECORD).write_text(json.dumps(plain(record)))

    @property
    def record(self) -> CellRecord:
        """The record of the cell, for ``run.json``."""
        read: dict[str, Any] = json.loads((self._folder / _RECORD).read_text())
        lists = {each.name for each in fields(CellRecord) if isinstance(read.get(each.name), list)}
        values: dict[str, Any] = {name: tuple(value) if name in lists else value for name, value in read.items()}
        return CellRecord(**{**values, "cautions": tuple(map(Caution.read, values["cautions"]))})

    @property
    def rows(self) -> list[Row]:
        """The cell's rows of the tidy table."""
        import polars

        return rows_of_table(polars.read_parquet(self._folder / f"{_ROWS}.parquet"))

    @property
    def tables(self) -> dict[str, polars.DataFrame]:
        """Every table of the cell by its name, but that of the rows."""
        import polars

        files = sorted(self._folder.glob("*.parquet"))
        return {file.stem: polars.read_parquet(file) for file in files if file.stem != _ROWS}

    def table(self, name: str) -> polars.DataFrame:
        """One table of the cell, but that of the rows."""
        import polars

        return polars.read_parquet(self._folder / f"{name}.parquet")

    def get(self, layer: str, seed: int) -> LayerFit | None:
        """Read the fit of a layer in a run; None where there is none."""
        with suppress(OSError, ValueError, LookupError, TypeError):  # what cannot be read is fitted again
            return _fit_of(json.loads(self._file(layer, seed).read_text()))
        return None

    def put(self, fitted: LayerFit) -> None:
        """Keep a fit; one that cannot be written is fitted again another time."""
        with suppress(OSError):
            self._fits.mkdir(parents=True, exist_ok=True)
            with whole_file(self._file(fitted.layer, fitted.seed)) as file:
                file.write_text(json.dumps({**asdict(fitted), "predicted": fitted.predicted.tolist()}))

    def _file(self, layer: str, seed: int) -> Path:
        name = hashlib.sha256(layer.encode()).hexdigest()[:16]
        return self._fits / f"{name}-{seed}.json"


@dataclass(frozen=True)
class UnkeptCell:
    """A finished cell that could not be written: it is there as long as the process.

    Attributes:
        record: as of ``CellPart``; so are the others.
        rows: of the tidy table.
        tables: by name.
    """

    record: CellRecord
    rows: list[Row]
    tables: dict[str, polars.DataFrame]

    def table(self, name: str) -> polars.DataFrame:
        """One of the tables."""
        return self.tables[name]


@contextmanager
def one_line_write_errors(place: Path) -> Iterator[None]:
    """Turn an error of the file system, also one that polars reports, into one line that names the place."""
    from polars.exceptions import ComputeError

    try:
        yield
    except OSError as error:
        raise NeuroscopeError(f"cannot write {place}: {error.strerror or error}") from error
    except ComputeError as error:
        raise NeuroscopeError(f"cannot write {place}: {error}") from error


def _fit_of(read: dict[str, Any]) -> LayerFit:
    warnings = tuple(Diagnostic.read(each) for each in read["warnings"])
    predicted = np.array(read["predicted"], dtype=np.int64)
    if metric_names.TRAINING_ACCURACY not in read["metrics"]:
        raise LookupError("a part of an earlier version: its training rows were not scored")
    return LayerFit(read["layer"], read["seed"], predicted, read["metrics"], warnings)
