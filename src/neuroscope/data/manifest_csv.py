"""A manifest as a table that the reader ``csv`` reads back: the same utterances, in the same order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from neuroscope.errors import BadManifest
from neuroscope.runtime.files import is_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars

    from neuroscope.contracts.audio import Utterance

MARK = "neuroscope"
"""Column that says that neuroscope wrote a table: what its cells and columns mean is not guessed."""
TAG = "tag:"
"""Begins the columns of tags that have the name of a column which means something else."""


def write_manifest(file: Path, table: polars.DataFrame) -> None:
    """Write a table of utterances as CSV, every cell within quotation marks: blanks at its ends are part of it."""
    table.write_csv(file, quote_style="always")


def manifest_csv(utterances: Sequence[Utterance]) -> polars.DataFrame:
    """Make a table of utterances: what is read of which file, speaker, and a column for each tag.

    Paths are absolute, so that the table may lie anywhere.

    Raises:
        BadManifest: a path is no UTF-8, which such a table has to be.
    """
    import polars

    paths = [None if each.path is None else Path.cwd() / each.path for each in utterances]
    if strange := [path for path in paths if path is not None and not is_text(path)]:
        raise BadManifest(str(strange[0].parent), [f"the path {str(strange[0])!a} is no UTF-8; rename its folder"])
    columns: dict[str, list[str | None]] = {
        MARK: ["1"] * len(utterances),
        "id": [each.id for each in utterances],
        "path": [None if path is None else str(path) for path in paths],
        "start": [repr(float(each.start)) if each.start else None for each in utterances],
        "duration": [None if each.duration is None else repr(float(each.duration)) for each in utterances],
        "audio_channel": [None if each.audio_channel is None else str(each.audio_channel) for each in utterances],
        "speaker": [each.speaker for each in utterances],
    }
    own = set(columns)
    for tag in sorted({name for each in utterances for name in each.tags}):
        column = f"{TAG}{tag}" if tag in own or tag.startswith(TAG) else tag
        columns[column] = [each.tags.get(tag) for each in utterances]
    used = {name: values for name, values in columns.items() if name in {MARK, "id"} or any(values)}
    return polars.DataFrame(used, schema=dict.fromkeys(used, polars.String))
