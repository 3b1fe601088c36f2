"""The run folder: the tidy table of rows and all that a result stands on.

``rows.parquet`` and ``.csv``, ``predictions.parquet``, ``split.parquet``, ``run.json``; the report adds pictures.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from neuroscope.contracts.rows import Row
from neuroscope.errors import BadOption, MissingData, NeuroscopeError
from neuroscope.runtime.files import whole_file, whole_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    import polars

_RUN = "run.json"
_TYPES = {"str": "String", "float": "Float64", "int": "Int64"}


def check_out(out: Path) -> None:
    """Refuse, before any work, an output folder that cannot be written or that holds something else.

    Raises:
        BadOption: with what is wrong.
    """
    if out.exists() and not out.is_dir():
        raise BadOption(f"--out {out} is a file; name a folder")
    if out.is_dir() and any(out.iterdir()) and not (out / _RUN).exists():
        raise BadOption(f"--out {out} is not empty and holds no earlier run; name another folder")
    try:
        made = [parent for parent in (out, *out.parents) if not parent.exists()]
        out.parent.mkdir(parents=True, exist_ok=True)
        with whole_folder(out.parent / f".{out.name}.try") as _:
            pass
        (out.parent / f".{out.name}.try").rmdir()
        for parent in made[1:]:
            parent.rmdir()
    except OSError as error:
        raise BadOption(f"--out {out} cannot be written: {error.strerror or error}") from None


def check_file(option: str, file: Path) -> None:
    """Refuse, before any work, a file that cannot be written; what an earlier run wrote there stays until then.

    Args:
        option: that named it.
        file: what will be written.

    Raises:
        BadOption: with what is wrong.
    """
    if file.is_dir():
        raise BadOption(f"{option} {file} is a folder; name a file")
    try:
        made = [parent for parent in file.parents if not parent.exists()]
        file.parent.mkdir(parents=True, exist_ok=True)
        trial = file.with_name(f".{file.name}.try")
        with whole_file(trial) as temporary:
            temporary.touch()
        trial.unlink()
        for parent in made:
            parent.rmdir()
    except OSError as error:
        raise BadOption(f"{option} {file} cannot be written: {error.strerror or error}") from None


def write(
    out: Path,
    rows: Sequence[Row],
    run: Mapping[str, Any],
    tables: Mapping[str, Sequence[Mapping[str, Any]] | polars.DataFrame],
    pictures: Callable[[Path], None],
) -> None:
    """Write a whole run folder; one from an earlier run is replaced when the new one is whole.

    Args:
        out: the folder.
        rows: the tidy table.
        run: what becomes ``run.json``.
        tables: name -> table or records, each becomes ``NAME.parquet``.
        pictures: draws into the folder it is given.

    Raises:
        NeuroscopeError: the disk is full, or the folder cannot be written.
    """
    import polars

    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with whole_folder(out, replace=True) as folder:
            table = frame(rows)
            table.write_parquet(folder / "rows.parquet")
            table.write_csv(folder / "rows.csv")
            for name, records in tables.items():
                polars.DataFrame(records, infer_schema_length=None).write_parquet(folder / f"{name}.parquet")
            pictures(folder)
            (folder / _RUN).write_text(json.dumps(run, indent=1) + "\n")
    except OSError as error:
        raise NeuroscopeError(f"cannot write {out}: {error.strerror or error}") from error


def write_csv(file: Path, table: polars.DataFrame) -> None:
    """Write one table, whole or not at all.

    Raises:
        NeuroscopeError: it cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(file) as temporary:
            table.write_csv(temporary)
    except OSError as error:
        raise NeuroscopeError(f"cannot write {file}: {error.strerror or error}") from error


def frame(rows: Iterable[Row]) -> polars.DataFrame:
    """Rows as a table, one column a field, in the order of ``Row``."""
    import polars

    schema = {each.name: getattr(polars, _TYPES[str(each.type).split(" ")[0]]) for each in fields(Row)}
    return polars.DataFrame([record(row) for row in rows], schema=schema)


def record(row: Row) -> dict[str, Any]:
    """A row as a plain mapping."""
    return {each.name: getattr(row, each.name) for each in fields(Row)}


def read(folder: Path) -> list[Row]:
    """The rows of a run folder.

    Raises:
        MissingData: there is no run in the folder.
    """
    import polars

    table = folder / "rows.parquet"
    if not table.exists():
        raise MissingData(f"{folder} holds no rows.parquet; name a run folder")
    return [Row(**values) for values in polars.read_parquet(table).iter_rows(named=True)]
