"""Vectors into the store, from audio or from elsewhere, and out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.contracts.progress import Progress, silent
from neuroscope.data import sources
from neuroscope.exchange import exporting, importing
from neuroscope.extraction.session import ExtractionSettings, Workspace
from neuroscope.plugin.loading import Plugins
from neuroscope.plugin.selection import choose_backbones
from neuroscope.runtime.clock import Clock
from neuroscope.study.result import extraction_result
from neuroscope.study.vectors import bring_vectors

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from neuroscope.data.places import Data
    from neuroscope.exchange.importing import ImportSummary
    from neuroscope.study.result import ExtractionResult


def extract(
    backbone: str,
    data: Data,
    *,
    backbone_options: Sequence[str] = (),
    pooling: str = "",
    command: Sequence[str] = (),
    extraction: ExtractionSettings | None = None,
    plugins: Plugins | None = None,
    progress: Progress = silent,
) -> ExtractionResult:
    """Bring every utterance of the data into the store; arguments as for ``probe``.

    Raises:
        NeuroscopeError: whatever the user can mend.
    """
    clock, plugins = Clock(), plugins or Plugins.load()
    workspace = Workspace(extraction, progress)
    (choice,) = choose_backbones([backbone], backbone_options, plugins)
    loaded = workspace.segment(sources.load(data, plugins, progress=progress, cache=workspace.folder))
    prepared = workspace.prepare(choice, plugins, pooling)
    clock.lap("preparing")
    _, record = bring_vectors(workspace, prepared, loaded, loaded.manifest)
    clock.lap("extracting")
    return extraction_result(record, command, clock)


def import_vectors(
    file: Path,
    data: Data,
    *,
    name: str,
    layers: str = "",
    replace: bool = False,
    extraction: ExtractionSettings | None = None,
    plugins: Plugins | None = None,
    progress: Progress = silent,
) -> ImportSummary:
    """Bring vectors that another program computed into the store: the backbone ``stored:NAME``.

    Arguments as for ``exchange.importing.import_vectors``; ``data`` is the manifest whose ids they belong to.

    Raises:
        NeuroscopeError: whatever the user can mend; nothing is imported then.
    """
    workspace = Workspace(extraction)
    manifest = sources.load(data, plugins or Plugins.load(), progress=progress, cache=workspace.folder).manifest
    return importing.import_vectors(
        file,
        manifest,
        workspace.store,
        name=name,
        layers=layers,
        dtype=workspace.settings.dtype,
        replace=replace,
        progress=progress,
    )


def export(
    key: str,
    file: Path,
    data: Data | None = None,
    *,
    extraction: ExtractionSettings | None = None,
    plugins: Plugins | None = None,
    progress: Progress = silent,
) -> int:
    """Write a representation to a file; how many rows.

    Args:
        key: of the representation, or its beginning.
        file: ends in ``.npz``, ``.safetensors`` or ``.parquet``.
        data: only these utterances, by their ids; None = every row, by the digest of its audio.
        extraction: with the cache folder of the store.
        plugins: those of the environment, unless given.
        progress: told of rows written.

    Raises:
        NeuroscopeError: whatever the user can mend.
    """
    workspace = Workspace(extraction)
    store = workspace.store
    exporting.check_ending(file)
    representation = store.find(key).open()
    rows = exporting.rows_of(representation)
    if data is not None:
        manifest = sources.load(data, plugins or Plugins.load(), progress=progress, cache=workspace.folder).manifest
        rows = exporting.rows_in(manifest, representation, store.audio)
    exporting.export(representation, rows, file, progress)
    return len(rows)
