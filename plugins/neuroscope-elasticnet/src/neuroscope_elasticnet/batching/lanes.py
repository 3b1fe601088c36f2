"""Jobs of Adam put into stacks: those that see the same rows in the same order are trained together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope_elasticnet.batching.keys import digest, grouped
from neuroscope_elasticnet.batching.training import adam_center, counts_of, targets_of
from neuroscope_elasticnet.matrix.scaling import ScaledMatrix, column_scales
from neuroscope_elasticnet.matrix.selection import Places, select
from neuroscope_elasticnet.solvers import adam
from neuroscope_elasticnet.solvers.gap import StackedFit, stacked_gaps
from neuroscope_elasticnet.solvers.stack import Lane, train

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroscope_elasticnet.batching.jobs import Job, Solution
    from neuroscope_elasticnet.matrix.scaling import Floats
    from neuroscope_elasticnet.solvers.fit import Fit

_WIDE = 256  # classes of all problems in a stack: with more, products are hardly faster and the weights leave the cache
_FIXED = 36  # a product with c classes takes time as 36 + c: reading and packing the rows costs as much as 36 classes


@dataclass(frozen=True, slots=True)
class _PlannedJob:
    """A job and the order in which it sees its rows.

    Attributes:
        job: what to fit.
        generator: draws the first weights, then the orders.
        rows: row numbers, repeated as often as each counts; an epoch's order before it is shuffled.
        key: equal for jobs that see the same rows in the same order.
    """

    job: Job
    generator: np.random.Generator
    rows: NDArray[np.int64]
    key: tuple[Any, ...]


def plan_stacks(
    values: NDArray[Any], jobs: Sequence[Job], center: Floats, sd: Floats
) -> list[Callable[[], dict[Job, Solution]]]:
    """Plan the stacks of jobs whose rows have equal weights: calls that may run side by side, each gives solutions.

    Args:
        values: ``[rows, columns]``.
        jobs: with ``solver=adam``.
        center: ``[columns]``, means under the jobs' weights.
        sd: ``[columns]``, standard deviations.
    """
    prints: dict[bytes, list[bytes]] = {}
    return [
        partial(_run, values, columns, chunk, center, sd)
        for group in grouped([_plan(values, job, prints) for job in jobs], lambda each: each.key)
        for columns, members in _over_columns(group)
        for chunk in _chunks(members)
    ]


def _plan(values: NDArray[Any], job: Job, prints: dict[bytes, list[bytes]]) -> _PlannedJob:
    generator, settings = job.settings.generator(), job.settings
    rows = np.arange(len(values)) if job.counted is None else job.counted
    counts = counts_of(job.weights)
    key: tuple[Any, ...] = (settings.epochs, settings.batch, settings.scale == "none")
    if settings.shuffle:
        columns = job.columns_key
        if columns not in prints:
            prints[columns] = adam.fingerprints(select(values, None, job.columns))
        rows = adam.canonical(rows, prints[columns], job.y)
        key += (columns, job.classes, digest(rows), str(generator.bit_generator.state))
    return _PlannedJob(job, generator, np.repeat(rows, counts[rows]), key)


def _over_columns(group: Sequence[_PlannedJob]) -> Iterator[tuple[Places, list[_PlannedJob]]]:
    """Split jobs by columns where that is cheaper than one stack over a stretch that holds the columns of several."""
    apart = grouped(group, lambda each: each.job.columns_key)
    ends = [_ends(each.job.columns) for each in group]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    together: list[_PlannedJob] = []
    for members in apart:
        columns, classes = members[0].job.columns, sum(each.job.classes for each in members)
        seen = columns.stop - columns.start if isinstance(columns, slice) else len(np.unique(columns))
        twice = not isinstance(columns, slice) and seen < len(columns)  # a stack holds each column once
        if len(apart) > 1 and not twice and classes * (high - low) < seen * (_FIXED + classes):
            together += members
        else:
            yield columns, members
    if together:
        yield slice(low, high), together


def _ends(columns: Places) -> tuple[int, int]:
    return (columns.start, columns.stop) if isinstance(columns, slice) else (int(columns.min()), int(columns.max()) + 1)


def _chunks(members: Sequence[_PlannedJob]) -> Iterator[list[_PlannedJob]]:
    """Split jobs into few stacks of about the same number of classes: a small one would read the rows for little."""
    classes = sum(each.job.classes for each in members)
    room = classes / -(-classes // _WIDE)
    chunk: list[_PlannedJob] = []
    held, before = 0, 0.0
    for each in members:
        if chunk and held + each.job.classes / 2 > before + room:
            yield chunk
            chunk, before = [], before + room
        chunk.append(each)
        held += each.job.classes
    yield chunk


def _run(
    values: NDArray[Any], columns: Places, members: Sequence[_PlannedJob], center: Floats, sd: Floats
) -> dict[Job, Solution]:
    """Train one stack."""
    matrix = select(values, None, columns)
    middle = adam_center(center, members[0].job.settings.scale, values.dtype)
    numbers = np.arange(values.shape[1])
    lanes, scales = [], []
    for each in members:
        job = each.job
        scale, inverse = column_scales(sd[job.columns], job.settings.scale, job.layers)
        at = np.searchsorted(numbers[columns], numbers[job.columns]) if isinstance(columns, slice) else numbers[:0]
        at = numbers[:0] if len(at) == matrix.shape[1] and (np.diff(at) == 1).all() else at
        first = adam.start(job.classes, len(scale), each.generator)
        lanes.append(Lane(job.y, first, at, inverse, job.settings.recipe()))
        scales.append(scale)
    order = adam.batches(members[0].rows, lanes[0].recipe, members[0].generator)
    fits = train(matrix, middle[columns], order, lanes)
    told = _with_gaps(ScaledMatrix(matrix, middle[columns], np.ones(matrix.shape[1])), members, lanes, fits)
    return {
        each.job: each.job.solution(fit, middle[each.job.columns], scale)
        for each, fit, scale in zip(members, told, scales, strict=True)
    }


def _with_gaps(
    matrix: ScaledMatrix, members: Sequence[_PlannedJob], lanes: Sequence[Lane], fits: Sequence[Fit]
) -> list[Fit]:
    """The fits, each told how far it is from its optimum; NaN without a penalty."""
    return stacked_gaps(
        matrix,
        [
            StackedFit(
                targets_of(each.job.y, each.job.weights, each.job.classes),
                fit,
                lane.at if lane.at.size else slice(None),
                lane.inverse,
                lane.recipe.l1,
                lane.recipe.l2,
                lane.recipe.plain,
            )
            for each, lane, fit in zip(members, lanes, fits, strict=True)
        ],
    )
