"""Records of extractions and cells for ``run.json``, and the tables that the run folder keeps beside the rows."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.contracts.records import CellRecord, RunRecord
from neuroscope.probing.diagnostics import summed_up
from neuroscope.runtime.versions import all_versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import polars

    from neuroscope.contracts.probing import Ranking
    from neuroscope.contracts.records import ExtractionRecord, FailedCell
    from neuroscope.data.labelling import LabelledTask
    from neuroscope.data.sources import LoadedData
    from neuroscope.probing.cell import Cell
    from neuroscope.probing.cell_result import CellResult
    from neuroscope.probing.predictions import Prediction
    from neuroscope.probing.runs import Run, Runs
    from neuroscope.runtime.clock import Clock


def run_record(
    command: Sequence[str],
    clock: Clock,
    extractions: Sequence[ExtractionRecord],
    *,
    roots: tuple[str, ...] = (),
    manifests: Mapping[str, str] | None = None,
    cells: tuple[CellRecord, ...] = (),
    failed: tuple[FailedCell, ...] = (),
) -> RunRecord:
    """Make the record of a command, the content of ``run.json``."""
    stamp = clock.stamp()
    return RunRecord(
        command=tuple(command),
        began=stamp.began,
        seconds=stamp.seconds,
        roots=roots,
        manifests=manifests or {},
        extractions=tuple(extractions),
        cells=cells,
        failed=failed,
        versions=all_versions(),
    )


def cell_record(cell: Cell, labelled: LabelledTask, runs: Runs, result: CellResult) -> CellRecord:
    """Make the record of a cell: its conditions, what was split how, and what a reader has to be careful about."""
    first = runs.each[0].split
    return CellRecord(
        run=cell.digest,
        **asdict(cell),
        classes=labelled.counts,
        unlabelled=labelled.unlabelled,
        drawn=labelled.drawn,
        not_drawn=labelled.not_drawn,
        train=len(first.train),
        test=len(first.test),
        grouped_by=first.grouped_by,
        test_groups=len(set(first.groups[first.test].tolist())),
        left_out_by_split=dict(first.left_out),
        split_warning=first.warning,
        seeds=tuple(run.seed for run in runs.each),
        varied=runs.varied,
        cautions=(
            *labelled.cautions(first.grouped_by, len(runs.each)),
            *runs.cautions,
            *summed_up(result.warnings),
        ),
        **result.facts,
    )


def cell_tables(
    cell: Cell, labelled: LabelledTask, runs: Runs, loaded: LoadedData, result: CellResult
) -> dict[str, polars.DataFrame]:
    """Make the tables of one cell, by name."""
    tables = {
        "predictions": predictions_table(cell, labelled, result.predictions),
        "split": split_table(cell, labelled, runs),
        "manifest": manifest_table(cell, labelled, runs, loaded),
        **result.tables,
    }
    if result.rankings:
        tables["rankings"] = rankings_table(cell, result.rankings)
    return tables


def joined_tables(cells: Iterable[Mapping[str, polars.DataFrame]]) -> dict[str, polars.DataFrame]:
    """Put the tables of all cells below one another, by name."""
    import polars

    found: dict[str, list[polars.DataFrame]] = {}
    for tables in cells:
        for name, table in tables.items():
            found.setdefault(name, []).append(table)
    return {name: polars.concat(tables) for name, tables in found.items()}


def predictions_table(cell: Cell, labelled: LabelledTask, found: Iterable[Prediction]) -> polars.DataFrame:
    """Make the table of predictions: one row per test row, layer, condition, run and draw of a control's labels."""
    import polars

    ids = polars.Series("utterance", [each.id for each in labelled.rows.utterances], dtype=polars.String)
    classes = polars.Series("class", labelled.rows.target.names, dtype=polars.String)
    truth = classes.gather(labelled.rows.target.values)
    tables = []
    for each in found:
        rows = each.run.split.test
        names = {
            "representation": cell.representation,
            "task": cell.task,
            "dataset": cell.dataset,
            "layer": each.layer,
            "condition": each.condition,
        }
        known = [polars.lit(value).alias(name) for name, value in names.items()]
        known.append(polars.lit(each.percent, dtype=polars.Float64).alias("percent"))
        known.append(polars.lit(each.run.seed, dtype=polars.Int64).alias("seed"))
        known.append(polars.lit(each.draw, dtype=polars.Int64).alias("draw"))
        asked = truth.gather(rows) if each.truth is None else classes.gather(each.truth)
        table = polars.DataFrame([ids.gather(rows), asked.alias("truth")])
        table = table.with_columns(classes.gather(each.predicted).alias("prediction"))
        tables.append(table.select(*known, "utterance", "truth", "prediction"))
    return polars.concat(tables)


def split_table(cell: Cell, labelled: LabelledTask, runs: Runs) -> polars.DataFrame:
    """Make the table of splits: one row per utterance and run; ``weight`` is how often it is in the run's bootstrap."""
    import polars

    ids = polars.Series("utterance", [each.id for each in labelled.rows.utterances], dtype=polars.String)
    tables = []
    for run in runs.each:
        split = run.split
        groups = polars.Series("group", split.group_names, dtype=polars.String).gather(split.groups)
        for part, rows in (("train", split.train), ("test", split.test)):
            weights = np.ones(len(rows), dtype=np.int64)
            if part == "train" and run.weights is not None:
                weights = run.weights
            table = polars.DataFrame([ids.gather(rows)]).select(
                polars.lit(cell.representation).alias("representation"),
                polars.lit(cell.task).alias("task"),
                polars.lit(cell.dataset).alias("dataset"),
                polars.lit(run.seed, dtype=polars.Int64).alias("seed"),
                polars.lit(0, dtype=polars.Int64).alias("fold"),
                "utterance",
                polars.lit(part).alias("part"),
                groups.gather(rows),
                polars.Series("weight", weights),
            )
            tables.append(table)
    return polars.concat(tables)


def manifest_table(cell: Cell, labelled: LabelledTask, runs: Runs, loaded: LoadedData) -> polars.DataFrame:
    """Make the table of utterances that were used: audio, speaker, label, and part in the first run.

    ``path`` is relative to the root where it lies below it; ``duration`` is null where the utterance is the rest of its
    file; ``part`` is empty where the split left the utterance out.
    """
    import polars

    utterances, first = labelled.rows.utterances, runs.each[0].split
    part = [""] * len(utterances)
    for name, rows in (("train", first.train), ("test", first.test)):
        for row in rows.tolist():
            part[row] = name
    names, values = labelled.rows.target.names, labelled.rows.target.values.tolist()
    columns = {
        "representation": [cell.representation] * len(utterances),
        "task": [cell.task] * len(utterances),
        "id": [each.id for each in utterances],
        "path": [_path_below_root(each.path, loaded.roots) for each in utterances],
        "start": [each.start for each in utterances],
        "duration": [each.duration for each in utterances],
        "audio_channel": [each.audio_channel for each in utterances],
        "speaker": [each.speaker for each in utterances],
        "label": [names[value] for value in values],
        "part": part,
    }
    types = {"path": polars.String, "start": polars.Float64, "duration": polars.Float64}
    types |= {"audio_channel": polars.Int64, "speaker": polars.String}
    return polars.DataFrame(columns, schema_overrides=types)


def _path_below_root(path: Path | None, roots: Sequence[Path]) -> str | None:
    """Write a path as text, relative to the root that it lies below."""
    if path is None:
        return None
    full = Path.cwd() / path
    for root in roots:
        if full.is_relative_to(root):
            return str(full.relative_to(root))
    return str(full)


def rankings_table(cell: Cell, found: Iterable[tuple[Run, Ranking]]) -> polars.DataFrame:
    """Make the table of rankings: one row per neuron and run, and one for each class that the ranking scores.

    Ranks count from 1. ``layer`` is the neuron's own; an empty ``class`` is the ranking over all classes.
    ``entry_mass`` is of that one alone, and null where the unit comes in at no mass, or the ranking knows none.
    """
    import polars

    common = {name: getattr(cell, name) for name in ("representation", "task", "dataset", "ranking")}
    tables = []
    for run, ranking in found:
        neurons = {
            "layer": [unit.layer for unit in ranking.units],
            "neuron": [unit.neuron for unit in ranking.units],
            "statistic": [unit.statistic for unit in ranking.units],
            "rank": range(1, len(ranking.units) + 1),
        }
        for name, scores in (("", ranking.scores), *ranking.by_class.items()):
            mass = None if name else ranking.entry_mass
            columns = {**neurons, "score": scores, "entry_mass": [None] * len(scores) if mass is None else mass}
            table = polars.DataFrame(columns, schema_overrides={"entry_mass": polars.Float64}, nan_to_null=True)
            known = {**common, "seed": run.seed, "class": name}
            tables.append(table.with_columns(**{key: polars.lit(value) for key, value in known.items()}))
    return polars.concat(tables)
