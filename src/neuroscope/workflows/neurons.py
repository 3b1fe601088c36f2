"""Which neurons know it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from neuroscope.contracts import conditions
from neuroscope.contracts.progress import Progress, silent
from neuroscope.defaults import CONTROLS
from neuroscope.errors import NeuroscopeError
from neuroscope.extraction.session import ExtractionSettings, Workspace
from neuroscope.plugin.loading import Plugins
from neuroscope.plugin.selection import choose_backbones, choose_preset, choose_ranking
from neuroscope.runtime.clock import Clock
from neuroscope.study.cell_loop import run_cells
from neuroscope.study.cell_runner import CellRunner
from neuroscope.study.neuron_cell import check_twin, neuron_settings
from neuroscope.study.records import joined_tables
from neuroscope.study.result import NeuronsResult, finish
from neuroscope.study.run_folder import check_file, check_out, write_csv
from neuroscope.study.settings import CellSpec, StudySettings, choose_tasks
from neuroscope.workflows.requirements import load_data

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from neuroscope.data.places import Data

_LISTED = "minimal_neurons"


def neurons(
    backbone: str,
    task: str,
    data: Data,
    study: StudySettings | None = None,
    *,
    backbone_options: Sequence[str] = (),
    ranking: str = "",
    controls: Sequence[str] = CONTROLS,
    list_to: Path | None = None,
    out: Path | None = None,
    command: Sequence[str] = (),
    extraction: ExtractionSettings | None = None,
    plugins: Plugins | None = None,
    progress: Progress = silent,
) -> NeuronsResult:
    """Which neurons of a backbone know what a task asks? Ranking, controls, ablation, minimal sets, layers.

    Args:
        backbone: in the component grammar.
        task: in the component grammar.
        data: as for ``probe``; so are all arguments that are not named here.
        study: as for ``probe``; its probe serves everything but the ranking's own fit, without layers the neurons are
            those of ALL, and ``preset="paper"`` also masks with zeros and chooses the minimal set as the paper did.
        backbone_options: as for ``probe``.
        ranking: in the component grammar; empty = the preset's or the default.
        controls: among ``random``, ``random,distribution=uniform``, ``random,distribution=matched``, ``permuted`` and
            ``untrained`` (which extracts an untrained twin for every run).
        list_to: a CSV file for the neurons of the minimal sets.
        out: the run folder.
        command: what was typed.
        extraction: how vectors are computed and kept.
        plugins: those of the environment, unless given.
        progress: told of long work.

    Raises:
        NeuroscopeError: whatever the user can mend; nothing is left then but what the store gained.
    """
    clock, study, plugins = Clock(), study or StudySettings(), plugins or Plugins.load()
    workspace = Workspace(extraction, progress)
    (choice,) = choose_backbones([backbone], backbone_options, plugins)
    ((task_text, declared),) = choose_tasks([task], plugins).items()
    ranking = choose_ranking(ranking, choose_preset(study.preset), plugins).text
    asked = tuple(conditions.RANDOM if each == "random,distribution=normal" else each for each in controls)
    runner = CellRunner(plugins, workspace)
    check_out(out, workspace.folder / "runs")
    if list_to is not None:
        check_file("--list", list_to)
    if conditions.UNTRAINED in asked:
        check_twin(choice)
    neuron_settings(ranking, asked, study, plugins)
    (loaded,) = load_data(data, {task_text: declared}, [choice.text], study, plugins, workspace).values()
    spec = CellSpec(backbone=choice.text, task=task_text, loaded=loaded, study=study, ranking=ranking, controls=asked)
    runner.check(spec)
    clock.lap("preparing")
    done = run_cells([spec], runner, out, workspace.folder / "runs")
    clock.lap("extracting and studying")
    result = finish(NeuronsResult, done, command, clock)
    if list_to is None:
        return result
    # parts are there until the run folder is whole
    kept = result.folder is not None
    listed = result.table(_LISTED) if kept else joined_tables(each.tables for each in done.parts)[_LISTED]
    try:
        write_csv(list_to, listed)
    except NeuroscopeError as error:  # the numbers are shown
        return replace(result, unwritten=(*result.unwritten, error))
    return result
