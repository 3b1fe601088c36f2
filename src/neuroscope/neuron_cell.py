"""One backbone and one task: what is asked of its neurons, and what the run folder keeps of the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from neuroscope import records
from neuroscope.analysis.layerwise import ALL
from neuroscope.analysis.material import Material
from neuroscope.analysis.neurons import Neurons, study
from neuroscope.cells import cell_of
from neuroscope.errors import BadOption, MissingData
from neuroscope.prepare import prepare

if TYPE_CHECKING:
    from collections.abc import Callable

    from neuroscope.analysis.cell import Cell
    from neuroscope.analysis.neurons import Asked
    from neuroscope.analysis.runs import Run
    from neuroscope.asking import Question
    from neuroscope.cells import Settings
    from neuroscope.contracts.backbone import BackboneSpec
    from neuroscope.contracts.features import Features, Unit
    from neuroscope.contracts.progress import Progress
    from neuroscope.data import Loaded
    from neuroscope.machine import Machine
    from neuroscope.plugins import Plugins
    from neuroscope.prepare import Prepared
    from neuroscope.registry import Choice


@dataclass(frozen=True)
class Answer:
    """What was found about the neurons of one backbone.

    Attributes:
        cell: the conditions of the rows.
        found: rows, predictions, rankings.
        about: of the cell, for ``run.json``.
        extraction: the same of the extraction.
        units: the neurons, in the order of the columns.
        question: without the utterances that could not be used.
        splits: records of ``split.parquet``.
    """

    cell: Cell
    units: tuple[Unit, ...]
    question: Question
    found: Neurons
    about: dict[str, Any]
    extraction: dict[str, Any]
    splits: list[dict[str, Any]]


def answer(
    prepared: Prepared,
    question: Question,
    loaded: Loaded,
    settings: Settings,
    asked: Asked,
    machine: Machine,
    untrained: Callable[[int], Prepared] | None,
    progress: Progress,
) -> Answer:
    """Extract what the question is asked of, and study the neurons of the chosen layers.

    Args:
        prepared: the backbone.
        question: the task.
        loaded: the utterances.
        settings: probe, layers, runs.
        asked: ranking, controls, rules.
        machine: how vectors are computed and kept.
        untrained: a run's seed -> the untrained twin; None = without that control.
        progress: told of long work.
    """
    wanted = {utterance.id for utterance in question.rows.utterances}
    manifest = replace(loaded.manifest, utterances=tuple(each for each in loaded.manifest if each.id in wanted))
    extraction, failures = machine.extract(prepared, manifest, progress)
    question = question.only(extraction.rows)
    runs = settings.runs_of(question)
    ids = [utterance.id for utterance in question.rows.utterances]
    layers = settings.layers_of(prepared)
    chosen = [layer for layer in prepared.in_all if layer in layers] or layers

    def features_of(run: Run) -> Features:
        twin = (untrained or _no_twin)(run.seed)
        rows, _ = machine.extract(twin, manifest, progress)
        if missing := [each for each in ids if each not in rows.rows]:
            raise MissingData(f"{twin.text} has no vectors of {len(missing)} utterances, e.g. {missing[0]}")
        return twin.representation.features(ids, [rows.rows[each] for each in ids], chosen)

    material = Material(
        layer=ALL if len(chosen) > 1 else chosen[0],
        features=prepared.representation.features(ids, [extraction.rows[each] for each in ids], chosen),
        values=question.rows.values,
        classes=question.rows.classes,
        runs=runs,
        template=settings.template,
    )
    cell = cell_of(prepared, question, runs, loaded, settings)
    found = study(cell, material, replace(asked, untrained=features_of if untrained else None), progress)
    return Answer(
        cell,
        material.features.units,
        question,
        found,
        records.about_cell(cell, question, runs, found.cautions),
        records.about_extraction(prepared, loaded, extraction, failures),
        list(records.splits(cell, question, runs)),
    )


def twin_of(
    choice: Choice[BackboneSpec], plugins: Plugins, machine: Machine, pooling: str
) -> Callable[[int], Prepared]:
    """A seed -> the untrained twin of a backbone: the user's own text with ``weights=random`` and the seed.

    Raises:
        BadOption: the backbone has no untrained twin.
    """
    lacking = [name for name in ("weights", "seed") if name not in choice.entry.options]
    if lacking:
        raise BadOption(f"--control untrained: backbone {choice.name} has no option {' and '.join(lacking)}")

    def make(seed: int) -> Prepared:
        given = {**choice.given, "weights": "random", "seed": seed}
        return prepare(replace(choice, given=given), plugins, machine.store, pooling=pooling, dtype=machine.dtype)

    return make


def _no_twin(seed: int) -> Prepared:
    raise BadOption(f"no untrained twin for seed {seed}")
