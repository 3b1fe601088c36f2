"""Computation of cells in one process: what they share (a backbone, its vectors, a task's splits) is made once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from neuroscope.data.labelling import label_manifest
from neuroscope.probing.cell import Cell
from neuroscope.runtime.threads import available_threads, blas_threads
from neuroscope.study.cell_inputs import CellInputs, TaskRuns
from neuroscope.study.neuron_cell import run_neuron_cell
from neuroscope.study.probe_cell import run_probe_cell
from neuroscope.study.settings import ProbeSettings, StudySettings, choose_tasks, resolve
from neuroscope.study.vectors import bring_vectors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from neuroscope.contracts.audio import Manifest
    from neuroscope.contracts.records import ExtractionRecord
    from neuroscope.extraction.identity import PreparedBackbone
    from neuroscope.extraction.session import Workspace
    from neuroscope.plugin.loading import Plugins
    from neuroscope.probing.cell_result import CellResult
    from neuroscope.probing.layerwise import FinishedFits
    from neuroscope.study.settings import CellSpec


class CellRunner:
    """A runner that computes cells from their specs.

    Args:
        plugins: with the components that the specs name.
        workspace: how vectors are computed and kept.
    """

    def __init__(self, plugins: Plugins, workspace: Workspace) -> None:
        self._plugins, self._workspace = plugins, workspace
        self._prepared: dict[tuple[str, str], PreparedBackbone] = {}
        self._settings: dict[StudySettings, ProbeSettings] = {}
        self._task_runs: dict[tuple[str, StudySettings, str], TaskRuns] = {}
        self._rows: dict[str, Mapping[str, str]] = {}

    def check(self, spec: CellSpec) -> None:
        """Find what is wrong with a spec before any audio is read.

        Raises:
            NeuroscopeError: no such component, layer or column; a split that cannot be made.
        """
        self.check_backbone(spec.backbone, spec.study)
        self._runs_of(spec)

    def check_backbone(self, backbone: str, study: StudySettings) -> None:
        """Find what is wrong with a backbone or its layers before any data is read.

        Raises:
            NeuroscopeError: it cannot be built, or lacks a layer that was asked for.
        """
        self._settings_of(study).layers_of(self._prepare(backbone, study))

    def extract(self, specs: Sequence[CellSpec]) -> ExtractionRecord:
        """Extract into the store the vectors that cells of one backbone are computed from.

        Raises:
            NeuroscopeError: too many utterances cannot be used, or the backbone is broken.
        """
        prepared = self._prepare(specs[0].backbone, specs[0].study)
        extraction, record = bring_vectors(self._workspace, prepared, specs[0].loaded, self._utterances_asked(specs))
        self._rows[prepared.representation.key] = extraction.rows
        return record

    def inputs(self, spec: CellSpec) -> CellInputs:
        """Gather what a cell is computed from; its vectors have to be extracted.

        Raises:
            BadSplit: without the utterances that could not be used, its split cannot be made.
        """
        study = spec.study
        prepared, settings = self._prepare(spec.backbone, study), self._settings_of(study)
        rows = self._rows[prepared.representation.key]
        labelled, runs = self._runs_of(spec).over(rows)
        cell = Cell(
            representation=prepared.representation.key,
            backbone=prepared.text,
            task=labelled.task,
            dataset=spec.loaded.text,
            manifest=spec.loaded.manifest.fingerprint,
            split=runs.each[0].split.name,
            layers="+".join(settings.layers_of(prepared)) if study.layers else "",
            pooling=prepared.pooling,
            probe=settings.probe,
            ranking=spec.ranking,
            preset=study.preset,
            runs=study.runs,
            seed=study.seed,
        )
        return CellInputs(spec, cell, prepared, labelled, runs, rows, settings)

    def run(self, inputs: CellInputs, finished: FinishedFits | None = None) -> CellResult:
        """Compute a cell.

        Args:
            inputs: from ``inputs``.
            finished: keeps the fits of a probed layer, and knows those of an earlier try.
        """
        with blas_threads(self._workspace.settings.threads or available_threads()):
            if inputs.spec.ranking:
                manifest = self._utterances_asked([inputs.spec])
                return run_neuron_cell(inputs, manifest, self._plugins, self._workspace)
            return run_probe_cell(inputs, finished, self._workspace.progress)

    def _prepare(self, backbone: str, study: StudySettings) -> PreparedBackbone:
        key = (backbone, study.pooling)
        if key not in self._prepared:
            choice = self._plugins.backbones.choose(backbone)
            self._prepared[key] = self._workspace.prepare(choice, self._plugins, study.pooling)
        return self._prepared[key]

    def _settings_of(self, study: StudySettings) -> ProbeSettings:
        if study not in self._settings:
            self._settings[study] = resolve(study, self._plugins)
        return self._settings[study]

    def _runs_of(self, spec: CellSpec) -> TaskRuns:
        key = (spec.task, spec.study, spec.loaded.manifest.fingerprint)
        if key not in self._task_runs:
            ((text, task),) = choose_tasks([spec.task], self._plugins).items()
            labelled = label_manifest(text, task, spec.loaded.manifest, spec.study.split, self._workspace.lengths)
            self._task_runs[key] = TaskRuns(labelled, self._settings_of(spec.study))
        return self._task_runs[key]

    def _utterances_asked(self, specs: Sequence[CellSpec]) -> Manifest:
        """Select the utterances that any of the tasks is asked of."""
        wanted = {each.id for spec in specs for each in self._runs_of(spec).labelled.rows.utterances}
        manifest = specs[0].loaded.manifest
        return replace(manifest, utterances=tuple(each for each in manifest if each.id in wanted))


def run_cell(spec: CellSpec, plugins: Plugins, workspace: Workspace) -> tuple[Cell, CellResult]:
    """Compute one cell from its description alone, as a worker process does."""
    runner = CellRunner(plugins, workspace)
    runner.check(spec)
    runner.extract([spec])
    inputs = runner.inputs(spec)
    return inputs.cell, runner.run(inputs)
