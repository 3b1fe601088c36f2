"""Group-disjoint folds of a run's training part, to choose on them what must not be chosen on the test part."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.probing.diagnostics import Diagnostic
from neuroscope.probing.runs import Run

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 3
_NEVER = -1  # the part of a group that is held out in no fold
_DRAWS = 10


@dataclass(frozen=True, slots=True)
class Folds:
    """The folds of one run.

    Attributes:
        each: a fold is a run whose split lies within the training part: no group is in both of its parts, and every
            class of the training part is in every ``split.train``. Empty where the training part is too small.
        warnings: fewer folds than asked for, classes that are never held out, groups that folds share.
    """

    each: tuple[Run, ...]
    warnings: tuple[Diagnostic, ...]


def folds(run: Run, values: NDArray[np.int64], *, count: int = FOLDS, seed: int | None = None) -> Folds:
    """Cut the training part of a run into folds.

    The groups are dealt out at random, each to the part that has least of its classes. A group that alone has a class
    stays in every training part, so that each fold knows all classes. Where that leaves fewer than two groups to hold
    out, single utterances are dealt out instead, the same audio together: the folds then share groups, and the warnings
    say so. In a bootstrap, a group that was not drawn is in no fold; one that was drawn twice trains twice and is
    scored once.

    Args:
        run: its training rows, groups and weights.
        values: int64 ``[rows]``, class number of each row.
        count: how many, at most; fewer where there are fewer groups.
        seed: of the draw; None = that of the run.
    """
    split, found = run.split, []
    drawn = split.train if run.weights is None else split.train[run.weights > 0]
    seed = run.seed if seed is None else seed
    groups, of_what = split.groups, split.grouped_by or "utterance"
    parts = _assign_rows(values[drawn], groups[drawn], count, seed)
    single = np.arange(len(groups), dtype=np.int64) if split.audio is None else split.audio
    if parts is None and len(set(groups[drawn].tolist())) < len(set(single[drawn].tolist())):
        groups = single
        parts = _assign_rows(values[drawn], groups[drawn], count, seed)
        kind = "folds of the training part are of utterances and share groups: what is chosen on them is flattered"
        found.append(Diagnostic(kind, "", run.seed, f"too few groups ({of_what}) that can be held out"))
        split = replace(split, groups=groups, grouped_by="")
    if parts is None:
        kind = "the training part is too small for folds: nothing can be chosen on it"
        return Folds((), (*found, Diagnostic(kind, "", run.seed, f"{len(drawn)} rows")))
    if (made := int(parts.max()) + 1) < count:
        found.append(Diagnostic("fewer folds of the training part than asked for", "", run.seed, f"{made} of {count}"))
    if kept := len(set(groups[drawn[parts == _NEVER]].tolist())):
        kind = "groups that alone have a class are held out in no fold"
        found.append(Diagnostic(kind, "", run.seed, f"{kept} of {len(set(groups[drawn].tolist()))}"))
    weights = None if run.weights is None else run.weights[run.weights > 0]
    each = []
    for part in range(made):
        inside, held = drawn[parts != part], drawn[parts == part]
        within = None if weights is None else weights[parts != part]
        each.append(Run(seed, replace(split, train=inside, test=held), within))
    return Folds(tuple(each), tuple(found))


def _assign_rows(
    values: NDArray[np.int64], groups: NDArray[np.int64], count: int, seed: int
) -> NDArray[np.int64] | None:
    """Assign each row to a part, from 0; ``_NEVER`` where it is held out in none. None = fewer than two parts."""
    numbers, member = np.unique(groups, return_inverse=True)
    _, value = np.unique(values, return_inverse=True)
    has = np.zeros((len(numbers), int(value.max()) + 1), dtype=np.int64)
    np.add.at(has, (member, value), 1)
    free = np.asarray(~has[:, (has > 0).sum(axis=0) == 1].any(axis=1))
    rng = np.random.default_rng([seed, 0xF01D])
    while (made := min(count, int(free.sum()))) > 1:
        for _ in range(_DRAWS):
            part = _assign_groups(has, free, made, rng)
            if not (stuck := _classes_in_one_part(has, part)).any():
                return part[member]
        free[np.flatnonzero(has[:, stuck].any(axis=1) & free)[0]] = False  # kept, as the group of a class that has one
    return None


def _assign_groups(
    has: NDArray[np.int64], free: NDArray[np.bool_], count: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Assign each free group to the part that has least of its classes, groups with the rarest classes first."""
    part = np.full(len(has), _NEVER, dtype=np.int64)
    load, total = np.zeros((count, has.shape[1])), has.sum(axis=0)
    rarest = np.where(has > 0, (has > 0).sum(axis=0), len(has)).min(axis=1)
    order = rng.permutation(len(has))
    for group in order[np.argsort(rarest[order], kind="stable")].tolist():
        if free[group]:
            part[group] = np.lexsort((load.sum(axis=1), load @ (has[group] / total)))[0]
            load[part[group]] += has[group] / total
    return part


def _classes_in_one_part(has: NDArray[np.int64], part: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Find the classes whose groups are all in one part: the training part of that fold would lack them."""
    inside = [(has[part != fold] > 0).any(axis=0) for fold in range(int(part.max()) + 1)]
    return np.asarray(~np.all(inside, axis=0))
