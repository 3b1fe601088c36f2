"""How many fits and rankings an analysis of neurons makes, phase by phase, so that its progress is seen."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from neuroscope.contracts import conditions
from neuroscope.neuron_analysis import controls
from neuroscope.neuron_analysis.null_rankings import DRAWS, DRAWS_OF_HALVES, DRAWS_WITH_PROBES, uses_probe
from neuroscope.neuron_analysis.subsets import steps
from neuroscope.probing.folds import FOLDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from neuroscope.contracts.probing import Ranker
    from neuroscope.contracts.progress import Advance
    from neuroscope.probing.problem_data import ProbeData

_SETS = 3  # conditions whose sets are trained anew at every percentage
_SEARCH = 6  # sizes that the search for minimal sets tries between two percentages, about
_RULES = 3  # minimal sets of a run, each beside as many neurons at random


def planned(data: ProbeData, ranker: Ranker, asked: Sequence[str], *, paper: bool, unlike: bool) -> dict[str, int]:
    """Count the fits and rankings of each phase; where a search decides how many, about as many as it will make.

    Args:
        data: all columns, and the runs.
        ranker: whether it needs a probe decides how much there is to do.
        asked: conditions of the controls.
        paper: the minimal set by the paper's rule alone, which trains no probes of its own.
        unlike: whether another ranking is compared with.
    """
    runs, sizes = len(data.runs.each), len(steps(len(data.features.units)).sizes)
    ranking = 1 + uses_probe(ranker)  # with the fit that it needs
    null = DRAWS_WITH_PROBES * ranking if uses_probe(ranker) else DRAWS + 2 * DRAWS_OF_HALVES
    random = sum(condition in asked for condition in (*controls.CONDITIONS.values(), conditions.UNTRAINED))
    permuted = max(controls.CONTROL_DRAWS, len(data.runs.shown)) * (conditions.PERMUTED in asked)
    minimal = FOLDS * (2 + sizes + _SEARCH) + 2 * _RULES
    return {
        "rank": 2 * runs,
        "null rankings": runs * (null + 2 * ranking),
        "controls": random * runs + permuted,
        "sets": _SETS * sizes * runs,
        "minimal sets": 0 if paper else minimal * runs,
        "tests": runs * unlike,
    }


class StepCount:
    """Count of the steps that are done; a phase never counts more than was planned for it, and ends with all of it.

    Args:
        advance: of the progress that is shown.
        plan: steps of each phase, in their order.
    """

    def __init__(self, advance: Advance, plan: Sequence[int]) -> None:
        self._advance, self._left = advance, deque(plan)

    def add(self, steps: int) -> None:
        """Count steps of the phase that goes on."""
        if self._left:
            counted = min(steps, self._left[0])
            self._left[0] -= counted
            self._advance(counted)

    def end_phase(self) -> None:
        """End the phase that goes on, with what was planned for it and was not needed."""
        self._advance(self._left.popleft())
