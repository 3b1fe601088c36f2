"""What a run folder says beside its rows: ``run.json``, predictions, splits; as plain records."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from math import isnan
from typing import TYPE_CHECKING, Any

from neuroscope.extraction.skipped import counted
from neuroscope.probing.diagnostics import summed_up
from neuroscope.store import padding_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import polars

    from neuroscope.contracts.features import Unit
    from neuroscope.contracts.probing import Ranking
    from neuroscope.data.labelling import LabelledTask
    from neuroscope.data.sources import LoadedData
    from neuroscope.extraction.extractor import Extraction
    from neuroscope.extraction.identity import PreparedBackbone
    from neuroscope.extraction.skipped import SkippedUtterances
    from neuroscope.neurons.study import Neurons
    from neuroscope.probing.cell import Cell
    from neuroscope.probing.diagnostics import Diagnostic
    from neuroscope.probing.predictions import Prediction
    from neuroscope.probing.runs import Run, Runs


def about_extraction(
    prepared: PreparedBackbone, loaded: LoadedData, extraction: Extraction, failures: SkippedUtterances
) -> dict[str, Any]:
    """One backbone over one manifest: what was found, computed and skipped, and where the weights come from."""
    return {
        "backbone": prepared.text,
        "representation": prepared.representation.key,
        "origin": asdict(prepared.spec.origin),
        "identity": asdict(prepared.representation.identity),
        "dataset": loaded.text,
        "source": loaded.manifest.source,
        "manifest": loaded.manifest.fingerprint,
        "utterances": failures.total,
        "segmented": loaded.segmented,
        "found": extraction.found,
        "computed": extraction.computed,
        "invariance": padding_record.record(extraction.invariance),
        "warning": loaded.manifest.warning,
        "left_out_by_reader": dict(loaded.manifest.left_out),
        "skipped": {reason: count for reason, count in counted(failures.skipped)},
        "skipped_utterances": [asdict(each) for each in failures.skipped],
    }


def about_cell(cell: Cell, question: LabelledTask, runs: Runs, cautions: Iterable[Diagnostic]) -> dict[str, Any]:
    """One cell: its conditions, what was split how, and what a reader should be careful about."""
    first = runs.each[0].split
    return {
        "run": cell.digest,
        **asdict(cell),
        "classes": question.counts,
        "unlabelled": question.unlabelled,
        "train": len(first.train),
        "test": len(first.test),
        "grouped_by": first.grouped_by,
        "test_groups": len(set(first.groups[first.test].tolist())),
        "left_out_by_split": dict(first.left_out),
        "split_warning": first.warning,
        "seeds": [run.seed for run in runs.each],
        "varied": runs.varied,
        "cautions": summed_up(cautions),
    }


def predictions(cell: Cell, question: LabelledTask, found: Iterable[Prediction]) -> Iterable[dict[str, Any]]:
    """One record a test row, layer and run."""
    rows = question.rows
    for each in found:
        for row, predicted in zip(each.run.split.test.tolist(), each.predicted.tolist(), strict=True):
            yield {
                "representation": cell.representation,
                "task": cell.task,
                "dataset": cell.dataset,
                "layer": each.layer,
                "condition": each.condition,
                "percent": each.percent,
                "seed": each.run.seed,
                "utterance": rows.utterances[row].id,
                "truth": rows.classes[rows.values[row]],
                "prediction": rows.classes[predicted],
            }


def splits(cell: Cell, question: LabelledTask, runs: Runs) -> Iterable[dict[str, Any]]:
    """One record a row and run; ``weight`` is how often the row is in the run's bootstrap."""
    for run in runs.each:
        weights = [1] * len(run.split.train) if run.weights is None else run.weights.tolist()
        for part, members, counts in (
            ("train", run.split.train, weights),
            ("test", run.split.test, [1] * len(run.split.test)),
        ):
            for row, weight in zip(members.tolist(), counts, strict=True):
                yield {
                    "task": cell.task,
                    "dataset": cell.dataset,
                    "seed": run.seed,
                    "fold": 0,
                    "utterance": question.rows.utterances[row].id,
                    "part": part,
                    "group": run.split.group_names[run.split.groups[row]],
                    "weight": weight,
                }


def rankings(cell: Cell, found: Iterable[tuple[Run, Ranking]]) -> polars.DataFrame:
    """A row a neuron and run, and one for each class that the ranking scores; ranks count from 1.

    ``layer`` is the neuron's own; an empty ``class`` is the ranking over all classes. ``entry_mass`` is of that one
    alone, and null where the unit comes in at no mass, or the ranking knows none.
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


def minimal_neurons(found: Neurons, units: Sequence[Unit]) -> polars.DataFrame:
    """The neurons of the minimal sets: of how many runs' sets, and their mean rank and scores over the runs.

    The set is the one chosen on training folds, or the paper's where that was asked for alone.
    """
    import polars

    counts = Counter(units[column] for each in found.chosen for column in each.part.columns.tolist())
    places = [{unit: place for place, unit in enumerate(ranking.units)} for _, ranking in found.rankings]
    rows = []
    for unit, runs in counts.items():
        at = [(ranking, place[unit]) for place, (_, ranking) in zip(places, found.rankings, strict=True)]
        rows.append(
            {
                "layer": unit.layer,
                "neuron": unit.neuron,
                "statistic": unit.statistic,
                "runs": runs,
                "rank": sum(place + 1 for _, place in at) / len(at),
                "score": sum(float(ranking.scores[place]) for ranking, place in at) / len(at),
                "entry_mass": _mean_mass(at),
                **{
                    f"score:{name}": sum(float(ranking.by_class[name][place]) for ranking, place in at) / len(at)
                    for name in at[0][0].by_class
                },
            }
        )
    table = polars.DataFrame(rows, schema_overrides={"entry_mass": polars.Float64})
    return table.sort(["runs", "rank"], descending=[True, False])


def _mean_mass(at: Iterable[tuple[Ranking, int]]) -> float | None:
    """Mean entry mass over the runs in which the unit comes in; None where it does in none, or none is known."""
    known = [float(ranking.entry_mass[place]) for ranking, place in at if ranking.entry_mass is not None]
    finite = [mass for mass in known if not isnan(mass)]
    return sum(finite) / len(finite) if finite else None
