"""The cells of one command: every backbone with every task, answered one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from neuroscope.errors import BadOption, UnknownName
from neuroscope.probing.cell import Cell
from neuroscope.probing.layerwise import layerwise
from neuroscope.probing.runs import make_runs
from neuroscope.study import records

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from neuroscope.contracts.audio import Manifest
    from neuroscope.contracts.probing import Probe
    from neuroscope.contracts.progress import Progress
    from neuroscope.contracts.rows import Row
    from neuroscope.data.labelling import LabelledTask
    from neuroscope.data.sources import LoadedData
    from neuroscope.extraction.extractor import Extraction
    from neuroscope.extraction.identity import PreparedBackbone
    from neuroscope.extraction.skipped import SkippedUtterances
    from neuroscope.probing.runs import Runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is the same for every cell.

    Attributes:
        probe: canonical text of the probe.
        template: the unfitted probe.
        layers: to read; empty = all.
        preset: name, or empty.
        one_split: the first run's split serves all runs.
        runs: repetitions.
        seed: of the first.
        ranking: canonical text of the ranking; empty where neurons are not ranked.
    """

    probe: str
    template: Probe
    layers: tuple[str, ...]
    preset: str
    one_split: bool
    runs: int
    seed: int
    ranking: str = ""

    def __post_init__(self) -> None:
        if self.runs < 1:
            raise BadOption(f"--runs {self.runs}: expected 1 or more")
        if self.seed < 0:
            raise BadOption(f"--seed {self.seed}: expected 0 or more")

    def runs_of(self, question: LabelledTask) -> Runs:
        """The repetitions of a question.

        Raises:
            BadSplit: its split cannot be made.
        """
        return make_runs(question.split, question.rows, runs=self.runs, seed=self.seed, one_split=self.one_split)

    def layers_of(self, prepared: PreparedBackbone) -> list[str]:
        """The layers to read, as declared.

        Raises:
            UnknownName: the backbone lacks one that was asked for.
        """
        known = list(prepared.representation.layers)
        for layer in self.layers:
            if layer not in known:
                raise UnknownName(f"layer of {prepared.text}", layer, known)
        return [layer for layer in known if not self.layers or layer in self.layers]


@dataclass
class Answers:
    """What the cells found, as the run folder keeps it."""

    rows: list[Row] = field(default_factory=list)
    cells: list[dict[str, Any]] = field(default_factory=list)
    extractions: list[dict[str, Any]] = field(default_factory=list)
    predictions: list[dict[str, Any]] = field(default_factory=list)
    splits: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def answer(
    answers: Answers,
    prepared: PreparedBackbone,
    questions: Sequence[LabelledTask],
    loaded: LoadedData,
    settings: Settings,
    extract: Callable[[PreparedBackbone, Manifest], tuple[Extraction, SkippedUtterances]],
    progress: Progress,
) -> None:
    """Extract what the questions are asked of from one backbone, and answer each."""
    extraction, failures = extract(prepared, asked_of(loaded, questions))
    answers.extractions.append(records.about_extraction(prepared, loaded, extraction, failures))
    for question in questions:
        _answer_one(answers, prepared, question.only(extraction.rows), extraction, loaded, settings, progress)


def _answer_one(
    answers: Answers,
    prepared: PreparedBackbone,
    question: LabelledTask,
    extraction: Extraction,
    loaded: LoadedData,
    settings: Settings,
    progress: Progress,
) -> None:
    rows, runs, layers = question.rows, settings.runs_of(question), settings.layers_of(prepared)
    cell = cell_of(prepared, question, runs, loaded, settings)
    ids = [utterance.id for utterance in rows.utterances]
    found = layerwise(
        cell,
        prepared.representation.features(ids, [extraction.rows[each] for each in ids], layers),
        rows.values,
        len(rows.classes),
        runs,
        settings.template,
        in_all=[layer for layer in prepared.in_all if layer in layers],
        progress=progress,
    )
    answers.rows += found.rows
    answers.cells.append(records.about_cell(cell, question, runs, found.cautions))
    answers.predictions += records.predictions(cell, question, found.predictions)
    answers.splits[question.task] = list(records.splits(cell, question, runs))


def asked_of(loaded: LoadedData, questions: Sequence[LabelledTask]) -> Manifest:
    """The utterances that any of the questions is asked of."""
    wanted = {utterance.id for question in questions for utterance in question.rows.utterances}
    return replace(loaded.manifest, utterances=tuple(each for each in loaded.manifest if each.id in wanted))


def cell_of(
    prepared: PreparedBackbone, question: LabelledTask, runs: Runs, loaded: LoadedData, settings: Settings
) -> Cell:
    """The conditions that the rows of one backbone and one task have in common."""
    return Cell(
        representation=prepared.representation.key,
        backbone=prepared.text,
        task=question.task,
        dataset=loaded.text,
        manifest=loaded.manifest.fingerprint,
        split=runs.each[0].split.name,
        layers="+".join(settings.layers_of(prepared)) if settings.layers else "",
        pooling=prepared.pooling,
        probe=settings.probe,
        ranking=settings.ranking,
        preset=settings.preset,
        runs=settings.runs,
        seed=settings.seed,
    )
