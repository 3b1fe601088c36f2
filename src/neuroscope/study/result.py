"""What a workflow gives back, and how it comes about: the parts of all cells become the run folder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from neuroscope.contracts import metric_names
from neuroscope.contracts.records import plain
from neuroscope.errors import MissingData, NeuroscopeError, UnknownName
from neuroscope.report.layer_curve import best_layer, curves, sentence
from neuroscope.report.layer_table import WIDEST
from neuroscope.report.neuron_findings import Findings, share
from neuroscope.report.summary import line_of_failure, lines_of_extraction
from neuroscope.runtime.wording import printable
from neuroscope.study.records import joined_tables, run_record
from neuroscope.study.rows_table import plain_row, rows_table
from neuroscope.study.run_folder import read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import altair
    import polars

    from neuroscope.contracts.records import ExtractionRecord, FailedCell, RunRecord
    from neuroscope.contracts.rows import Row
    from neuroscope.report.layer_curve import BestLayer
    from neuroscope.report.sections import Section
    from neuroscope.runtime.clock import Clock
    from neuroscope.study.cell_loop import FinishedCells

    Tables = Mapping[str, Callable[[], polars.DataFrame]]

_SIZE = (metric_names.NEURONS, metric_names.NEURONS_PERCENT, metric_names.ACCURACY)


@dataclass(frozen=True, repr=False)
class Result(ABC):
    """What a command found; a notebook shows what a terminal would.

    Attributes:
        run: the content of ``run.json``.
        rows: of the tidy table.
        folder: the run folder; None for ``extract``.
        errors: why cells have no result, beside ``failed``.
        unwritten: what could not be written; without the run folder, what was found is in this object alone.
        undrawn: why the run folder has no picture; empty where it has one.
    """

    run: RunRecord
    rows: Sequence[Row]
    folder: Path | None
    errors: tuple[Exception, ...] = ()
    unwritten: tuple[NeuroscopeError, ...] = ()
    undrawn: str = ""

    @property
    def failed(self) -> tuple[FailedCell, ...]:
        """The cells that have no result, and why; the others stand."""
        return self.run.failed

    @abstractmethod
    def sections(self, width: int = WIDEST) -> list[Section]:
        """What people are shown: lines and tables, where it is possible in so many columns."""

    @abstractmethod
    def lines(self) -> list[str]:
        """The same in a line a cell."""

    def plain(self) -> dict[str, Any]:
        """The run and its rows as JSON has them."""
        return {"run": plain(self.run), "rows": [plain_row(row) for row in self.rows]}

    def _table(self, name: str, own: Tables) -> polars.DataFrame:
        """A table by its name: of the findings, of the extractions, or of the run folder.

        Raises:
            UnknownName: there is none of this name.
            MissingData: it is one of the run folder, which is gone or was written anew.
        """
        from neuroscope.report.frames import extractions_of, skipped_of

        extractions = self.run.extractions
        tables: Tables = {
            **own,
            "rows": lambda: rows_table(self.rows),
            "extractions": lambda: extractions_of(extractions),
            "skipped": lambda: skipped_of(extractions),
        }
        if name in tables:
            return tables[name]()
        if self.folder is None and self.unwritten:
            raise MissingData(f"there is no table {name}: {self.unwritten[0]}")
        found = None if self.folder is None else read_table(self.folder, name, self.run)
        if found is None:
            raise UnknownName("table", name, [*tables, *self._in_folder])
        return found

    _in_folder: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        where = "" if self.folder is None else f" in {self.folder}"
        lines = [*self.lines(), *self.problems()]
        return printable("\n  ".join([f"<{type(self).__name__}{where}", *lines])) + ">"

    def _repr_html_(self) -> str:
        """What Jupyter shows."""
        from neuroscope.report.html import as_html

        problems = self.problems()
        return as_html([*self.sections(), *(["", *problems] if problems else [])])

    def problems(self) -> list[str]:
        """What went wrong, in lines: cells without a result, a picture or a run folder that is not there."""
        lines = [f"Error: {line_of_failure(cell)}" for cell in self.failed]
        lines += [f"Warning: no picture: {self.undrawn}"] if self.undrawn else []
        return [*lines, *(f"Error: {each}" for each in self.unwritten)]


class StudyResult(Result):
    """What a study found: it has a run folder, and a picture."""

    picture: ClassVar[str]
    """Name of the picture's files in the run folder."""

    def _place(self) -> list[Section]:
        return [] if self.folder is None else ["", str(self.folder)]

    @abstractmethod
    def chart(self) -> altair.ConcatChart | altair.HConcatChart:
        """The picture, as an Altair chart."""


class ProbeResult(StudyResult):
    """Which layers know it: a cell for every backbone and task."""

    picture = "layers"
    _in_folder = ("predictions", "split", "manifest")

    @property
    def best(self) -> tuple[BestLayer, ...]:
        """The best layer of each cell, with what its interval does not separate from it."""
        return tuple(map(best_layer, curves(self.rows)))

    def table(self, name: str = "layers") -> polars.DataFrame:
        """What was found, as a data frame; accuracies are fractions.

        Args:
            name: ``layers``: a row a cell and layer, ``backbone task layer accuracy sd low high majority warnings``
                (mean, ±, 95 % interval, majority baseline); ``differences``: a row a pair of backbones, ``task backbone
                layer against difference low high`` (of ALL, on the same test utterances); ``warnings``: ``backbone task
                kind layer conditions percents detail runs``; ``rows``: the tidy table, all metrics and runs;
                ``extractions``; ``skipped``; ``predictions``, ``split``, ``manifest`` of the run folder.

        Raises:
            UnknownName: there is no such table.
            MissingData: the run folder is gone, or holds a later run.
        """
        from neuroscope.report.frames import differences_of, layers_of_curves, warnings_of

        own: Tables = {
            "differences": lambda: differences_of(curves(self.rows)),
            "layers": lambda: layers_of_curves(curves(self.rows), self.run.cells),
            "warnings": lambda: warnings_of(self.run.cells),
        }
        return self._table(name, own)

    def chart(self) -> altair.ConcatChart:
        """The layer curves as an Altair chart: a panel a task, a line a backbone, 95 % intervals, the majority."""
        from neuroscope.report.layer_chart import layer_chart

        return layer_chart(curves(self.rows))

    def sections(self, width: int = WIDEST) -> list[Section]:
        """What people are shown: extractions, the layers of each task (several backbones side by side), the folder."""
        from neuroscope.report import sections

        return [*sections.of_probe(self.run, self.rows, width), *self._place()]

    def lines(self) -> list[str]:
        """The sentence that may be said of each cell."""
        return [f"{curve.task} in {curve.backbone}: {sentence(curve)}" for curve in curves(self.rows)]


class NeuronsResult(StudyResult):
    """Which neurons of one backbone know what one task asks."""

    picture = "neurons"
    _in_folder = ("rankings", "minimal_neurons", "predictions", "split", "manifest")

    def table(self, name: str = "conditions") -> polars.DataFrame:
        """What was found, as a data frame; accuracies are fractions, ``percent`` is the share of the neurons, 0 to 100.

        Args:
            name: ``conditions``: the probe on all neurons, its controls, and the same probe with most neurons masked,
                ``condition percent accuracy sd low high warnings``; ``sets``: probes trained anew on a share of the
                neurons, ``percent set accuracy sd low high warnings``; ``minimal``: the minimal sets, ``condition
                neurons percent accuracy difference low high at_random warnings``; ``layers``: the minimal set over the
                layers, ``layer neurons percent expected p_value``; all of these begin with ``backbone task``.
                ``warnings`` and ``rows``: as of ``probe``; ``extractions``; ``skipped``; ``rankings``,
                ``minimal_neurons``, ``predictions``, ``split``, ``manifest`` of the run folder.

        Raises:
            UnknownName: there is no such table.
            MissingData: the run folder is gone, or holds a later run.
        """
        from neuroscope.report import frames

        findings, (cell,) = Findings(self.rows), self.run.cells
        own: Tables = {
            "conditions": lambda: self._named(frames.conditions_of(findings, cell)),
            "sets": lambda: self._named(frames.sets_of(findings, cell)),
            "minimal": lambda: self._named(frames.minimal_of(findings, cell)),
            "layers": lambda: self._named(frames.layers_of(findings)),
            "warnings": lambda: frames.warnings_of([cell]),
        }
        return self._table(name, own)

    def chart(self) -> altair.HConcatChart:
        """Accuracy against the share of neurons, and the minimal set over the layers, as an Altair chart."""
        from neuroscope.report.neuron_chart import neuron_chart

        (cell,) = self.run.cells
        return neuron_chart(Findings(self.rows), f"{cell.task} ({cell.backbone})")

    def sections(self, width: int = WIDEST) -> list[Section]:
        """What people are shown: the tables of findings, and the folder."""
        from neuroscope.report import sections

        return [*sections.of_neurons(self.run, self.rows), *self._place()]

    def lines(self) -> list[str]:
        """How many neurons the minimal set has."""
        (cell,), findings = self.run.cells, Findings(self.rows)
        sizes = [findings.any(metric, findings.chosen) for metric in _SIZE]
        count, percent, accuracy = (0.0 if each is None else each.value for each in sizes)
        size = f"{count:.1f} neurons, {share(percent)} of all, {100 * accuracy:.1f} %"
        return [f"{cell.task} in {cell.backbone}: minimal set {size}."]

    def _named(self, table: polars.DataFrame) -> polars.DataFrame:
        """The table with the cell's names before it, so that tables of several calls may be joined."""
        import polars

        (cell,) = self.run.cells
        names = (polars.lit(cell.backbone).alias("backbone"), polars.lit(cell.task).alias("task"))
        return table.select(*names, polars.all())


class ExtractionResult(Result):
    """What was brought into the store."""

    def table(self, name: str = "extractions") -> polars.DataFrame:
        """What was done, as a data frame.

        Args:
            name: ``extractions``: ``backbone representation dataset utterances computed found skipped``; ``skipped``:
                ``backbone utterance reason detail``.

        Raises:
            UnknownName: there is no such table.
        """
        return self._table(name, {})

    def sections(self, width: int = WIDEST) -> list[Section]:
        """What people are shown: counts, and the key in the store."""
        from neuroscope.report import sections

        return sections.of_extraction(self.run)

    def lines(self) -> list[str]:
        """How many utterances were extracted."""
        return [lines_of_extraction(record)[0] for record in self.run.extractions]


R = TypeVar("R", bound=StudyResult)


def finish(kind: type[R], done: FinishedCells, command: Sequence[str], clock: Clock) -> R:
    """Join the parts of all cells in the run folder; when the numbers are there, draw the picture.

    Args:
        kind: of the result, which has the picture.
        done: the cells.
        command: what was typed.
        clock: of the command.
    """
    from neuroscope.report.pictures import save

    if done.folder is None:
        raise NeuroscopeError("no cell has a result")
    with closing(done.folder):
        roots = tuple(dict.fromkeys(str(root) for cell in done.inputs for root in cell.spec.loaded.roots))
        failed = tuple(done.failed)
        manifests = {name: data.text for name, data in done.data.items()}
        run = run_record(
            command, clock, done.extractions, roots=roots, manifests=manifests, cells=done.records, failed=failed
        )
        result = kind(run, done.rows, done.folder.out, tuple(done.errors))
        try:
            tables = joined_tables(each.tables for each in done.parts)
            done.folder.write(result.rows, run, tables, done.manifests)
        except NeuroscopeError as error:
            return replace(result, folder=None, unwritten=(error,))
        undrawn = save(result.chart, done.folder.out, kind.picture)
    return replace(result, undrawn=undrawn)


def extraction_result(record: ExtractionRecord, command: Sequence[str], clock: Clock) -> ExtractionResult:
    """Say what an extraction alone did."""
    return ExtractionResult(run_record(command, clock, [record]), [], None)
