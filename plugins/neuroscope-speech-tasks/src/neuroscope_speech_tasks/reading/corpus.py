"""A corpus before it is there: where to get it, and how it has to lie."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from neuroscope import BadOption, MissingData
from neuroscope_speech_tasks.reading.listing import first_there, links_told

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from neuroscope_speech_tasks.reading.listing import Listing

_ReaderT = TypeVar("_ReaderT", bound="Callable[..., Any]")


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
        if root.is_file():
            what = "is a file; unpack it, where it is an archive, and name the folder"
        return MissingData(
            f"the data of {self.dataset} are not there: {root} {what}. {self.title}: from {self.source}; "
            f"{self.licence}; {self.size}. Name {self.folder} with --root or --data {self.dataset}=PATH, or put it at "
            f"$NEUROSCOPE_DATA/{self.dataset}."
        )

    def without_utterances(self, root: Path, left_out: Mapping[str, int], example: str = "") -> MissingData:
        """Make the error for a root where no utterance is found, with what lies there instead, by its kind.

        Args:
            root: where it was looked for.
            left_out: what lies there, counted by reason.
            example: a file that is named otherwise than it would have to be.
        """
        counts = ", ".join(f"{reason}: {count:,}" for reason, count in sorted(left_out.items()))
        first = f", the first: {example}" if example else ""
        return self.missing(root, f"utterance ({counts}{first}){links_told(left_out)}" if counts else "")

    def folder_in(self, root: Path, name: str = "") -> Path:
        """Return the folder of a name in a root, in whatever case, where there is one; else the root.

        Raises:
            MissingData: there is no such root.
        """
        if not root.is_dir():
            raise self.missing(root)
        below = first_there(root, name) if name else None
        return below if below is not None and _has_something(below) else root

    def check_has(self, root: Path, what: str, asked: Collection[str], there: Collection[str]) -> None:
        """Raise MissingData where not all is there that was asked for, languages, say, which ``what`` names."""
        if lacking := [each for each in asked if each not in there]:
            raise self.missing(root, f"{what} {', '.join(lacking)} (it has {', '.join(sorted(there)) or 'none'})")

    def check_all_there(self, listing: Listing, asked: Sequence[str], there: Collection[str], form: str) -> None:
        """Raise MissingData where one of the sets that were asked for is not there.

        Args:
            listing: of the files below the root.
            asked: the sets.
            there: those that were found.
            form: what is missing of sets, which ``{}`` stands for.
        """
        if lacking := [part for part in asked if part not in there]:
            others = "+".join(part for part in asked if part in there)
            without = f" (parts={others} does without)" if others else ""
            text = form.format(", ".join(lacking)) + without + links_told(listing.left_out)
            raise self.missing(listing.root, text)

    def describes(self, reader: _ReaderT) -> _ReaderT:
        """Add what is told of the corpus to the docstring of its reader, which ``neuroscope show`` prints."""
        head, arguments, rest = (inspect.getdoc(reader) or "").partition("\n\nArgs:")
        reader.__doc__ = "\n".join([head, *self._lines()]) + arguments + rest
        return reader

    def _lines(self) -> Iterator[str]:
        """Say all that is told of the corpus, as text for people; what is indented is no paragraph."""
        yield from ("", f"{self.title}.", "", f"- From: {self.source}", f"- Licence: {self.licence}")
        yield from (f"- Size: {self.size}", f"- --root: {self.folder}")
        yield from ("", "How it may lie:" if len(self.layouts) > 1 else "How it lies:")
        for layout in self.layouts:
            yield from ("", *(f"    {line}" for line in layout.splitlines()))
        yield from ("", "Columns beside the speaker:", "", *(f"- {name}: {what}" for name, what in self.columns), "")
        yield from (f"- {note}" for note in self.notes)


def _has_something(folder: Path) -> bool:
    """Tell whether something lies in a folder; one that may not be opened is told where it is listed."""
    try:
        return any(folder.iterdir())
    except NotADirectoryError:
        return False
    except OSError:
        return True


def check_parts(parts: Collection[str]) -> None:
    """Raise BadOption where no set is asked for."""
    if not parts:
        raise BadOption("parts names no set; write several joined by +")


def other_counts(what: str, found: Mapping[tuple[str, str], int], published: Mapping[str, Mapping[str, int]]) -> str:
    """Say which sets have other counts than those published, and where the sums agree, of which classes; empty = none.

    Args:
        what: is counted.
        found: set and class -> how many are there; a set of which nothing is there is not meant.
        published: set -> class -> how many there should be.
    """
    told = []
    for part, counts in published.items():
        there = {name: found.get((part, name), 0) for name in counts}
        if not any(there.values()):
            continue
        total, whole = sum(there.values()), sum(counts.values())
        if total != whole:
            told.append(f"{part} has {total:,} of {whole:,}")
        else:
            told += [
                f"{part} has {there[name]:,} {name}, not {counts[name]:,}"
                for name in counts
                if there[name] != counts[name]
            ]
    return f"not the {what} that were published: {', '.join(told)}" if told else ""
