"""Many fits over the same rows: what they share is computed once, and what is apart runs side by side.

Every product of matrices runs on one thread, and what is put together does not depend on how many threads there are:
any number of them gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from neuroscope_elasticnet.batching.keys import digest, grouped
from neuroscope_elasticnet.batching.lanes import plan_stacks
from neuroscope_elasticnet.batching.paths import plan_paths
from neuroscope_elasticnet.batching.penalty import choose_penalty, group_folds
from neuroscope_elasticnet.matrix.scaling import moments
from neuroscope_elasticnet.matrix.selection import select

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroscope_elasticnet.batching.jobs import Job, Solution
    from neuroscope_elasticnet.batching.penalty import Parts
    from neuroscope_elasticnet.matrix.scaling import Floats

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


def run(values: NDArray[Any], jobs: Sequence[Job]) -> list[Solution]:
    """Fit all jobs, on as many threads as BLAS may use.

    Args:
        values: ``[rows, columns]``, float32 or float64; may be a memory map; it is not copied whole.
        jobs: what to fit.

    Returns:
        Solutions, in the jobs' order.
    """
    blas = ThreadpoolController()  # looks through the loaded libraries, once
    threads = _threads(blas)
    with blas.limit(limits=1, user_api="blas"):  # the same bits for any number of cores
        chosen = _with_chosen_penalties(values, jobs, threads)
        plans = _each(lambda same: _plan(values, same), grouped(chosen, lambda job: job.weights_key), threads)
        parts = _each(lambda call: call(), [call for plan in plans for call in plan], threads)
    found = {job: solution for part in parts for job, solution in part.items()}
    return [found[job] for job in chosen]


def _threads(blas: ThreadpoolController) -> int:
    """How many threads BLAS may use: what the user, or the machine, grants."""
    return max((int(each["num_threads"]) for each in blas.info() if each["user_api"] == "blas"), default=1)


def _plan(values: NDArray[Any], jobs: Sequence[Job]) -> list[Callable[[], dict[Job, Solution]]]:
    """The calls that fit jobs whose rows have equal weights."""
    center, sd = _moments(values, jobs)
    adams = [job for job in jobs if job.settings.solver == "adam"]
    optima = [job for job in jobs if job.settings.solver == "optimum"]
    return [*plan_stacks(values, adams, center, sd), *plan_paths(values, optima, center, sd)]


def _each(function: Callable[[_Given], _Made], given: Iterable[_Given], threads: int) -> list[_Made]:
    if threads == 1:
        return [function(one) for one in given]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, given))


def _with_chosen_penalties(values: NDArray[Any], jobs: Sequence[Job], threads: int) -> list[Job]:
    """The jobs with the penalties that ``penalty=cv`` chooses, in their order; as they are, where they are fixed."""
    asked = [job for job in jobs if job.settings.penalty == "cv"]
    found = dict(zip(jobs, jobs, strict=True))
    inside = max(1, threads // max(len(asked), 1))  # with few jobs, the folds of one run side by side
    for alike in grouped(asked, lambda job: (job.weights_key, digest(job.y), digest(job.groups))):
        first = alike[0]
        kept = slice(None) if first.counted is None else first.counted
        parts = group_folds(first.y[kept], None if first.groups is None else first.groups[kept])

        def choose(job: Job, parts: Parts = parts) -> Job:
            rows = job.rows(job.select(values))
            size = choose_penalty(rows, parts, job.settings, partial(_each, threads=inside))
            return replace(job, settings=replace(job.settings, l1=size, l2=size))

        found |= zip(alike, _each(choose, alike, threads), strict=True)
    return [found[job] for job in jobs]


def _moments(values: NDArray[Any], jobs: Sequence[Job]) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the columns that any of the jobs sees; 0 elsewhere."""
    seen = np.zeros(values.shape[1], bool)
    for job in jobs:
        seen[job.columns] = True
    columns = slice(None) if seen.all() else np.flatnonzero(seen)
    counted = jobs[0].counted
    weights = jobs[0].weights if counted is None else jobs[0].weights[counted]
    center, sd = np.zeros(values.shape[1]), np.zeros(values.shape[1])
    center[columns], sd[columns] = moments(select(values, counted, columns), weights)
    return center, sd
