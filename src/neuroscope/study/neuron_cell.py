"""One backbone and one task: what is asked of its neurons, and what the run folder keeps of the answer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from neuroscope.errors import BadOption, MissingData
from neuroscope.extraction.identity import prepare
from neuroscope.neurons.study import Neurons, study
from neuroscope.probing.layerwise import ALL
from neuroscope.probing.problem_data import ProbeData
from neuroscope.study import records
from neuroscope.study.probe_cell import asked_of, cell_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from neuroscope.contracts.backbone import BackboneSpec
    from neuroscope.contracts.features import Features, Unit
    from neuroscope.contracts.progress import Progress
    from neuroscope.data.labelling import LabelledTask
    from neuroscope.data.sources import LoadedData
    from neuroscope.extraction.identity import PreparedBackbone
    from neuroscope.extraction.session import Machine
    from neuroscope.neurons.study import NeuronSettings
    from neuroscope.plugin.loading import Plugins
    from neuroscope.plugin.registry import Choice
    from neuroscope.probing.cell import Cell
    from neuroscope.study.probe_cell import Settings


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
    question: LabelledTask
    found: Neurons
    about: dict[str, Any]
    extraction: dict[str, Any]
    splits: list[dict[str, Any]]


def answer(
    prepared: PreparedBackbone,
    question: LabelledTask,
    loaded: LoadedData,
    settings: Settings,
    asked: NeuronSettings,
    machine: Machine,
    untrained: Callable[[int], PreparedBackbone] | None,
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
    manifest = asked_of(loaded, [question])
    extraction, failures = machine.extract(prepared, manifest, progress)
    question = question.only(extraction.rows)
    runs = settings.runs_of(question)
    ids = [utterance.id for utterance in question.rows.utterances]
    layers = settings.layers_of(prepared)
    chosen = [layer for layer in prepared.in_all if layer in layers] or layers

    def features_of(one: PreparedBackbone, rows: Mapping[str, str]) -> Features:
        return one.representation.features(ids, [rows[each] for each in ids], chosen)

    def of_twin(twin: PreparedBackbone) -> Features:
        extracted, _ = machine.extract(twin, manifest, progress)
        if missing := [each for each in ids if each not in extracted.rows]:
            raise MissingData(f"{twin.text} has no vectors of {len(missing)} utterances, e.g. {missing[0]}")
        return features_of(twin, extracted.rows)

    if untrained is not None:
        asked = replace(asked, untrained=lambda run: of_twin(untrained(run.seed)))
    material = ProbeData(
        layer=ALL if len(chosen) > 1 else chosen[0],
        features=features_of(prepared, extraction.rows),
        values=question.rows.values,
        classes=question.rows.classes,
        runs=runs,
        template=settings.template,
    )
    cell = cell_of(prepared, question, runs, loaded, settings)
    neurons = dict(Counter(unit.layer for unit in material.features.units))
    found = study(cell, material, asked, progress)
    return Answer(
        cell,
        material.features.units,
        question,
        found,
        {**records.about_cell(cell, question, runs, found.cautions), "neurons": neurons},
        records.about_extraction(prepared, loaded, extraction, failures),
        list(records.splits(cell, question, runs)),
    )


def twin_of(
    choice: Choice[BackboneSpec], plugins: Plugins, machine: Machine, pooling: str
) -> Callable[[int], PreparedBackbone]:
    """A seed -> the untrained twin of a backbone: the user's own text with ``weights=random`` and the seed.

    Raises:
        BadOption: the backbone has no untrained twin.
    """
    lacking = [name for name in ("weights", "seed") if name not in choice.entry.options]
    if lacking:
        raise BadOption(f"--control untrained: backbone {choice.name} has no option {' and '.join(lacking)}")

    def make(seed: int) -> PreparedBackbone:
        given = {**choice.given, "weights": "random", "seed": seed}
        return prepare(replace(choice, given=given), plugins, machine.store, pooling=pooling, dtype=machine.dtype)

    return make
