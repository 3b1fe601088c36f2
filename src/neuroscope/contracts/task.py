"""Tasks and splits: what is asked of an utterance, and of whom it is learned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from neuroscope.contracts.audio import Utterance


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """A question with classes for answers, asked of single utterances.

    Attributes:
        label: the class of an utterance; None = not part of the task (counted, never silently dropped).
        columns: the columns that ``label`` reads, for messages and for checks before any audio is read.
        datasets: names that the data must have; empty = whatever the user gives.
        split: in the grammar of ``--split``; empty = a ``split`` column, else speaker-disjoint.
    """

    label: Callable[[Utterance], str | None]
    columns: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    split: str = ""


Task = Classification


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Which rows train and which test.

    Attributes:
        name: the split's text in the component grammar, canonical.
        train: int64 row numbers, ascending.
        test: the same; no row is in both.
        groups: int64 ``[rows]``, the group (speaker, text, ...) of each row; rows without one are their own group.
        group_names: name of each group number.
        grouped_by: the column that ``groups`` comes from; empty = each utterance is its own.
        fixed: True where another seed gives the same split.
        left_out: rows in neither part, counted by reason.
        warning: what a reader must know before the numbers, e.g. speakers that are in both parts; empty = nothing.
    """

    name: str
    train: NDArray[np.int64]
    test: NDArray[np.int64]
    groups: NDArray[np.int64]
    group_names: tuple[str, ...]
    grouped_by: str
    fixed: bool
    left_out: Mapping[str, int] = field(default_factory=dict)
    warning: str = ""
