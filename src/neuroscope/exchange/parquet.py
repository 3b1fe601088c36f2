"""Read vectors from ``.parquet``: a column of ids, and columns of vectors or of single numbers."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.errors import BadVectors
from neuroscope.exchange.parquet_trial import check_readable
from neuroscope.exchange.vector_file import ONE_LAYER, Vectors, texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import polars

    from neuroscope.contracts.audio import Manifest

ID_COLUMNS = ("id", "ids", "utterance")
_IN_MANIFESTS = {"path", "speaker", "start", "end", "duration", "audio_channel"}
_IN_MANIFESTS |= {"offset", "start_time", "end_time", "dur", "channel_id"}
"""Columns that a manifest may have, though it does not list them."""
_INDEX = re.compile(r"__index_level_\d+__|Unnamed: \d+|level_\d+")
_MOST_ROWS = 1_000_000
"""Rows beyond those of the manifest whose ids are still read, to name those that are not in it."""
_BLOCK = 2**28
"""Bytes of vectors whose widths are looked at together."""


def open_parquet(path: Path, manifest: Manifest | None) -> Vectors:
    """Open a table; a column that the manifest has too, and an index of rows, are no vectors."""
    import polars

    most_rows = _MOST_ROWS + (0 if manifest is None else len(manifest))
    check_readable(path, most_rows)
    frame = polars.scan_parquet(path, glob=False)
    schema = frame.collect_schema()
    rows = frame.select(polars.len()).collect().item()
    if manifest is not None and rows > most_rows:
        raise BadVectors(str(path), [f"it has {rows} vectors, the manifest {len(manifest)} utterances"])
    named = [name for name in ID_COLUMNS if name in schema]
    others = {name: kind for name, kind in schema.items() if name not in named}
    left_out = _columns_that_are_no_vectors(path, frame, others, manifest)
    lists = [name for name, kind in others.items() if kind.is_nested() and name not in left_out]
    columns = lists or [name for name in others if name not in left_out]
    if len(named) != 1 or not columns:
        problem = f"expected a column {' or '.join(ID_COLUMNS)}, and columns of vectors or of numbers"
        raise BadVectors(str(path), [f"{problem}; it has {', '.join(schema)}{_why(left_out)}"])
    ids = texts(frame.select(named[0]).collect()[named[0]].to_numpy())
    widths = {name: _one_width(path, frame, name, ids) for name in lists} or dict.fromkeys(columns, 1)
    left_out |= {name: "single numbers beside vectors" for name in others if name not in {*columns, *left_out}}
    numbers = frame.select(
        polars.col(name).cast(polars.List(polars.Float32) if lists else polars.Float32) for name in columns
    )

    def read(first: int, last: int) -> Any:
        table = numbers.slice(first, last - first).collect()
        return np.hstack([table[name].explode().to_numpy().reshape(last - first, -1) for name in columns])

    layers = widths if len(lists) > 1 else {ONE_LAYER: sum(widths.values())}
    return Vectors(ids, rows, layers, read, tuple(columns), left_out)


def _columns_that_are_no_vectors(
    path: Path, frame: polars.LazyFrame, columns: Mapping[str, polars.DataType], manifest: Manifest | None
) -> dict[str, str]:
    """Find what must not become a feature: it would be a label, or the number of the row."""
    known = _IN_MANIFESTS | (set() if manifest is None else set(manifest.columns))
    indices = _pandas_indices(path)
    counted = _row_numbers(frame, [name for name, kind in columns.items() if kind.is_integer()])
    found = {}
    for name, kind in columns.items():
        if kind.is_nested():  # a vector, whatever it is called
            if not _holds_numbers(kind):
                found[name] = "no numbers"
            continue
        if name in known:
            found[name] = "the manifest says it"
        elif name in indices or _INDEX.fullmatch(name):
            found[name] = "an index"
        elif name in counted:
            found[name] = "numbers of the rows"
        elif not kind.is_numeric():
            found[name] = "no numbers"
    return found


def _holds_numbers(kind: polars.DataType) -> bool:
    """Whether the values of a nested column are numbers: texts of numbers, and true and false, are none."""
    inner = getattr(kind, "inner", None)
    while inner is not None and inner.is_nested():
        inner = getattr(inner, "inner", None)
    return inner is not None and inner.is_numeric()


def _pandas_indices(path: Path) -> set[str]:
    """Names of the columns that pandas wrote as its index."""
    import polars

    about = json.loads(polars.read_parquet_metadata(path).get("pandas", "{}"))
    return {each for each in about.get("index_columns", ()) if isinstance(each, str)}


def _row_numbers(frame: polars.LazyFrame, columns: Sequence[str]) -> set[str]:
    """Find columns of whole numbers that count the rows, from 0 or from 1."""
    import polars

    for rows in (frame.head(1000), frame):  # of most, the first rows tell
        if columns:
            number = polars.int_range(polars.len())
            steps = rows.select(
                polars.col(name).cast(polars.Int64, strict=False) - number for name in columns
            ).collect()
            columns = [name for name in columns if steps.height > 2 and set(steps[name].unique()) in ({0}, {1})]
    return set(columns)


def _one_width(path: Path, frame: polars.LazyFrame, column: str, ids: Sequence[str]) -> int:
    """Return the width of a column's vectors, which has to be the same for all; few are in memory at a time."""
    import polars

    vectors = polars.col(column).cast(polars.List(polars.Float32))
    lengths = frame.select(vectors.list.len().fill_null(0))
    first = lengths.head(1).collect()[column].to_list()
    step = max(1, _BLOCK // (4 * max([1, *first])))
    blocks = (lengths.slice(start, step).collect()[column] for start in range(0, len(ids), step))
    widths = [width for block in blocks for width in block.to_list()]
    usual = Counter(widths).most_common(1)[0][0] if widths else 0
    if odd := [
        f"{name}: {column} has {width} columns, not {usual}"
        for name, width in zip(ids, widths, strict=True)
        if width != usual
    ]:
        raise BadVectors(str(path), odd)
    return usual


def _why(left_out: Mapping[str, str]) -> str:
    return "".join(f"; {name} is left out: {why}" for name, why in list(left_out.items())[:5])
