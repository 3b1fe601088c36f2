"""The inputs that a cell is computed from: its task with its runs, its backbone, and the rows of the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroscope.errors import BadSplit
from neuroscope.probing.runs import make_runs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from neuroscope.data.labelling import LabelledTask
    from neuroscope.extraction.identity import PreparedBackbone
    from neuroscope.probing.cell import Cell
    from neuroscope.probing.runs import Runs
    from neuroscope.study.settings import CellSpec, ProbeSettings


@dataclass(frozen=True)
class CellInputs:
    """The inputs that one cell is computed from.

    Attributes:
        spec: what describes it.
        cell: the conditions of its rows.
        prepared: the backbone.
        labelled: the task, over the utterances that could be used.
        runs: splits and seeds over these.
        row_of: utterance id -> its row in the store.
        settings: the unfitted probe and what belongs to it.
    """

    spec: CellSpec
    cell: Cell
    prepared: PreparedBackbone
    labelled: LabelledTask
    runs: Runs
    row_of: Mapping[str, str]
    settings: ProbeSettings


class TaskRuns:
    """A labelled task, and its runs over the utterances that a backbone could use; equal splits are drawn once.

    Args:
        labelled: the task and all its utterances.
        settings: number of runs, first seed, one split or several.

    Raises:
        BadSplit: its split cannot be made, which is told before any audio is read.
    """

    def __init__(self, labelled: LabelledTask, settings: ProbeSettings) -> None:
        self.labelled, self._settings = labelled, settings
        self._drawn: dict[tuple[tuple[str, ...], tuple[int, ...]], tuple[LabelledTask, Runs]] = {}
        self._draw(labelled)

    def over(self, usable: Mapping[str, str]) -> tuple[LabelledTask, Runs]:
        """Select these utterances, and make the task and its runs over them alone.

        Args:
            usable: id -> row in the store; utterances of one row are the same audio, which no run parts.

        Raises:
            BadSplit: without the others, or without parting equal audio, its split cannot be made.
        """
        return self._draw(self.labelled.only(usable))

    def _draw(self, labelled: LabelledTask) -> tuple[LabelledTask, Runs]:
        known = (tuple(each.id for each in labelled.rows.utterances), tuple(labelled.rows.same_audio.tolist()))
        if known not in self._drawn:
            self._drawn[known] = (labelled, self._make_runs(labelled))
        return self._drawn[known]

    def _make_runs(self, labelled: LabelledTask) -> Runs:
        study = self._settings.study
        try:
            return make_runs(
                labelled.split, labelled.rows, runs=study.runs, seed=study.seed, one_split=self._settings.one_split
            )
        except BadSplit as error:
            raise BadSplit(f"{labelled.about}: {error}") from error
