"""Which layers know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.contracts.progress import Progress, silent
from neuroscope.data.missing import MissingTogether
from neuroscope.extraction.session import ExtractionSettings, Workspace
from neuroscope.plugin.loading import Plugins
from neuroscope.plugin.selection import choose_backbones
from neuroscope.runtime.clock import Clock
from neuroscope.study.cell_loop import FinishedCells, check_cells, run_cells
from neuroscope.study.cell_runner import CellRunner
from neuroscope.study.probe_cell import compare_backbones
from neuroscope.study.result import ProbeResult, finish
from neuroscope.study.run_folder import check_out
from neuroscope.study.settings import CellSpec, StudySettings, choose_tasks, resolve
from neuroscope.workflows.requirements import check_backbones, load_data

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from neuroscope.data.places import Data


def probe(
    backbones: Sequence[str],
    tasks: Sequence[str],
    data: Data,
    study: StudySettings | None = None,
    *,
    backbone_options: Sequence[str] = (),
    out: Path | None = None,
    command: Sequence[str] = (),
    extraction: ExtractionSettings | None = None,
    plugins: Plugins | None = None,
    progress: Progress = silent,
) -> ProbeResult:
    """Which layers of which backbones know what the tasks ask? Every backbone with every task.

    Args:
        backbones: in the component grammar.
        tasks: in the component grammar.
        data: where the utterances come from.
        study: split, layers, probe, runs, ...
        backbone_options: ``KEY=VALUE`` texts, for the one backbone.
        out: the run folder; None = one in the cache folder.
        command: what was typed, for ``run.json``.
        extraction: how vectors are computed and kept.
        plugins: those of the environment, unless given.
        progress: told of long work.

    Returns:
        What was found; cells that failed are in ``failed``, and the others stand.

    Raises:
        NeuroscopeError: whatever the user can mend, where it is found before any cell, or no cell has a result. Nothing
            is left then but what the store gained, and the fits that were finished.
    """
    clock, study, plugins = Clock(), study or StudySettings(), plugins or Plugins.load()
    workspace = Workspace(extraction, progress)
    chosen = choose_backbones(backbones, backbone_options, plugins)
    declared = choose_tasks(tasks, plugins)
    resolve(study, plugins)
    check_out(out, workspace.folder / "runs")
    runner = CellRunner(plugins, workspace)
    texts = [choice.text for choice in chosen]
    loaded = load_data(data, declared, texts, study, plugins, workspace)
    missing = MissingTogether()
    check_backbones(texts, study, runner, missing)
    missing.check()
    specs = [
        CellSpec(backbone=choice.text, task=task, loaded=each, study=study)
        for choice in chosen
        for task, each in loaded.items()
    ]
    done = FinishedCells()
    checked = check_cells(specs, runner, done)
    clock.lap("preparing")
    run_cells(checked, runner, out, workspace.folder / "runs", done)
    with done.closed_at_failure():
        done.compared = compare_backbones(zip(done.inputs, done.parts, strict=True))
    clock.lap("extracting and probing")
    return finish(ProbeResult, done, command, clock)
