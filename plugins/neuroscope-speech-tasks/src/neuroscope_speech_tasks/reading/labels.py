"""Labels of names that several places tell: folders, lists, and the names themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neuroscope_speech_tasks.reading.metadata import Problems


@dataclass
class Labels:
    """Labels of names, as folders, lists and names themselves tell them.

    Attributes:
        problems: receives names that are told to have different labels.
        of: name -> label.
    """

    problems: Problems
    of: dict[str, str] = field(default_factory=dict)
    _contested: set[str] = field(default_factory=set)

    def add(self, name: str, label: str, told_by: str, line: int | None = None) -> None:
        """Note a label that a file below the root tells, by its name; an empty one says nothing."""
        if label and (before := self.of.setdefault(name, label)) != label and name not in self._contested:
            self._contested.add(name)
            self.problems.add(
                Path(self.problems.source, told_by), f"{name} is {label} here, and {before} elsewhere", line
            )
