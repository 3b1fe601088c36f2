"""Describe loaded data, and what tasks ask of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.audio.spans import locate_all
from neuroscope.contracts.task import Classification
from neuroscope.data.places import Data
from neuroscope.description.classes import describe_classes
from neuroscope.description.counting import utterance_table
from neuroscope.description.datasets import describe_data
from neuroscope.description.result import Description
from neuroscope.description.tidy import count_table, pair_table
from neuroscope.description.trials import describe_proxy, describe_trials
from neuroscope.runtime.gc_pause import gc_paused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polars import DataFrame

    from neuroscope.audio.spans import Spans
    from neuroscope.contracts.audio import Manifest
    from neuroscope.contracts.task import Task
    from neuroscope.data.sources import LoadedData
    from neuroscope.description.facts import TaskFacts
    from neuroscope.extraction.session import Workspace
    from neuroscope.plugin.loading import Plugins


def describe_loaded(
    loaded: LoadedData,
    tasks: Mapping[str, Task],
    workspace: Workspace,
    plugins: Plugins,
    split: str = "",
    named: Data | None = None,
) -> Description:
    """Describe data, and what each task asks of them.

    Args:
        loaded: the data.
        tasks: by canonical text.
        workspace: with the index of audio files; those that were never looked at are read.
        plugins: with the readers of proxy datasets.
        split: in the grammar of splits; empty = each task's own, else a split column, else unseen speakers.
        named: what the user named, among it where proxy datasets lie.

    Raises:
        UnknownName: the data lack a column that a task reads.
        BadManifest: they have fewer than two classes of a task.
        BadOption: the split cannot be read.
    """
    import polars

    manifest = loaded.manifest
    spans = _spans(manifest, workspace)
    with gc_paused():
        table = utterance_table(manifest, spans)
        data, counts = describe_data(loaded, table, spans, workspace.findings)
        audio = None if spans is None else _audio(table, spans)
        found: list[TaskFacts] = []
        pairs: list[DataFrame] = []
        for text, task in tasks.items():
            if isinstance(task, Classification):
                facts, rows = describe_classes(
                    text, task, loaded, table, audio=audio, split_text=split, lengths=workspace.lengths
                )
                counts += rows
                found.append(facts)
            else:
                proxy = describe_proxy(
                    task, named or Data(), plugins, progress=workspace.progress, cache=workspace.folder
                )
                of_trials, rows = describe_trials(text, task, loaded, table, proxy=proxy)
                pairs += rows
                found.append(of_trials)
    of_data = polars.lit(loaded.text).alias("dataset")
    tables = (each.select(of_data, polars.all()) for each in (count_table(counts), pair_table(pairs)))
    return Description((data,), tuple(found), *tables)


def joined(found: Sequence[Description]) -> Description:
    """Put the descriptions of several data together, in their order."""
    import polars

    return Description(
        tuple(data for each in found for data in each.data),
        tuple(task for each in found for task in each.tasks),
        polars.concat([each.counts for each in found]),
        polars.concat([each.pairs for each in found]),
    )


def _spans(manifest: Manifest, workspace: Workspace) -> Spans | None:
    """Find the spans of the utterances; None where no utterance has a path."""
    if all(each.path is None for each in manifest):
        return None
    return locate_all(manifest.utterances, workspace.audio_files(manifest))


def _audio(table: DataFrame, spans: Spans) -> dict[str, str]:
    """Name the audio of each utterance that can be used."""
    return {
        name: row
        for number, (name, row) in enumerate(zip(table["id"], spans.rows(), strict=True))
        if number not in spans.wrong
    }
