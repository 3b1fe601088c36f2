"""Jobs of the optimum put into paths: the same rows, columns, scale and labels, with a falling penalty.

Each fit begins where the one before ended, from strong to weak, and ends by its own duality gap. Optima without L1
share their rotated rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from neuroscope_elasticnet.batching.keys import digest, grouped
from neuroscope_elasticnet.batching.training import prepare, solve
from neuroscope_elasticnet.matrix.selection import Matrix
from neuroscope_elasticnet.solvers.ridge import Axes, rotate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuroscope_elasticnet.batching.jobs import Job, Solution
    from neuroscope_elasticnet.matrix.scaling import Floats

_Made = TypeVar("_Made")


class _SharedValue(Generic[_Made]):
    """A value made by the first thread that asks for it, and let go when the last user has left."""

    def __init__(self, users: int) -> None:
        self._users, self._lock = users, Lock()
        self._made: list[_Made] = []

    def get(self, make: Callable[[], _Made]) -> _Made:
        """The value; made now, if nobody has asked before."""
        with self._lock:
            if not self._made:
                self._made.append(make())
            return self._made[0]

    def leave(self) -> None:
        """Say that one user needs it no longer."""
        with self._lock:
            self._users -= 1
            if not self._users:
                self._made.clear()


def plan_paths(
    values: NDArray[Any], jobs: Sequence[Job], center: Floats, sd: Floats
) -> list[Callable[[], dict[Job, Solution]]]:
    """Plan the paths of jobs whose rows have equal weights: calls that may run side by side, each gives solutions.

    Args:
        values: ``[rows, columns]``.
        jobs: with ``solver=optimum``.
        center: ``[columns]``, means under the jobs' weights.
        sd: ``[columns]``, standard deviations.
    """
    found: list[Callable[[], dict[Job, Solution]]] = []
    for same_columns in grouped(jobs, lambda job: job.columns_key):
        scales = grouped(same_columns, lambda job: (job.settings.scale, digest(job.layers)))
        several = [(_paths(same), _SharedValue[Axes](sum(job.settings.l1 == 0 for job in same))) for same in scales]
        matrix = _SharedValue[Matrix](sum(len(paths) for paths, _ in several))
        found += [partial(_run, values, path, center, sd, matrix, axes) for paths, axes in several for path in paths]
    return found


def _paths(jobs: Sequence[Job]) -> list[list[Job]]:
    """Put jobs with equal labels in one path, from strong to weak penalty; one without L1 takes no start: alone."""
    alone = [[job] for job in jobs if job.settings.l1 == 0]
    others = grouped([job for job in jobs if job.settings.l1 > 0], lambda job: (digest(job.y), job.classes))
    return alone + [sorted(path, key=lambda job: (-job.settings.l1, -job.settings.l2)) for path in others]


def _run(
    values: NDArray[Any],
    path: Sequence[Job],
    center: Floats,
    sd: Floats,
    matrix: _SharedValue[Matrix],
    axes: _SharedValue[Axes],
) -> dict[Job, Solution]:
    """Fit the jobs of one path."""
    first = path[0]
    rows = first.rows(matrix.get(lambda: first.select(values)))
    prepared = prepare(rows, first.settings, (center[first.columns], sd[first.columns]))
    fit, found = None, {}
    for job in path:
        fit = solve(
            prepared,
            job.settings,
            fit,
            lambda: axes.get(lambda: rotate(prepared.matrix, prepared.targets.share)),
        )
        found[job] = job.solution(fit, prepared.matrix.center, prepared.scale)
    if first.settings.l1 == 0:
        axes.leave()
    matrix.leave()
    return found
