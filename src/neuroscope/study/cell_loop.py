"""The cells of one command, one after the other: each is kept when it is done, and one that fails stops no other."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from neuroscope.contracts.records import CellRecord, ExtractionRecord, FailedCell
from neuroscope.data.manifest_csv import manifest_csv
from neuroscope.errors import BadManifest, BadSplit, NeuroscopeError
from neuroscope.study.cell_parts import CellPart, UnkeptCell, part_key
from neuroscope.study.records import cell_record, cell_tables
from neuroscope.study.run_folder import RunFolder, open_run_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import polars

    from neuroscope.contracts.rows import Row
    from neuroscope.data.sources import LoadedData
    from neuroscope.study.cell_inputs import CellInputs
    from neuroscope.study.cell_runner import CellRunner
    from neuroscope.study.settings import CellSpec


@dataclass
class FinishedCells:
    """The outcome of the cells of a command: their parts, and what failed.

    Attributes:
        folder: where their parts are; None where there is no cell yet.
        extractions: one per backbone and data.
        parts: of the cells that have a result, in their order.
        inputs: what each of these was computed from.
        compared: rows that compare cells with each other.
        failed: the others.
        errors: beside ``failed``.
    """

    folder: RunFolder | None = None
    extractions: list[ExtractionRecord] = field(default_factory=list)
    parts: list[CellPart | UnkeptCell] = field(default_factory=list)
    inputs: list[CellInputs] = field(default_factory=list)
    compared: list[Row] = field(default_factory=list)
    failed: list[FailedCell] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    @property
    def records(self) -> tuple[CellRecord, ...]:
        """The records of the cells that have a result, for ``run.json``."""
        return tuple(part.record for part in self.parts)

    @property
    def rows(self) -> list[Row]:
        """The rows of all cells, and of their comparison."""
        return [*(row for part in self.parts for row in part.rows), *self.compared]

    @property
    def data(self) -> dict[str, LoadedData]:
        """The data that tasks were asked of, by the name of the manifest of what was used of them."""
        found = list({id(cell.spec.loaded): cell.spec.loaded for cell in self.inputs}.values())
        numbers = [""] if len(found) == 1 else [f"-{number}" for number in range(1, len(found) + 1)]
        return {f"manifest{number}.csv": data for number, data in zip(numbers, found, strict=True)}

    @property
    def manifests(self) -> dict[str, polars.DataFrame]:
        """The utterances that tasks were asked of, usable or not, of each of the data, by the name of the file."""
        used: dict[int, set[str]] = {}
        for cell in self.inputs:
            used.setdefault(id(cell.spec.loaded), set()).update(each.id for each in cell.labelled.asked)
        return {
            name: manifest_csv([each for each in data.manifest if each.id in used[id(data)]])
            for name, data in self.data.items()
        }

    @contextmanager
    def closed_at_failure(self) -> Iterator[None]:
        """Give the run folder free when an error or an interrupt ends the command before its result is written."""
        try:
            yield
        except BaseException:
            if self.folder is not None:
                self.folder.close()
            raise

    def add_failure(self, specs: Sequence[CellSpec], error: Exception) -> None:
        """Note that these cells have no result."""
        kind = "" if isinstance(error, NeuroscopeError) else f"{type(error).__name__}: "
        said = f"{kind}{error}".removesuffix(": ")
        self.failed += [FailedCell(backbone=each.backbone, task=each.task, error=said) for each in specs]
        self.errors += [error] * len(specs)


def check_cells(specs: Sequence[CellSpec], runner: CellRunner, done: FinishedCells) -> list[CellSpec]:
    """List the cells that can be computed, before any audio is read.

    Those whose task cannot be asked of the data, for lack of classes or of a split, are noted as failed.

    Args:
        specs: all cells.
        runner: checks one.
        done: where failures are noted.

    Raises:
        NeuroscopeError: no cell can be computed, or what was asked for does not exist.
    """
    checked = []
    for spec in specs:
        try:
            runner.check(spec)
        except (BadManifest, BadSplit) as error:
            done.add_failure([spec], error)
        else:
            checked.append(spec)
    if not checked:
        raise _failure_of_all(done)
    return checked


def run_cells(
    specs: Sequence[CellSpec], runner: CellRunner, out: Path | None, runs: Path, done: FinishedCells | None = None
) -> FinishedCells:
    """Compute cells; those that an earlier try of the same command finished are read.

    Args:
        specs: those of one backbone and data beside each other: its vectors are extracted together.
        runner: computes one.
        out: the run folder; None = one below ``runs``.
        runs: the run folders of the cache.
        done: the outcome so far, e.g. what could not be computed; None = nothing.

    Raises:
        Exception: of the cells, where none has a result.
    """
    done, open_folder = done or FinishedCells(), partial(open_run_folder, out, runs, _digest(specs))
    with done.closed_at_failure():
        for _, group in groupby(specs, key=lambda spec: (spec.backbone, id(spec.loaded))):
            _run_backbone(done, list(group), runner, open_folder)
        if not done.parts:
            raise _failure_of_all(done)
    return done


def _run_backbone(
    done: FinishedCells, specs: Sequence[CellSpec], runner: CellRunner, open_folder: Callable[[], RunFolder]
) -> None:
    """Extract the vectors of one backbone and data, and compute its cells; the first one opens the run folder."""
    try:
        done.extractions.append(runner.extract(specs))
    except Exception as error:
        done.add_failure(specs, error)
        return
    for spec in specs:
        try:
            inputs = runner.inputs(spec)
            if done.folder is None:
                done.folder = open_folder()
            done.parts.append(_run_one(inputs, runner, done.folder))
            done.inputs.append(inputs)
        except Exception as error:
            done.add_failure([spec], error)


def _digest(specs: Sequence[CellSpec]) -> str:
    """Compute what names the run folder of a command: the same cells, the same digest."""
    cells = [
        (
            (each.backbone, each.task, each.ranking, each.controls),
            (each.loaded.text, each.loaded.manifest.fingerprint, asdict(each.study)),
        )
        for each in specs
    ]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()[:16]


def _failure_of_all(done: FinishedCells) -> Exception:
    """Make the error of a command none of whose cells has a result: that of the one cell, or the lines of all."""
    if len({str(each) for each in done.errors}) == 1:
        return done.errors[0]
    lines = [f"  {each.task} in {each.backbone}: {each.error}" for each in done.failed]
    return NeuroscopeError("\n".join(["no cell has a result:", *lines]))


def _run_one(inputs: CellInputs, runner: CellRunner, folder: RunFolder) -> CellPart | UnkeptCell:
    part = folder.part(part_key(inputs))
    if part.is_finished:
        return part
    result = runner.run(inputs, part)
    record = cell_record(inputs.cell, inputs.labelled, inputs.runs, result)
    tables = cell_tables(inputs.cell, inputs.labelled, inputs.runs, inputs.spec.loaded, result)
    try:
        part.write(record, result.rows, tables)
    except NeuroscopeError:  # told where the run folder cannot be written either; the numbers are shown
        return UnkeptCell(record, list(result.rows), tables)
    return part
