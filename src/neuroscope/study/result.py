"""What a workflow gives back, and how it comes about: the parts of all cells become the run folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroscope.contracts.records import RunRecord
from neuroscope.errors import NeuroscopeError
from neuroscope.runtime.versions import all_versions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import polars

    from neuroscope.contracts.records import ExtractionRecord
    from neuroscope.contracts.rows import Row
    from neuroscope.data.sources import LoadedData
    from neuroscope.runtime.clock import Clock
    from neuroscope.study.cell_loop import FinishedCells

_OF_A_TASK = ("split", "manifest")  # alike in all cells of a task


@dataclass(frozen=True)
class Result:
    """What a command found.

    Attributes:
        run: the content of ``run.json``.
        rows: of the tidy table.
        folder: the run folder; None for ``extract``.
        errors: why cells have no result, beside ``run.failed``.
    """

    run: RunRecord
    rows: Sequence[Row]
    folder: Path | None
    errors: tuple[Exception, ...] = ()


def finish(
    done: FinishedCells,
    command: Sequence[str],
    clock: Clock,
    loaded: LoadedData,
    pictures: Callable[[Sequence[Row], Path], None],
) -> Result:
    """Join the parts of all cells in the run folder.

    Args:
        done: the cells.
        command: what was typed.
        clock: of the command.
        loaded: the utterances.
        pictures: draws the rows into a folder.

    Raises:
        NeuroscopeError: the run folder cannot be written.
    """
    if done.folder is None:
        raise NeuroscopeError("no cell has a result")
    rows = done.rows
    stamp = clock.stamp()
    run = RunRecord(
        command=tuple(command),
        began=stamp.began,
        seconds=stamp.seconds,
        roots=tuple(map(str, loaded.roots)),
        extractions=tuple(done.extractions),
        cells=done.records,
        failed=tuple(done.failed),
        versions=all_versions(),
    )
    done.folder.finish(rows, run, _joined_tables(done), lambda folder: pictures(rows, folder))
    return Result(run, rows, done.folder.out, tuple(done.errors))


def extraction_result(record: ExtractionRecord, command: Sequence[str], clock: Clock) -> Result:
    """Say what an extraction alone did."""
    stamp = clock.stamp()
    run = RunRecord(
        command=tuple(command),
        began=stamp.began,
        seconds=stamp.seconds,
        extractions=(record,),
        cells=(),
        versions=all_versions(),
    )
    return Result(run, [], None)


def _joined_tables(done: FinishedCells) -> dict[str, polars.DataFrame]:
    """The tables of all cells, one below the other; of those that a task has once, the last."""
    import polars

    found: dict[str, dict[str, polars.DataFrame]] = {}
    for number, (part, record) in enumerate(zip(done.parts, done.records, strict=True)):
        for name, table in part.tables.items():
            key = record.task if name in _OF_A_TASK else str(number)
            found.setdefault(name, {})[key] = table
    del found["rows"]
    return {name: polars.concat(tables.values()) for name, tables in found.items()}
