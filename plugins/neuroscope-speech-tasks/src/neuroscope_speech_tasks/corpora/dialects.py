"""What the corpora of Arabic dialects share: labels from several places, and sets that are not there."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from neuroscope import BadOption
from neuroscope_speech_tasks.reading.listing import AUDIO

if TYPE_CHECKING:
    from neuroscope_speech_tasks.reading.corpus import Corpus
    from neuroscope_speech_tasks.reading.listing import Listing
    from neuroscope_speech_tasks.reading.metadata import Problems


_AUDIO_FOLDER = re.compile("(?:wav|wave|flac|mp3|m4a|sph|audio|clip)s?", re.IGNORECASE)


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


def stem(path: str) -> str:
    """Return the last part of a path or an address, without the ending of an audio file.

    What else stands behind a dot belongs to the name, as in ``..._73.28_91.11``.
    """
    name = path.replace("\\", "/").rpartition("/")[2]
    first, _, ending = name.rpartition(".")
    return first if f".{ending.lower()}" in AUDIO else name


def folder_among(path: str, form: re.Pattern[str]) -> str:
    """Return the innermost folder of a path that has a form, or the form's first group; empty = none has."""
    for folder in reversed(path.replace("\\", "/").split("/")[:-1]):
        if match := form.fullmatch(folder):
            return match[match.lastindex or 0]
    return ""


def folder_of_class(path: str) -> str:
    """Return the folder that a file lies in, or the one above where that is named after audio; empty = there is none.

    Folders further above are where somebody keeps the corpus, whatever they are called.
    """
    *_, above, own = ("", "", *path.replace("\\", "/").split("/")[:-1])
    return above if _AUDIO_FOLDER.fullmatch(own) else own


def check_parts(parts: Collection[str]) -> None:
    """Raise BadOption where no set is asked for."""
    if not parts:
        raise BadOption("parts names no set; write several joined by +")


def check_all_there(corpus: Corpus, listing: Listing, asked: Sequence[str], there: Collection[str], form: str) -> None:
    """Raise MissingData where one of the sets that were asked for is not there.

    Args:
        corpus: what is told of it.
        listing: of the files below the root.
        asked: the sets.
        there: those that were found.
        form: what is missing of sets, which ``{}`` stands for.
    """
    lacking = [part for part in asked if part not in there]
    if lacking:
        others = "+".join(part for part in asked if part in there)
        without = f" (parts={others} does without)" if others else ""
        raise corpus.missing(listing.root, form.format(", ".join(lacking)) + without + links_told(listing))


def links_told(listing: Listing) -> str:
    """Say how many links to folders were not followed, and the way out; empty = there are none."""
    count = listing.left_out.get("link to a folder, not followed", 0)
    if not count:
        return ""
    return f"; links to folders, not followed: {count:,} (name the folder itself, or link the whole corpus)"
