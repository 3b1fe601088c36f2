"""Clips that a corpus's tables name: found by their names, in whatever format they lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from neuroscope import BadManifest
from neuroscope_speech_tasks.reading.collected import ABSENT, Collected
from neuroscope_speech_tasks.reading.file_names import without_ending
from neuroscope_speech_tasks.reading.listing import COPY, Listing, list_files, one_of_each
from neuroscope_speech_tasks.reading.metadata import Problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from neuroscope import Manifest, Progress
    from neuroscope_speech_tasks.reading.corpus import Corpus


@dataclass
class Clips:
    """The clips in some folders of a corpus, and the utterances that tables make of them.

    Attributes:
        corpus: what is told of it.
        listing: of the folders.
        collected: utterances, problems, and what is left out.
        found: how many clips were looked up so far.
    """

    corpus: Corpus
    listing: Listing
    collected: Collected
    found: int = 0

    @classmethod
    def look(cls, corpus: Corpus, root: Path, folders: Sequence[str], progress: Progress) -> Clips:
        """List the clips in some folders below a root."""
        clips = cls(corpus, list_files(root, progress, below=folders), Collected(Problems(str(root))))
        clips.collected.left_out.update(clips.listing.left_out)
        return clips

    def by_name(self, folder: str) -> dict[str, Path]:
        """Find the clips below a folder by their names without the ending; of copies one, the others are counted."""
        named = ((without_ending(path.removeprefix(f"{folder}/")), path) for path in self.listing.below(folder))
        files, copies = one_of_each(named)
        self.collected.left_out[COPY] += copies
        self.found += len(files)
        return {name: self.listing.path(path) for name, path in files.items()}

    def manifest(self, others: str, tables: Iterable[str], warning: str = "") -> Manifest:
        """Make the manifest.

        Args:
            others: what clips are that became no utterance.
            tables: names of those that were read.
            warning: what a reader of any result on it has to know.

        Raises:
            MissingData: none of the files that tables name is there.
            BadManifest: there are problems, or no rows.
        """
        self.collected.left_out[others] += self.found - len(self.collected.by_id)
        manifest = self.collected.manifest(warning=warning)
        if not manifest and ABSENT in manifest.left_out:
            raise self.corpus.missing(self.listing.root, "file of those that its tables name")
        if not manifest:
            raise BadManifest(manifest.source, [f"{', '.join(tables)}: no rows"])
        return manifest
