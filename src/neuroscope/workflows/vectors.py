"""Vectors into the store, from audio or from elsewhere, and out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.contracts.progress import Progress, silent
from neuroscope.data import sources as data_source
from neuroscope.exchange import exporting, importing
from neuroscope.extraction.identity import prepare
from neuroscope.extraction.session import Machine
from neuroscope.plugin.loading import Plugins
from neuroscope.plugin.selection import choose_backbones
from neuroscope.runtime.clock import Clock
from neuroscope.study import records
from neuroscope.study.result import Result, about_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from neuroscope.data.sources import Data
    from neuroscope.exchange.importing import ImportSummary


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
    return Result(about_run(command, clock, [about], []), [], None)


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
) -> ImportSummary:
    """Bring vectors that another program computed into the store: the backbone ``stored:NAME``.

    Arguments as for ``exchange.importing.import_vectors``; ``data`` is the manifest whose ids they belong to.

    Raises:
        NeuroscopeError: whatever the user can mend; nothing is imported then.
    """
    machine = machine or Machine()
    manifest = data_source.load(data, plugins or Plugins.load()).manifest
    return importing.import_vectors(
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
    exporting.check_ending(file)
    representation = store.find(key).open()
    rows = exporting.rows_of(representation)
    if data is not None:
        manifest = data_source.load(data, plugins or Plugins.load()).manifest
        rows = exporting.rows_in(manifest, representation, store.audio)
    exporting.export(representation, rows, file, progress)
    return len(rows)
