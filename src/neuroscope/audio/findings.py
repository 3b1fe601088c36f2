"""Record of what was strange about audio that was read: it is told also where vectors come from the store."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from neuroscope.audio import segments
from neuroscope.audio.loudness import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from neuroscope.audio.loudness import Loudness


class FindingRecord:
    """Record of findings by the row's name, which is of what was read: it holds for every model.

    Args:
        folder: where it is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._new: deque[tuple[str, str]] = deque()  # readers in threads append to it

    def note(self, row: str, loudness: Loudness) -> None:
        """Note what is strange about a row's audio; mostly nothing is."""
        self._new.extend((row, kind) for kind in loudness.findings())

    def keep(self) -> None:
        """Write down what was noted since."""
        import polars

        new = [self._new.popleft() for _ in range(len(self._new))]
        if new:
            segments.write_segment(self._folder, polars.DataFrame(new, schema=["row", "kind"], orient="row"))

    def found(self, rows: Mapping[str, str]) -> dict[str, list[str]]:
        """Look up the utterances of each kind of finding, in the order of ``rows``; a kind without any is left out.

        Args:
            rows: utterance id -> row name.
        """
        import polars

        text = polars.String()
        known = segments.read_segments(self._folder, {"row": text, "kind": text}).unique()
        asked = polars.DataFrame({"id": list(rows), "row": list(rows.values())}, schema={"id": text, "row": text})
        beside = asked.join(known, on="row", maintain_order="left")
        ids = {kind: beside.filter(kind=kind)["id"].to_list() for kind in KINDS}
        return {kind: found for kind, found in ids.items() if found}
