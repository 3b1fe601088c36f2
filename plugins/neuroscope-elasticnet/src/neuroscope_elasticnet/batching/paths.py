"""Which optima are found one after another: the same rows, columns, scale and labels under other penalties.

Each begins where the one before ended, from strong to weak, and ends by its own duality gap. Optima without L1 share
their rotated rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from neuroscope_elasticnet.batching.jobs import digest
from neuroscope_elasticnet.batching.training import Rows, prepare, solve
from neuroscope_elasticnet.matrix.selection import Matrix, select
from neuroscope_elasticnet.solvers.ridge import Axes, rotate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroscope_elasticnet.batching.jobs import Job
    from neuroscope_elasticnet.matrix.scaling import Floats

_Made = TypeVar("_Made")


class _Shared(Generic[_Made]):
    """Something made by the first who asks for it, and let go by the last."""

    def __init__(self, users: int) -> None:
        self._users, self._lock = users, Lock()
        self._made: list[_Made] = []

    def get(self, make: Callable[[], _Made]) -> _Made:
        """It."""
        with self._lock:
            if not self._made:
                self._made.append(make())
            return self._made[0]

    def leave(self) -> None:
        """One user fewer."""
        with self._lock:
            self._users -= 1
            if not self._users:
                self._made.clear()


def paths(values: NDArray[Any], jobs: Sequence[Job], center: Floats, sd: Floats) -> list[Callable[[], None]]:
    """What is to be run for jobs with equal weights, each by itself.

    Args:
        values: ``[rows, columns]``.
        jobs: with ``solver=optimum``.
        center: ``[columns]``, means under the jobs' weights.
        sd: ``[columns]``, standard deviations.
    """
    found: list[Callable[[], None]] = []
    for same_rows in _grouped(jobs, lambda job: job.selection):
        scales = _grouped(same_rows, lambda job: (job.settings.scale, digest(job.layers)))
        chains = [(_chains(same), _Shared[Axes](sum(job.l1 == 0 for job in same))) for same in scales]
        table = _Shared[Matrix](sum(len(several) for several, _ in chains))
        found += [
            partial(_run, values, chain, center, sd, table, axes) for several, axes in chains for chain in several
        ]
    return found


def _grouped(jobs: Sequence[Job], key: Callable[[Job], Any]) -> list[list[Job]]:
    found: dict[Any, list[Job]] = {}
    for job in jobs:
        found.setdefault(key(job), []).append(job)
    return list(found.values())


def _chains(jobs: Sequence[Job]) -> list[list[Job]]:
    """From strong to weak; an optimum without L1 takes no start, and stands alone."""
    alone = [[job] for job in jobs if job.l1 == 0]
    others: Iterable[list[Job]] = _grouped(
        [job for job in jobs if job.l1 > 0], lambda job: (digest(job.y), job.classes)
    )
    return alone + [sorted(several, key=lambda job: (-job.l1, -job.l2)) for several in others]


def _run(
    values: NDArray[Any],
    chain: Sequence[Job],
    center: Floats,
    sd: Floats,
    table: _Shared[Matrix],
    axes: _Shared[Axes],
) -> None:
    """Fit one chain; its probes take their results."""
    first = chain[0]
    kept = slice(None) if first.counted is None else first.counted
    matrix = table.get(lambda: select(values, first.counted, first.columns))
    rows = Rows(matrix, first.y[kept], first.weights[kept], first.classes, first.layers)
    prepared = prepare(rows, first.settings, (center[first.columns], sd[first.columns]))
    fit = None
    for job in chain:
        fit = solve(
            prepared,
            job.settings,
            job.l1,
            job.l2,
            fit,
            lambda: axes.get(lambda: rotate(prepared.matrix, prepared.targets.share)),
        )
        job.take(fit, fit.gap, prepared.matrix.center, prepared.scale)
    if first.l1 == 0:
        axes.leave()
    table.leave()
