"""Which layers know it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuroscope.contracts.progress import Progress, silent
from neuroscope.data import sources as data_source
from neuroscope.data.labelling import label_manifest
from neuroscope.defaults import RUNS
from neuroscope.extraction.identity import prepare
from neuroscope.extraction.session import Machine
from neuroscope.plugin.loading import Plugins
from neuroscope.plugin.selection import choose_backbones, choose_preset, choose_probe
from neuroscope.report.layer_chart import save_layer_chart
from neuroscope.report.layer_curve import curves
from neuroscope.runtime.clock import Clock
from neuroscope.study import run_folder as results
from neuroscope.study.probe_cell import Answers, answer
from neuroscope.study.result import Result, about_run, run_folder
from neuroscope.study.settings import choose_tasks, settings_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from neuroscope.data.sources import Data


def probe(
    backbones: Sequence[str],
    tasks: Sequence[str],
    data: Data,
    *,
    backbone_options: Sequence[str] = (),
    split: str = "",
    layers: Sequence[str] = (),
    pooling: str = "",
    probe: str = "",
    preset: str = "",
    runs: int = RUNS,
    seed: int = 0,
    out: Path | None = None,
    command: Sequence[str] = (),
    machine: Machine | None = None,
    plugins: Plugins | None = None,
    progress: Progress = silent,
) -> Result:
    """Which layers of which backbones know what the tasks ask? Every backbone with every task.

    Args:
        backbones: in the component grammar.
        tasks: in the component grammar.
        data: where the utterances come from.
        backbone_options: ``KEY=VALUE`` texts, for the one backbone.
        split: in the grammar of splits; empty = the task's own, else a split column, else unseen speakers.
        layers: names of the layers to read; empty = all.
        pooling: in the component grammar; empty = each layer's own.
        probe: in the component grammar; empty = the preset's or the default.
        preset: ``paper``, ``neurox``, or empty.
        runs: repetitions.
        seed: of the first.
        out: the run folder; None = one in the cache folder.
        command: what was typed, for ``run.json``.
        machine: how vectors are computed and kept.
        plugins: those of the environment, unless given.
        progress: told of long work.

    Raises:
        NeuroscopeError: whatever the user can mend; nothing is left then but what the store gained.
    """
    clock, machine, plugins = Clock(), machine or Machine(), plugins or Plugins.load()
    chosen = choose_backbones(backbones, backbone_options, plugins)
    declared = choose_tasks(tasks, plugins)
    chosen_preset = choose_preset(preset)
    settings = settings_of(choose_probe(probe, chosen_preset, plugins), chosen_preset, preset, layers, runs, seed)
    if out is not None:
        results.check_out(out)
    prepared = [prepare(each, plugins, machine.store, pooling=pooling, dtype=machine.dtype) for each in chosen]
    for each in prepared:
        settings.layers_of(each)
    loaded = data_source.load(data, plugins, [name for task in declared.values() for name in task.datasets])
    loaded = machine.cut(loaded, progress)
    questions = [label_manifest(text, task, loaded.manifest, split) for text, task in declared.items()]
    for question in questions:  # a split that cannot be made is told before any audio is read
        settings.runs_of(question)
    clock.lap("preparing")
    answers = Answers()
    for each in prepared:
        answer(answers, each, questions, loaded, settings, lambda p, m: machine.extract(p, m, progress), progress)
    clock.lap("extracting and probing")
    run = about_run(command, clock, answers.extractions, answers.cells)
    folder = run_folder(out, machine, answers.rows[0].run)
    _write(folder, run, answers)
    return Result(run, answers.rows, folder)


def _write(folder: Path, run: dict[str, Any], answers: Answers) -> None:
    split = [record for records_of_task in answers.splits.values() for record in records_of_task]
    tables = {"predictions": answers.predictions, "split": split}
    drawn = curves(answers.rows)
    results.write(folder, answers.rows, run, tables, lambda where: save_layer_chart(drawn, where))
