"""The tidy tables of a description: a row a count, with what it is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.description.counting import AMOUNTS, MINUTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from polars import DataFrame

DATA, COLUMN, CLASS = "data", "column", "class"
"""What a row counts: all of the data, one value of a column, one class of a task."""
TRAIN, TEST, LEFT_OUT, UNUSABLE, ALL_PARTS = "train", "test", "left out", "unusable", ""
"""The parts that a task's split makes of a class; left out by the split, unusable for what the audio is."""
PARTS = (TRAIN, TEST, LEFT_OUT, UNUSABLE)


def count_rows(
    counts: DataFrame, what: str, *, task: str = "", column: str = "", names: Mapping[str, str] | None = None
) -> DataFrame:
    """Make rows of the table ``counts``: ``task what column value part utterances minutes speakers recordings``.

    Args:
        counts: with the amounts.
        what: is counted.
        task: canonical text; empty = none.
        column: whose values are counted; empty = none's.
        names: ``value`` and ``part`` -> the column of ``counts`` that holds them.
    """
    import polars

    held = names or {}
    said = [polars.lit(text).alias(name) for name, text in (("task", task), ("what", what), ("column", column))]
    said += [(polars.col(held[name]) if name in held else polars.lit("")).alias(name) for name in ("value", "part")]
    return counts.select(*said, *AMOUNTS)


def count_table(rows: Iterable[DataFrame]) -> DataFrame:
    """Put rows of counts together."""
    import polars

    texts = dict.fromkeys(("task", "what", "column", "value", "part"), polars.String)
    numbers = {name: polars.Float64 if name == MINUTES else polars.Int64 for name in AMOUNTS}
    return polars.concat([polars.DataFrame(schema={**texts, **numbers}), *rows], how="vertical_relaxed")


def pair_table(rows: Iterable[DataFrame]) -> DataFrame:
    """Put counts of trials together: ``task column value trials target nontarget``."""
    import polars

    texts = dict.fromkeys(("task", "column", "value"), polars.String)
    numbers = dict.fromkeys(("trials", "target", "nontarget"), polars.Int64)
    return polars.concat([polars.DataFrame(schema={**texts, **numbers}), *rows], how="vertical_relaxed")
