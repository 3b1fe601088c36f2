"""Threads of the processor: how many there are for us, and work of one thread each side by side.

Threads that share one product of matrices wait for each other at its end, many thousand times a second: beside other
processes, which keep them from running together, that takes many times as long. So work is put side by side whole, each
part on a thread of its own: no part waits, and the numbers are the same for any number of threads.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from math import inf
from threading import Lock
from typing import TypeVar

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")

_lock = Lock()
_before: list[int] = []
"""Threads of torch as each user of `one_torch_thread` found them; the first number comes back when all have left."""


def available_threads() -> int:
    """Count the threads that may run at a time: processors that are granted to us, at most ``OMP_NUM_THREADS``.

    Granted by affinity, and by the limits of a container (cgroups).
    """
    from joblib import cpu_count  # type: ignore[import-untyped]

    granted = int(cpu_count())
    first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()  # "4,2": of nested teams
    return max(1, min(granted, int(first))) if first.isdecimal() and int(first) else granted


@contextmanager
def blas_threads(count: int) -> Iterator[None]:
    """Let the products of numpy and scipy use so many threads, inside the ``with``."""
    import scipy.linalg  # noqa: F401 - brings the libraries that are limited
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(limits=count, user_api="blas"):
        yield


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Let every operation of torch use one thread, inside the ``with``: in all threads of the process."""
    import torch

    with _lock:
        _before.append(torch.get_num_threads())
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            if len(_before) == 1:  # the last of those who asked for it
                torch.set_num_threads(_before[0])
            _before.pop()


def map_ahead(
    function: Callable[[_Given], _Made],
    given: Iterable[_Given],
    threads: int,
    weigh: Callable[[_Given], float] = lambda each: 0.0,
    most: float = inf,
) -> Generator[_Made]:
    """Call a function for each, in so many threads, and yield what it returns in order.

    At most one more is taken from ``given`` than there are threads. When closed, calls that have not begun never do,
    and those that have are waited for.

    Args:
        function: what it raises is raised at its place in the order.
        given: is asked in the calling thread, as results are taken.
        threads: 1 = in the calling thread.
        weigh: tells how much of ``most`` one takes while it runs.
        most: of all that run at a time; one that weighs more runs by itself.
    """
    if threads == 1:
        yield from map(function, given)
        return
    pool = ThreadPoolExecutor(threads)
    coming: deque[tuple[Future[_Made], float]] = deque()
    try:
        for each in given:
            weight = weigh(each)
            while coming and weight + sum(own for call, own in coming if not call.done()) > most:
                yield coming.popleft()[0].result()
            coming.append((pool.submit(function, each), weight))
            if len(coming) > threads:
                yield coming.popleft()[0].result()
        while coming:
            yield coming.popleft()[0].result()
    finally:
        pool.shutdown(cancel_futures=True)
