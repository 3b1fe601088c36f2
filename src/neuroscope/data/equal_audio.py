"""Rows that hold the same audio: their numbers, and groups that are joined because of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from numpy.typing import NDArray

    from neuroscope.contracts.audio import Utterance


def number_audio(utterances: Sequence[Utterance], names: Sequence[str]) -> NDArray[np.int64]:
    """Number the audio of each utterance, from 0 in the order of the first ones: equal numbers, the same audio.

    Two utterances hold the same audio where they are the same span of one path, or where it has the same name.

    Args:
        utterances: one a row; one without a path is like no other.
        names: of their audio, by what the files hold; empty = not known.

    Returns:
        int64 ``[rows]``.
    """
    spans = _numbered(
        (row,) if each.path is None else (str(each.path), each.start, each.duration, each.audio_channel)
        for row, each in enumerate(utterances)
    )
    return linked(spans, _numbered(names)) if names else spans


def _numbered(keys: Iterable[Hashable]) -> NDArray[np.int64]:
    numbers: dict[Hashable, int] = {}
    return np.fromiter((numbers.setdefault(key, len(numbers)) for key in keys), dtype=np.int64)


def linked(numbers: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int64]:
    """Join numbers whose rows have another number in common, directly or over further rows.

    Args:
        numbers: int64 ``[rows]``, from 0, each of them at least once.
        others: int64 ``[rows]``.

    Returns:
        int64 ``[rows]``, from 0 in the order of the smallest number that was joined; ``numbers`` where none was.
    """
    _, place, times = np.unique(others, return_inverse=True, return_counts=True)
    shared = np.flatnonzero(times[place] > 1)
    if not len(shared):  # as mostly, and there may be very many rows
        return numbers
    parent = list(range(int(numbers.max(initial=-1)) + 1))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = number = parent[parent[number]]
        return number

    first: dict[int, int] = {}
    for number, other in zip(numbers[shared].tolist(), place[shared].tolist(), strict=True):
        one, before = root(number), root(first.setdefault(other, number))
        parent[max(one, before)] = min(one, before)
    roots = np.array([root(number) for number in range(len(parent))], dtype=np.int64)
    _, joined = np.unique(roots, return_inverse=True)
    return np.asarray(joined[numbers], dtype=np.int64)
