"""The description that a command gives back: facts for people, and tidy tables for further work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neuroscope.contracts.records import plain
from neuroscope.description.facts import ClassFacts
from neuroscope.errors import UnknownName
from neuroscope.report.layer_table import WIDEST
from neuroscope.runtime.wording import printable

if TYPE_CHECKING:
    import altair
    import polars

    from neuroscope.description.facts import DataFacts, TaskFacts
    from neuroscope.report.sections import Section


@dataclass(frozen=True, repr=False, eq=False)
class Description:
    """What is in data, and what tasks ask of them; a notebook shows what a terminal would.

    Attributes:
        data: the data themselves; several where tasks are asked of different ones.
        tasks: what each task asks of them.
        counts: the tidy table of utterances.
        pairs: the tidy table of trials.
    """

    data: tuple[DataFacts, ...]
    tasks: tuple[TaskFacts, ...]
    counts: polars.DataFrame
    pairs: polars.DataFrame

    def table(self, name: str = "counts") -> polars.DataFrame:
        """What was counted, as a data frame.

        Args:
            name: ``counts``: ``dataset task what column value part utterances minutes speakers recordings``, a row for
                the ``data``, for each value of a ``column``, unless nearly every utterance has one of its own, and for
                each ``class`` of a task and all of them (an empty ``value``): in all (an empty ``part``) and by part,
                ``train``, ``test``, ``left out`` by the split, ``unusable`` audio. ``pairs``: ``dataset task column
                value trials target nontarget``.

        Raises:
            UnknownName: there is no such table.
        """
        tables = {"counts": self.counts, "pairs": self.pairs}
        if name not in tables:
            raise UnknownName("table", name, tables)
        return tables[name]

    def chart(self) -> altair.VConcatChart:
        """The distribution as an Altair chart: a row a task, its classes by part, or its trials; else the columns."""
        from neuroscope.description.chart import distribution_chart

        return distribution_chart(self.data, self.tasks, self.counts, self.pairs)

    def sections(self, width: int = WIDEST) -> list[Section]:
        """What people are shown: the data, then each task; it fits 80 columns, whatever ``width`` is."""
        del width
        from neuroscope.description.sections import sections_of

        return sections_of(self.data, self.tasks, self.counts, self.pairs)

    def problems(self) -> list[str]:
        """What is wrong with the audio: a line for each reason why utterances cannot be used."""
        several = len(self.data) > 1
        return [
            f"Warning: {unusable.utterances} of {data.total.utterances} utterances{f' of {data.dataset}' * several} "
            f"cannot be used: {unusable.reason}, e.g. {unusable.example}."
            for data in self.data
            for unusable in data.unusable
        ]

    def plain(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        kinds = ["classes" if isinstance(each, ClassFacts) else "trials" for each in self.tasks]
        tasks = [{"kind": kind, **plain(each)} for kind, each in zip(kinds, self.tasks, strict=True)]
        return {
            "data": plain(self.data),
            "tasks": tasks,
            "counts": self.counts.to_dicts(),
            "pairs": self.pairs.to_dicts(),
        }

    def __repr__(self) -> str:
        from neuroscope.description.sections import lines_of

        return printable("\n  ".join(["<Description", *lines_of(self.data, self.tasks), *self.problems()])) + ">"

    def _repr_html_(self) -> str:
        """What Jupyter shows."""
        from neuroscope.report.html import as_html

        problems = self.problems()
        return as_html([*self.sections(), *(["", *problems] if problems else [])])
