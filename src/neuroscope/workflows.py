"""What the commands do, without a terminal: one call each, for notebooks; the same rows as on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from neuroscope import data as data_source
from neuroscope import exported, housekeeping, imported, records, results
from neuroscope.asking import ask
from neuroscope.cells import Answers, Settings, answer
from neuroscope.choosing import choose_backbones, choose_preset, choose_probe
from neuroscope.clock import Clock
from neuroscope.contracts.progress import Progress, silent
from neuroscope.defaults import RUNS
from neuroscope.errors import BadOption
from neuroscope.machine import Machine
from neuroscope.plugins import Plugins
from neuroscope.prepare import prepare
from neuroscope.report.chart import save_layer_chart
from neuroscope.report.curve import curves
from neuroscope.software import all_versions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from neuroscope.contracts.rows import Row
    from neuroscope.contracts.task import Task
    from neuroscope.data import Data
    from neuroscope.imported import Imported

__all__ = ["Machine", "Result", "export", "extract", "import_vectors", "probe"]


@dataclass(frozen=True, slots=True)
class Result:
    """What a command found: ``run`` is the content of ``run.json``; ``folder`` the run folder, None for ``extract``."""

    run: dict[str, Any]
    rows: list[Row]
    folder: Path | None


def extract(
    backbone: str,
    data: Data,
    *,
    backbone_options: Sequence[str] = (),
    pooling: str = "",
    command: Sequence[str] = (),
    machine: Machine | None = None,
    plugins: Plugins | None = None,
    progress: Progress = silent,
) -> Result:
    """Bring every utterance of the data into the store; arguments as for ``probe``.

    Raises:
        NeuroscopeError: whatever the user can mend.
    """
    clock, machine, plugins = Clock(), machine or Machine(), plugins or Plugins.load()
    (choice,) = choose_backbones([backbone], backbone_options, plugins)
    loaded = machine.cut(data_source.load(data, plugins), progress)
    prepared = prepare(choice, plugins, machine.store, pooling=pooling, dtype=machine.dtype)
    clock.lap("preparing")
    extraction, failures = machine.extract(prepared, loaded.manifest, progress)
    clock.lap("extracting")
    about = records.about_extraction(prepared, loaded, extraction, failures)
    run = {"command": list(command), **clock.stamp(), "extractions": [about], "cells": [], "versions": all_versions()}
    return Result(run, [], None)


def import_vectors(
    file: Path,
    data: Data,
    *,
    name: str,
    layers: str = "",
    replace: bool = False,
    machine: Machine | None = None,
    plugins: Plugins | None = None,
    progress: Progress = silent,
) -> Imported:
    """Bring vectors that another program computed into the store: the backbone ``stored:NAME``.

    Arguments as for ``neuroscope.imported.import_vectors``; ``data`` is the manifest whose ids they belong to.

    Raises:
        NeuroscopeError: whatever the user can mend; nothing is imported then.
    """
    machine = machine or Machine()
    manifest = data_source.load(data, plugins or Plugins.load()).manifest
    return imported.import_vectors(
        file,
        manifest,
        machine.store,
        name=name,
        layers=layers,
        dtype=machine.dtype,
        replace=replace,
        progress=progress,
    )


def export(
    key: str,
    file: Path,
    data: Data | None = None,
    *,
    machine: Machine | None = None,
    plugins: Plugins | None = None,
    progress: Progress = silent,
) -> int:
    """Write a representation to a file; how many rows.

    Args:
        key: of the representation, or its beginning.
        file: ends in ``.npz``, ``.safetensors`` or ``.parquet``.
        data: only these utterances, by their ids; None = every row, by the digest of its audio.
        machine: with the store.
        plugins: those of the environment, unless given.
        progress: told of rows written.

    Raises:
        NeuroscopeError: whatever the user can mend.
    """
    store = (machine or Machine()).store
    exported.check_ending(file)
    representation = housekeeping.find(store, key).opened()
    rows = exported.rows_of(representation)
    if data is not None:
        manifest = data_source.load(data, plugins or Plugins.load()).manifest
        rows = exported.rows_in(manifest, representation, store.audio)
    exported.export(representation, rows, file, progress)
    return len(rows)


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
    declared = _choose_tasks(tasks, plugins)
    chosen_preset = choose_preset(preset)
    probe_choice = choose_probe(probe, chosen_preset, plugins)
    settings = Settings(
        probe=probe_choice.text,
        template=probe_choice.build(),
        layers=tuple(layers),
        preset=preset,
        one_split=chosen_preset is not None and chosen_preset.one_split,
        runs=runs,
        seed=seed,
    )
    if out is not None:
        results.check_out(out)
    prepared = [prepare(each, plugins, machine.store, pooling=pooling, dtype=machine.dtype) for each in chosen]
    for each in prepared:
        settings.layers_of(each)
    loaded = data_source.load(data, plugins, [name for task in declared.values() for name in task.datasets])
    loaded = machine.cut(loaded, progress)
    questions = [ask(text, task, loaded.manifest, split) for text, task in declared.items()]
    for question in questions:  # a split that cannot be made is told before any audio is read
        settings.runs_of(question)
    clock.lap("preparing")
    answers = Answers()
    for each in prepared:
        answer(answers, each, questions, loaded, settings, lambda p, m: machine.extract(p, m, progress), progress)
    clock.lap("extracting and probing")
    about = {"extractions": answers.extractions, "cells": answers.cells}
    run = {"command": list(command), **clock.stamp(), **about, "versions": all_versions()}
    folder = out or machine.folder / "runs" / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{answers.rows[0].run}"
    _write(folder, run, answers)
    return Result(run, answers.rows, folder)


def _write(folder: Path, run: dict[str, Any], answers: Answers) -> None:
    split = [record for records_of_task in answers.splits.values() for record in records_of_task]
    tables = {"predictions": answers.predictions, "split": split}
    drawn = curves(answers.rows)
    results.write(folder, answers.rows, run, tables, lambda where: save_layer_chart(drawn, where))


def _choose_tasks(texts: Sequence[str], plugins: Plugins) -> dict[str, Task]:
    """Canonical text -> task, each once."""
    if not texts:
        raise BadOption("no task: name one with --task (`neuroscope list tasks`)")
    return {choice.text: choice.build() for choice in map(plugins.tasks.choose, texts)}
