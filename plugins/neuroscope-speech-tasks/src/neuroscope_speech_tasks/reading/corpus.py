"""A corpus before it is there: where to get it, and how it has to lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroscope import MissingData

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """What is told of a corpus where it is missing, and on its page of the reference.

    Attributes:
        dataset: the name that it is read by.
        title: the corpus's own name, with its catalogue number where it has one.
        source: where to get it: an address, or whom to ask.
        licence: in a few words.
        size: of what is read, in hours or files, and on disk.
        folder: what ``--root`` names, in one phrase.
        layouts: the trees that are read, each a few lines of text: folders end in a slash, ``...`` stands for more.
        columns: column -> what it holds, beside the speaker.
        notes: what a user has to know of the data or of how they are read; a sentence each.
    """

    dataset: str
    title: str
    source: str
    licence: str
    size: str
    folder: str
    layouts: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def missing(self, root: Path, lacking: str = "") -> MissingData:
        """Make the error for a root where the corpus, or a part of it, is not.

        Args:
            root: where it was looked for.
            lacking: what is not there, where not all is missing: ``vox1_meta.csv``.
        """
        what = f"has no {lacking}" if lacking else "holds none of it" if root.exists() else "does not exist"
        return MissingData(
            f"the data of {self.dataset} are not there: {root} {what}. {self.title}: from {self.source}; "
            f"{self.licence}; {self.size}. Name {self.folder} with --root or --data {self.dataset}=PATH, or put it at "
            f"$NEUROSCOPE_DATA/{self.dataset}."
        )

    def without_utterances(self, root: Path, left_out: Mapping[str, int]) -> MissingData:
        """Make the error for a root where no utterance is found, with what lies there instead, by its kind."""
        counts = ", ".join(f"{reason}: {count:,}" for reason, count in sorted(left_out.items()))
        return self.missing(root, f"utterance ({counts})" if counts else "")
