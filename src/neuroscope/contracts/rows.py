"""Rows, which results consist of: each is one number with its conditions."""

from __future__ import annotations

from dataclasses import dataclass

ALL = "ALL"
"""The layer of rows that are about all layers side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One number with its conditions; an empty text or None where a condition does not apply.

    Attributes:
        run: digest of the cell (representation, manifest, task, split, probe, preset, number of runs, first seed).
        seed: one repetition; None = over all of them (``value`` = mean).
        against: the other side of a comparison.
        percent: share of the neurons that were kept.
        value: a fraction where the metric is one (accuracy 0..1).
        low: lower end of the 95 % interval.
        high: upper end of the 95 % interval.
        n: rows or trials scored.
    """

    run: str
    representation: str
    backbone: str
    task: str
    dataset: str
    split: str
    pooling: str
    probe: str
    layer: str
    condition: str
    metric: str
    value: float
    n: int
    trials: str = ""
    ranking: str = ""
    against: str = ""
    percent: float | None = None
    seed: int | None = None
    low: float | None = None
    high: float | None = None


_LONGEST_NAME = 200  # files of many kinds, and tables, have to hold it


def problem_with_layer_name(name: str) -> str:
    """Say why a layer cannot have this name, since rows could not tell it from others; empty = it can."""
    if not name.strip():
        return "is empty"
    if name == ALL:
        return "is the name of all layers side by side"
    if not name.isprintable():
        return "holds characters that cannot be printed"
    return f"is longer than {_LONGEST_NAME} characters" if len(name) > _LONGEST_NAME else ""
