"""Groups of rows that a split keeps together: the values of a column, joined where they hold the same audio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.data.equal_audio import linked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from neuroscope.data.labelling import LabelledUtterances

_NAMED = 3  # values that the name of a joined group lists


@dataclass(frozen=True, slots=True)
class Grouping:
    """The groups of rows.

    Attributes:
        groups: int64 ``[rows]``, the number of each row's group; a row without a value is a group of its own.
        names: of the groups, by number.
        column: where the values come from; empty = no row has one.
        known: bool ``[rows]``, whether the row has a value.
        joined: how many values are in one group with others, because they hold the same audio.
        joint: how many groups they are.
    """

    groups: NDArray[np.int64]
    names: tuple[str, ...]
    column: str
    known: NDArray[np.bool_]
    joined: int
    joint: int


def group_by(rows: LabelledUtterances, column: str, audio: NDArray[np.int64] | None = None) -> Grouping:
    """Group rows by a column; values that hold the same audio are one group.

    Args:
        rows: what is grouped.
        column: of the values.
        audio: int64 ``[rows]``, rows of one number belong together; None = those of the same audio.
    """
    values = rows.column(column)
    single, names = _number_values(values, [each.id for each in rows.utterances])
    groups = linked(single, rows.same_audio if audio is None else audio)
    known = np.array([value is not None for value in values], dtype=bool)
    group_of = np.zeros(len(names), dtype=np.int64)
    group_of[single] = groups
    members: list[list[str]] = [[] for _ in range(int(groups.max(initial=-1)) + 1)]
    for name, group in zip(names, group_of.tolist(), strict=True):
        members[group].append(name)
    values_of = np.bincount(group_of[np.unique(single[known])], minlength=1)
    joined = values_of[values_of > 1]
    named = tuple(map(_name, members))
    return Grouping(groups, named, column if known.any() else "", known, int(joined.sum()), len(joined))


def _name(members: Sequence[str]) -> str:
    """Name a group by its values."""
    if len(members) > _NAMED:
        return f"{members[0]} + {len(members) - 1} others"
    return " + ".join(members)


def _number_values(values: Sequence[str | None], ids: Sequence[str]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Number the values in sorted order; a row without one is a group of its own, named by its utterance."""
    names = sorted({value for value in values if value is not None})
    number = {name: n for n, name in enumerate(names)}
    groups = np.empty(len(values), dtype=np.int64)
    for row, value in enumerate(values):
        if value is None:
            names.append(ids[row])
            groups[row] = len(names) - 1
        else:
            groups[row] = number[value]
    return groups, tuple(names)
