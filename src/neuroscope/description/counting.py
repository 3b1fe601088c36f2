"""Count utterances, minutes, speakers and recordings: in columns and not in objects, so that a million take seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.data.segmentation import RECORDING
from neuroscope.description.facts import Amount

if TYPE_CHECKING:
    from polars import DataFrame, Series

    from neuroscope.audio.spans import Spans
    from neuroscope.contracts.audio import Manifest

UTTERANCES, MINUTES, SPEAKERS, RECORDINGS = AMOUNTS = ("utterances", "minutes", "speakers", "recordings")
SPEAKER = "speaker"
_LENGTH = "microseconds"
"""Whole numbers have the same sum in any order, and seconds do not."""


def utterance_table(manifest: Manifest, spans: Spans | None) -> DataFrame:
    """Make a row of each utterance, in their order: ``id speaker recording microseconds``, null where not known.

    Args:
        manifest: the utterances.
        spans: theirs; None = their audio is not known.
    """
    import polars

    table = polars.DataFrame(
        {name: values_of(manifest, column) for name, column in _NAMES.items()},
        schema=dict.fromkeys(_NAMES, polars.String),
    )
    if spans is None:
        return table.with_columns(polars.lit(None, dtype=polars.Int64).alias(_LENGTH))
    seconds = polars.Series(_LENGTH, spans.seconds(), dtype=polars.Float64).fill_nan(None)
    return table.with_columns((seconds * 1e6).round().cast(polars.Int64))


_NAMES = {"id": "id", SPEAKER: SPEAKER, "recording": RECORDING}


def values_of(manifest: Manifest, column: str) -> Series:
    """Collect what a column holds, by utterance; null where it is not known."""
    import polars

    if column in {"id", SPEAKER}:
        values = [each.column(column) for each in manifest]
    else:  # the same, without a call for each of very many
        values = [each.tags.get(column) for each in manifest]
    return polars.Series(column, values, dtype=polars.String)


def seconds_of(table: DataFrame) -> Series:
    """Return the length of each utterance in seconds; null where it is not known."""
    import polars

    # polars multiplies by a millionth, which makes less of a tenth of a second
    return polars.Series("seconds", table[_LENGTH].to_numpy() / 1e6).fill_nan(None)


def counted_by(table: DataFrame, *columns: str) -> DataFrame:
    """Count what belongs to each combination of the columns' values, sorted: ``... utterances minutes ...``.

    Rows without a value in one of them are left out; minutes are null where no length is known.
    """
    import polars

    known = polars.col(_LENGTH).count() > 0
    amounts = [
        polars.len().cast(polars.Int64).alias(UTTERANCES),
        polars.when(known).then(polars.col(_LENGTH).sum() / 60e6).alias(MINUTES),
        polars.col(SPEAKER).drop_nulls().n_unique().cast(polars.Int64).alias(SPEAKERS),
        polars.col("recording").drop_nulls().n_unique().cast(polars.Int64).alias(RECORDINGS),
    ]
    if not columns:
        return table.select(amounts)
    return table.drop_nulls(columns).group_by(columns).agg(amounts).sort(columns)


def amount_of(table: DataFrame) -> Amount:
    """Count all rows."""
    return Amount(**counted_by(table).row(0, named=True))
