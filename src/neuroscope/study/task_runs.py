"""A task with its runs: the splits are drawn once, however many backbones are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.probing.runs import make_runs

if TYPE_CHECKING:
    from collections.abc import Container

    from neuroscope.data.labelling import LabelledTask
    from neuroscope.probing.runs import Runs
    from neuroscope.study.settings import ProbeSettings


class TaskRuns:
    """A labelled task, and its runs over the utterances that a backbone could use.

    Args:
        labelled: the task and all its utterances.
        settings: number of runs, first seed, one split or several.

    Raises:
        BadSplit: its split cannot be made, which is told before any audio is read.
    """

    def __init__(self, labelled: LabelledTask, settings: ProbeSettings) -> None:
        self.labelled, self._settings = labelled, settings
        self._drawn: dict[tuple[str, ...], tuple[LabelledTask, Runs]] = {}
        self._draw(labelled)

    def over(self, usable: Container[str]) -> tuple[LabelledTask, Runs]:
        """The task and its runs over these utterances alone.

        Raises:
            BadSplit: without the others its split cannot be made.
        """
        return self._draw(self.labelled.only(usable))

    def _draw(self, labelled: LabelledTask) -> tuple[LabelledTask, Runs]:
        ids = tuple(each.id for each in labelled.rows.utterances)
        if ids not in self._drawn:
            study = self._settings.study
            runs = make_runs(
                labelled.split, labelled.rows, runs=study.runs, seed=study.seed, one_split=self._settings.one_split
            )
            self._drawn[ids] = (labelled, runs)
        return self._drawn[ids]
