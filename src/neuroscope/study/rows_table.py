"""The tidy table: conversion of rows to a table of columns, and back."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from neuroscope.contracts.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars

_TYPES = {"str": "String", "float": "Float64", "int": "Int64"}


def rows_table(rows: Iterable[Row]) -> polars.DataFrame:
    """Make a table of rows, one column a field, in the order of ``Row``."""
    import polars

    schema = {each.name: getattr(polars, _TYPES[str(each.type).split(" ")[0]]) for each in fields(Row)}
    return polars.DataFrame([plain_row(row) for row in rows], schema=schema)


def rows_of_table(table: polars.DataFrame) -> list[Row]:
    """Make rows of a table."""
    return [Row(**values) for values in table.iter_rows(named=True)]


def plain_row(row: Row) -> dict[str, Any]:
    """Make a plain mapping of a row."""
    return {each.name: getattr(row, each.name) for each in fields(Row)}
