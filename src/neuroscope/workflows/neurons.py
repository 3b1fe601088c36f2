"""Which neurons know it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from neuroscope.contracts.progress import Progress, silent
from neuroscope.data import sources as data_source
from neuroscope.data.labelling import label_manifest
from neuroscope.defaults import RUNS
from neuroscope.extraction.identity import prepare
from neuroscope.extraction.session import Machine
from neuroscope.neurons.study import USUAL, NeuronSettings
from neuroscope.plugin.loading import Plugins
from neuroscope.plugin.selection import choose_backbones, choose_preset, choose_probe, choose_ranking
from neuroscope.report.neuron_chart import save_neuron_chart
from neuroscope.report.neuron_findings import Findings
from neuroscope.runtime.clock import Clock
from neuroscope.study import neuron_cell, records
from neuroscope.study import run_folder as results
from neuroscope.study.neuron_cell import twin_of
from neuroscope.study.result import Result, about_run, run_folder
from neuroscope.study.settings import choose_tasks, settings_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from neuroscope.data.sources import Data


def neurons(
    backbone: str,
    task: str,
    data: Data,
    *,
    backbone_options: Sequence[str] = (),
    ranking: str = "",
    controls: Sequence[str] = USUAL,
    split: str = "",
    layers: Sequence[str] = (),
    pooling: str = "",
    probe: str = "",
    preset: str = "",
    runs: int = RUNS,
    seed: int = 0,
    list_to: Path | None = None,
    out: Path | None = None,
    command: Sequence[str] = (),
    machine: Machine | None = None,
    plugins: Plugins | None = None,
    progress: Progress = silent,
) -> Result:
    """Which neurons of a backbone know what a task asks? Ranking, controls, ablation, minimal sets, layers.

    Args:
        backbone: in the component grammar.
        task: in the component grammar.
        data: as for ``probe``; so are all arguments that are not named here.
        backbone_options: as for ``probe``.
        ranking: in the component grammar; empty = the preset's or the default.
        controls: among ``random``, ``random,distribution=uniform``, ``random,distribution=matched``, ``permuted`` and
            ``untrained`` (which extracts an untrained twin for every run).
        split: as for ``probe``.
        layers: whose neurons; empty = all that ALL joins.
        pooling: as for ``probe``.
        probe: as for ``probe``: for everything but the ranking's own fit.
        preset: as for ``probe``; ``paper`` also masks with zeros, and chooses the minimal set as the paper did.
        runs: repetitions.
        seed: of the first.
        list_to: a CSV file for the neurons of the minimal sets.
        out: the run folder.
        command: what was typed.
        machine: how vectors are computed and kept.
        plugins: those of the environment, unless given.
        progress: told of long work.

    Raises:
        NeuroscopeError: whatever the user can mend; nothing is left then but what the store gained.
    """
    clock, machine, plugins = Clock(), machine or Machine(), plugins or Plugins.load()
    (choice,) = choose_backbones([backbone], backbone_options, plugins)
    ((task_text, declared),) = choose_tasks([task], plugins).items()
    chosen_preset = choose_preset(preset)
    ranking_choice = choose_ranking(ranking, chosen_preset, plugins)
    paper = chosen_preset is not None
    controls = tuple("random" if each == "random,distribution=normal" else each for each in controls)
    asked = NeuronSettings(
        ranker=ranking_choice.build(), controls=controls, fill="zero" if paper else "mean", paper=paper
    )
    settings = settings_of(choose_probe(probe, chosen_preset, plugins), chosen_preset, preset, layers, runs, seed)
    settings = replace(settings, ranking=ranking_choice.text)
    if out is not None:
        results.check_out(out)
    if list_to is not None:
        results.check_file("--list", list_to)
    untrained = twin_of(choice, plugins, machine, pooling) if "untrained" in controls else None
    prepared = prepare(choice, plugins, machine.store, pooling=pooling, dtype=machine.dtype)
    settings.layers_of(prepared)
    loaded = machine.cut(data_source.load(data, plugins, declared.datasets), progress)
    question = label_manifest(task_text, declared, loaded.manifest, split)
    settings.runs_of(question)
    clock.lap("preparing")
    found = neuron_cell.answer(prepared, question, loaded, settings, asked, machine, untrained, progress)
    clock.lap("extracting and studying")
    run = about_run(command, clock, [found.extraction], [found.about])
    folder = run_folder(out, machine, found.cell.digest)
    _write_neurons(folder, run, found)
    if list_to is not None:
        results.write_csv(list_to, records.minimal_neurons(found.found, found.units))
    return Result(run, found.found.rows, folder)


def _write_neurons(folder: Path, run: dict[str, Any], found: neuron_cell.Answer) -> None:
    tables: dict[str, Any] = {
        "predictions": list(records.predictions(found.cell, found.question, found.found.predictions)),
        "split": found.splits,
        "rankings": records.rankings(found.cell, found.found.rankings),
    }
    title = f"{found.cell.task} ({found.cell.backbone})"
    findings = Findings(found.found.rows)
    results.write(folder, found.found.rows, run, tables, lambda where: save_neuron_chart(findings, title, where))
