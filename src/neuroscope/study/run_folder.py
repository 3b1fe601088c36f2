"""The run folder: the tidy table of rows and all that a result stands on.

``rows.parquet`` and ``.csv``, ``predictions.parquet``, ``split.parquet``, ``manifest.parquet`` and ``.csv``,
``run.json``; when they are there, the report adds pictures. While a run goes on, the folder holds ``parts``, one per
finished cell, joined at the end.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from neuroscope.contracts.records import plain
from neuroscope.data.manifest_csv import write_manifest
from neuroscope.errors import BadOption, MissingData
from neuroscope.runtime.file_lock import FolderLock
from neuroscope.runtime.files import is_text, leftovers_of, whole_file, whole_folder, write_on_trial
from neuroscope.store.elsewhere import Note
from neuroscope.study.cell_parts import CellPart, one_line_write_errors
from neuroscope.study.rows_table import rows_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars

    from neuroscope.contracts.records import RunRecord
    from neuroscope.contracts.rows import Row

_RUN = "run.json"
_PARTS = "parts"


class RunFolder:
    """The run folder that one command writes; a second one that would write to the same folder is refused.

    Args:
        out: the folder, which need not exist.
        store: folder of the store, which notes what is being written elsewhere; None = it is a run folder of the cache.

    Raises:
        BadOption: another run is writing to it.
    """

    def __init__(self, out: Path, store: Path | None = None) -> None:
        self.out = out
        self._place = _resolved(out)
        self._lock = FolderLock(self._place)
        if not self._lock.is_free:
            raise BadOption(f"--out {out} is being written by another run; name another folder")
        if self._lock.keeps_others_out:
            self._clean_up()
        self._note = Note(store, self._place) if store else None

    def _clean_up(self) -> None:
        """Remove what a process that was killed left beside the folder; what it had moved away comes back."""
        for left in leftovers_of(self._place):
            shutil.rmtree(left, ignore_errors=True)

    def part(self, key: str) -> CellPart:
        """Open the part of one cell, which may be finished by an earlier try."""
        return CellPart(self._place / _PARTS / key)

    def write(
        self,
        rows: Sequence[Row],
        run: RunRecord,
        tables: Mapping[str, polars.DataFrame],
        manifests: Mapping[str, polars.DataFrame],
    ) -> None:
        """Write the whole run folder; what an earlier run left is replaced when the new one is whole.

        Parts stay where a cell failed, so that the same command computes what is missing alone.

        Args:
            rows: the tidy table.
            run: what becomes ``run.json``.
            tables: name -> table, each becomes ``NAME.parquet``.
            manifests: name of a file -> its table, which reproduces the run.

        Raises:
            NeuroscopeError: the disk is full, or the folder cannot be written.
        """
        with one_line_write_errors(self.out):
            self._place.parent.mkdir(parents=True, exist_ok=True)
            with whole_folder(self._place, replace=True) as folder:
                table = rows_table(rows)
                table.write_parquet(folder / "rows.parquet")
                table.write_csv(folder / "rows.csv")
                for name, each in tables.items():
                    each.write_parquet(folder / f"{name}.parquet")
                for name, each in manifests.items():
                    write_manifest(folder / name, each)
                if run.failed and (self._place / _PARTS).is_dir():
                    shutil.copytree(self._place / _PARTS, folder / _PARTS, ignore=shutil.ignore_patterns(".*"))
                (folder / _RUN).write_text(_as_json(run))

    def close(self) -> None:
        """Let others write to the folder."""
        self._lock.release()
        if self._note:
            self._note.remove()


def open_run_folder(out: Path | None, runs: Path, digest: str) -> RunFolder:
    """Open the run folder of a command.

    Args:
        out: where the user said; None = below ``runs``, in a folder named by the time and all cells, or in the newest
            one of the same cells that an earlier try left with some of them missing.
        runs: the run folders of the cache.
        digest: of all cells.

    Raises:
        BadOption: another run is writing to it.
    """
    if out is not None:
        return RunFolder(out, runs.with_name("store"))
    for left in sorted(runs.glob(f"*-{digest}"), reverse=True):
        if (left / _PARTS).is_dir():
            try:
                return RunFolder(left)
            except BadOption:  # it goes on in another process
                continue
    return RunFolder(runs / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{digest}")


def read_table(out: Path, name: str, run: RunRecord) -> polars.DataFrame | None:
    """Read a table that a run left in its folder; None where it left none of this name.

    Raises:
        MissingData: the folder is gone, or holds another run by now.
    """
    import polars

    try:
        same = (out / _RUN).read_text() == _as_json(run)
    except OSError:
        same = False
    if not same:
        raise MissingData(f"{out} is gone, or holds another run by now; run it again, or name another folder")
    file = out / f"{name}.parquet"
    return polars.read_parquet(file) if f"{name}.parquet" in {each.name for each in out.iterdir()} else None


def _as_json(run: RunRecord) -> str:
    return json.dumps(plain(run), indent=1) + "\n"


def check_out(out: Path | None, runs: Path) -> None:
    """Refuse, before any work, an output folder that cannot be written or that holds something else.

    Args:
        out: where the user said; None = a folder below ``runs``.
        runs: the run folders of the cache.

    Raises:
        BadOption: with what is wrong.
    """
    if out is None:
        _try_to_write(runs / "run", f"the run folder cannot be written in {runs}", "name one with --out")
        return
    said = f"--out {out}"
    with _refusals(out, said):
        if out.exists() and not out.is_dir():
            raise BadOption(f"{said} is a file; name a folder")
        if _holds_something_else(out):
            raise BadOption(f"{said} is not empty and holds no earlier run; name another folder")
    _try_to_write(_resolved(out), f"{said} cannot be written")


def _resolved(out: Path) -> Path:
    """Return the folder itself where ``out`` is a link or below one: it is what all links to it have in common."""
    return Path(os.path.realpath(out))  # which, unlike Path.resolve, raises nothing where links lead to themselves


def _holds_something_else(out: Path) -> bool:
    """Whether a folder holds something, and no run."""
    with suppress(FileNotFoundError, NotADirectoryError):  # another run, which replaces it, has just moved it away
        held = {each.name for each in out.iterdir()}
        return bool(held) and not held & {_RUN, _PARTS}
    return False


def check_file(option: str, file: Path) -> None:
    """Refuse, before any work, a file that cannot be written; what an earlier run wrote there stays until then.

    Args:
        option: that named it.
        file: what will be written.

    Raises:
        BadOption: with what is wrong.
    """
    said = f"{option} {file}"
    with _refusals(file, said):
        if file.is_dir():
            raise BadOption(f"{said} is a folder; name a file")
    _try_to_write(file, f"{said} cannot be written")


@contextmanager
def _refusals(path: Path, said: str) -> Iterator[None]:
    """Turn a path that the file system or a library does not take into one line.

    Raises:
        BadOption: it is too long, not UTF-8, or may not be looked at.
    """
    if not is_text(path):
        raise BadOption(f"{said} is not UTF-8; give it another name")
    try:
        yield
    except OSError as error:
        raise BadOption(f"{said} cannot be used: {error.strerror or error}") from None


def _try_to_write(path: Path, refusal: str, way_out: str = "") -> None:
    """Write a little beside a path, and remove it again.

    Raises:
        BadOption: nothing can be written there, or the disk is full.
    """
    try:
        write_on_trial(path)
    except OSError as error:
        raise BadOption("; ".join(filter(None, [f"{refusal}: {error.strerror or error}", way_out]))) from None


def write_csv(file: Path, table: polars.DataFrame) -> None:
    """Write one table, whole or not at all.

    Raises:
        NeuroscopeError: it cannot be written.
    """
    with one_line_write_errors(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(file) as temporary:
            table.write_csv(temporary)
