"""Many fits over the same rows: what they share is computed once, and what is apart runs side by side.

Every product of matrices runs on one thread, and what is put together does not depend on how many threads there are:
any number of them gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from neuroscope_elasticnet.batching.lanes import stacks
from neuroscope_elasticnet.batching.paths import paths
from neuroscope_elasticnet.batching.training import choose_penalty
from neuroscope_elasticnet.matrix.scaling import moments
from neuroscope_elasticnet.matrix.selection import select

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroscope_elasticnet.batching.jobs import Job
    from neuroscope_elasticnet.matrix.scaling import Floats

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


def run(values: NDArray[Any], jobs: Sequence[Job]) -> None:
    """Fit all jobs; each probe takes its result. As many threads are used as BLAS may use.

    Args:
        values: ``[rows, columns]``, float32 or float64; may be a memory map; it is not copied whole.
        jobs: what to fit.
    """
    blas = ThreadpoolController()  # looks through the loaded libraries, once
    threads = _threads(blas)
    with blas.limit(limits=1, user_api="blas"):  # the same bits for any number of cores
        _each(lambda job: _choose(values, job), [job for job in jobs if job.probe.penalty == "cv"], threads)
        work: list[Callable[[], None]] = []
        for part in _each(lambda batch: _planned(values, batch), _by_weights(jobs), threads):
            work += part
        _each(lambda one: one(), work, threads)


def _threads(blas: ThreadpoolController) -> int:
    """As many as BLAS may use: what the user, or the machine, grants."""
    return max((int(each["num_threads"]) for each in blas.info() if each["user_api"] == "blas"), default=1)


def _planned(values: NDArray[Any], jobs: Sequence[Job]) -> list[Callable[[], None]]:
    """What is to be run for jobs with equal weights."""
    center, sd = _moments(values, jobs)
    adams = [job for job in jobs if job.settings.solver == "adam"]
    optima = [job for job in jobs if job.settings.solver == "optimum"]
    return [*stacks(values, adams, center, sd), *paths(values, optima, center, sd)]


def _each(function: Callable[[_Given], _Made], given: Iterable[_Given], threads: int) -> list[_Made]:
    if threads == 1:
        return [function(one) for one in given]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, given))


def _choose(values: NDArray[Any], job: Job) -> None:
    groups = job.groups if job.groups is None or job.counted is None else job.groups[job.counted]
    job.l1 = job.l2 = choose_penalty(job.rows(values), groups, job.settings)


def _by_weights(jobs: Sequence[Job]) -> Iterable[list[Job]]:
    found: dict[bytes, list[Job]] = {}
    for job in jobs:
        found.setdefault(job.selection[0], []).append(job)
    return found.values()


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
