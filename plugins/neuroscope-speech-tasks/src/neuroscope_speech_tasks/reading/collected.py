"""Utterances as a reader finds them: each id once, and what is left out counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from neuroscope import Manifest

if TYPE_CHECKING:
    from neuroscope import Utterance
    from neuroscope_speech_tasks.reading.metadata import Problems

ABSENT = "row whose file is not there"


@dataclass
class Collected:
    """The utterances of a corpus so far, in the order that they were found in.

    Attributes:
        problems: receives ids that come twice with other content.
        by_id: the utterances.
        left_out: what is no utterance, counted by reason.
    """

    problems: Problems
    by_id: dict[str, Utterance] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, utterance: Utterance, file: Path, line: int) -> None:
        """Add an utterance; one that is there already is counted, and a problem of the line where the two differ."""
        known = self.by_id.setdefault(utterance.id, utterance)
        if known is utterance:
            return
        if known == utterance:
            self.left_out["row that comes twice"] += 1
        else:
            self.problems.add(file, f"{utterance.id} comes twice, with other content", line)

    def manifest(self, *, note: str = "", warning: str = "") -> Manifest:
        """Make the manifest.

        Args:
            note: behind the name of its source.
            warning: what a reader of any result on it has to know.

        Raises:
            BadManifest: there are problems.
        """
        self.problems.check()
        left_out = {reason: count for reason, count in sorted(self.left_out.items()) if count}
        source = f"{self.problems.source}{note}"
        return Manifest(tuple(self.by_id.values()), source=source, left_out=left_out, warning=warning)
