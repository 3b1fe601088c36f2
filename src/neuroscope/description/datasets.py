"""Describe the data themselves: their columns, lengths, and what is missing or strange."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.audio.loudness import KINDS
from neuroscope.data.segmentation import SHORTEST
from neuroscope.defaults import MAX_DURATION
from neuroscope.description.counting import SPEAKER, UTTERANCES, amount_of, counted_by, seconds_of, values_of
from neuroscope.description.facts import ColumnFacts, DataFacts, Spread, Unusable
from neuroscope.description.tidy import COLUMN, DATA, count_rows
from neuroscope.runtime.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from polars import DataFrame, Series

    from neuroscope.audio.findings import FindingRecord
    from neuroscope.audio.spans import Spans
    from neuroscope.contracts.audio import Manifest
    from neuroscope.data.sources import LoadedData
    from neuroscope.errors import BadAudio

_FEW, _MANY = 20, 10_000
"""Values that are always counted one by one; more, only where they come twice on average; so many, only of speakers."""


def describe_data(
    loaded: LoadedData, table: DataFrame, spans: Spans | None, findings: FindingRecord
) -> tuple[DataFacts, list[DataFrame]]:
    """Describe the data that the user named.

    Args:
        loaded: their manifest.
        table: a row of each utterance.
        spans: of the utterances; None = their audio is not known.
        findings: what was strange about audio that was read before.

    Returns:
        What was found, and the rows of the table ``counts``.
    """
    manifest, seconds = loaded.manifest, seconds_of(table)
    described = [_describe_column(manifest, table, name) for name in _columns(manifest)]
    facts = DataFacts(
        dataset=loaded.text,
        source=manifest.source,
        total=amount_of(table),
        seconds=_spread(seconds.drop_nulls()),
        per_speaker=_spread(counted_by(table, SPEAKER)[UTTERANCES]),
        rates={} if spans is None else _counts(spans.files.rates[spans.file[seconds.is_not_null()]]),
        tracks={} if spans is None else _counts(spans.files.channels[spans.file[seconds.is_not_null()]]),
        columns=tuple(column for column, _ in described),
        left_out=dict(manifest.left_out),
        unusable=() if spans is None else tuple(_unusable(spans.wrong.values())),
        cautions=tuple(_cautions(manifest, seconds, spans, findings)),
        segmented=loaded.segmented,
        trials=len(manifest.trials),
        target_trials=sum(each.target for each in manifest.trials),
    )
    return facts, [count_rows(counted_by(table), DATA), *(rows for _, each in described for rows in each)]


def _columns(manifest: Manifest) -> list[str]:
    """List the columns, speakers first; ids are no column that counts anything."""
    return sorted(set(manifest.columns) - {"id"}, key=lambda name: (name != SPEAKER, name))


def _describe_column(manifest: Manifest, table: DataFrame, name: str) -> tuple[ColumnFacts, list[DataFrame]]:
    """Describe a column, with the rows of its values where they are counted one by one."""
    values = values_of(manifest, name).alias("value")
    utterances, different = len(values) - values.null_count(), values.drop_nulls().n_unique()
    listed = name == SPEAKER or different <= max(_FEW, min(utterances // 2, _MANY))
    facts = ColumnFacts(name=name, utterances=utterances, values=different, listed=listed)
    if not listed:
        return facts, []
    counts = counted_by(table.with_columns(values), "value")
    return facts, [count_rows(counts, COLUMN, column=name, names={"value": "value"})]


def _spread(numbers: Series) -> Spread | None:
    if not len(numbers):
        return None
    least, median, most = (float(each) for each in (numbers.min(), numbers.median(), numbers.max()))  # type: ignore[arg-type]
    return Spread(least, median, most)


def _counts(numbers: Iterable[int]) -> dict[int, int]:
    """Count equal numbers, in their order."""
    import polars

    counts = polars.Series("number", numbers, dtype=polars.Int64).value_counts().sort("number")
    return dict(counts.iter_rows())


def _unusable(errors: Iterable[BadAudio]) -> Iterator[Unusable]:
    """Count the reasons, the most frequent first; each with its first example."""
    reasons: dict[str, list[str]] = {}
    for error in errors:
        reasons.setdefault(error.reason, []).append(error.detail)
    for reason, details in sorted(reasons.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        yield Unusable(reason=reason, utterances=len(details), example=details[0])


def _cautions(manifest: Manifest, seconds: Series, spans: Spans | None, findings: FindingRecord) -> Iterator[str]:
    """Find what is strange about the data: what their reader says, short, long, silent and equal audio."""
    if manifest.warning:
        yield manifest.warning
    if spans is None:
        return
    ids = [each.id for each in manifest]
    if len(short := (seconds < SHORTEST).arg_true()):
        yield f"{_are(len(short))} shorter than {SHORTEST:g} s; e.g. {ids[short[0]]}"
    if len(long := (seconds > MAX_DURATION).arg_true()):
        used = "only models that stream, or a larger --max-duration, take them; --segment cuts them"
        yield f"{_are(len(long))} longer than {MAX_DURATION:g} s: {used}; e.g. {ids[long[0]]}"
    rows = spans.rows().set(seconds.is_null(), None)
    known = dict(zip(ids, rows, strict=True))
    for kind, found in findings.found({name: row for name, row in known.items() if row is not None}).items():
        yield f"{counted(len(found), 'utterance')}: {KINDS[kind]}; e.g. {found[0]}"
    yield from _about_equal(ids, rows)


def _about_equal(ids: list[str], rows: Series) -> Iterator[str]:
    """Say how many utterances hold the samples of an earlier one: equal bytes, and the same span of them."""
    import polars

    table = polars.DataFrame({"row": rows}).with_row_index("place").drop_nulls()
    first = polars.col("place").min().over("row")
    again = table.with_columns(first.alias("first")).filter(polars.col("place") > polars.col("first"))
    if len(again):
        place, _, before = again.row(0)
        yield f"{_are(len(again))} the same audio as another; e.g. {ids[place]} as {ids[before]}"


def _are(count: int) -> str:
    return f"{counted(count, 'utterance')} {'is' if count == 1 else 'are'}"
