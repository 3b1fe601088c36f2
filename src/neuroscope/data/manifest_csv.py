"""A manifest as a table that the reader ``csv`` reads back: the same utterances, in the same order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars

    from neuroscope.contracts.audio import Utterance


def manifest_csv(utterances: Sequence[Utterance]) -> polars.DataFrame:
    """Make a table of utterances: what is read of which file, speaker, and a column for each tag.

    Paths are absolute, so that the table may lie anywhere. The first six columns are there whether they have a value or
    not: the reader knows by them that no tag is meant for one of them. A tag of one of their names has no place in such
    a table, and is left out.
    """
    import polars

    columns: dict[str, list[str | None]] = {
        "id": [each.id for each in utterances],
        "path": [None if each.path is None else str(Path.cwd() / each.path) for each in utterances],
        "start": [repr(each.start) if each.start else None for each in utterances],
        "duration": [None if each.duration is None else repr(each.duration) for each in utterances],
        "audio_channel": [None if each.audio_channel is None else str(each.audio_channel) for each in utterances],
        "speaker": [each.speaker for each in utterances],
    }
    for tag in sorted({name for each in utterances for name in each.tags} - columns.keys()):
        columns[tag] = [each.tags.get(tag) for each in utterances]
    return polars.DataFrame(columns, schema=dict.fromkeys(columns, polars.String))
