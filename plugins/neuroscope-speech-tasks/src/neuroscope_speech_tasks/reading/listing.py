"""Files below a folder, listed with progress: hundreds of thousands in seconds, and none is opened."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from neuroscope import BadManifest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from neuroscope import Progress

AUDIO = (
    *(".wav", ".flac", ".mp3", ".ogg", ".opus", ".aiff", ".aif", ".au", ".sph", ".m4a", ".aac", ".wma", ".amr"),
    *(".aifc", ".snd", ".w64", ".caf", ".oga", ".mp4", ".3gp", ".webm", ".mka", ".mkv"),
)
"""Endings of the files that are audio; of copies of a file, the one whose ending comes first is read."""
COPY = "copy of an utterance"
_LINK = "link to a folder, not followed"
_EVERY = 1000  # files between two reports of progress


@dataclass(frozen=True, slots=True)
class Listing:
    """The files below a folder.

    Attributes:
        root: the folder.
        names: paths of the files below it, with ``/``, sorted.
        left_out: files of other endings, links to folders, and what is no file, counted by kind.
    """

    root: Path
    names: tuple[str, ...]
    left_out: Mapping[str, int]

    def path(self, name: str) -> Path:
        """Return the path of a file."""
        return self.root / name

    def below(self, folder: str) -> Sequence[str]:
        """Return the files below one of its folders, by their paths below the root."""
        after = chr(ord("/") + 1)
        return self.names[bisect_left(self.names, f"{folder}/") : bisect_left(self.names, f"{folder}{after}")]


def list_files(
    root: Path,
    progress: Progress,
    endings: Collection[str] = AUDIO,
    *,
    below: Sequence[str] = ("",),
    beside: Collection[str] = (),
) -> Listing:
    """List the files below a folder that have one of some endings, whatever their case.

    Hidden files and folders are passed over; links to folders are counted, not followed; links to files are files.

    Args:
        root: the folder; it has to exist.
        progress: told of the files that are found.
        endings: with their dot, in lower case.
        below: only below these folders of the root, with ``/``; names begin with them then.
        beside: endings, likewise, of the corpus's own texts and tables, which are not counted as left out.

    Raises:
        BadManifest: a folder may not be opened, names of files are no UTF-8, or one of ``below`` leads out of the root.
    """
    if out := [folder for folder in below if leads_out(root / folder, root)]:
        raise BadManifest(str(root), [f"{folder} is a link out of it; put the folder itself there" for folder in out])
    search = _Search(root, frozenset(endings), frozenset(beside), list(below))
    with progress("Listing files", 0) as advance:
        told = 0
        while search.folders:
            search.look_into(search.folders.pop())
            if len(search.names) >= told + _EVERY:
                advance(len(search.names) - told)
                told = len(search.names)
        advance(len(search.names) - told)
    search.check()
    return Listing(root, tuple(sorted(search.names)), dict(sorted(search.other.items())))


@dataclass
class _Search:
    """A search for files: what was found so far, and the folders that have not been looked into."""

    root: Path
    endings: frozenset[str]
    beside: frozenset[str]
    folders: list[str]
    names: list[str] = field(default_factory=list)
    other: Counter[str] = field(default_factory=Counter)
    closed: list[str] = field(default_factory=list)

    def look_into(self, folder: str) -> None:
        try:
            with os.scandir(self.root / folder) as entries:
                found = [each for each in entries if not each.name.startswith(".")]
        except OSError as error:
            self._is_closed(str(self.root / folder), error)
            return
        for entry in found:
            try:
                self._sort_in(entry, f"{folder}/{entry.name}" if folder else entry.name)
            except OSError as error:
                self._is_closed(entry.path, error)

    def _sort_in(self, entry: os.DirEntry[str], name: str) -> None:
        if entry.is_dir(follow_symlinks=False):
            self.folders.append(name)
        elif entry.is_symlink() and entry.is_dir():
            self.other[_LINK] += 1
        elif (ending := _ending(entry.name)).lower() not in self.endings:
            if ending.lower() not in self.beside:
                self.other[f"{ending or 'no ending'} file"] += 1
        elif entry.is_file():
            self.names.append(name)
        else:
            self.other["link to nothing, pipe or device"] += 1

    def _is_closed(self, path: str, error: OSError) -> None:
        way = "its audio would be missing without a word; mend its permissions, or name what is wanted in a manifest"
        self.closed.append(f"{path} may not be opened ({error.strerror}): {way}")

    def check(self) -> None:
        """Raise BadManifest where a folder may not be opened, or the name of a file is no UTF-8."""
        strange = sorted(str(self.root / name) for name in self.names if not _is_text(name))
        if problems := self.closed or [f"the name of {name!a} is no UTF-8; rename it" for name in strange]:
            raise BadManifest(str(self.root), problems)


def _ending(name: str) -> str:
    """Return what follows a name's last dot, with the dot; as os.path.splitext, and quicker."""
    _, dot, ending = name.rpartition(".")
    return f"{dot}{ending}" if dot else ""


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def one_of_each(named: Iterable[tuple[str, str]]) -> tuple[dict[str, str], int]:
    """Choose one file of each utterance: copies in other formats may lie beside the originals, or in another folder.

    Args:
        named: id of an utterance and name of a file of it, sorted by name.

    Returns:
        id -> name of the file whose ending comes first in ``AUDIO``, and how many other files there are.
    """
    chosen: dict[str, str] = {}
    copies = 0
    for utterance, name in named:
        if (other := chosen.setdefault(utterance, name)) != name:
            copies += 1
            chosen[utterance] = min(other, name, key=_rank)
    return chosen, copies


def _rank(name: str) -> int:
    return AUDIO.index(_ending(name).lower())


def within(root: Path, name: str) -> Path | None:
    """Return the path of a file that metadata name, below a root; None where it would lie elsewhere, or is no name.

    Args:
        root: of the corpus.
        name: as the metadata have it, with ``/``.
    """
    parts = name.replace("\\", "/").split("/")
    if not parts[0] or ".." in parts or any(ord(sign) < ord(" ") for sign in name):
        return None
    return root.joinpath(*parts)


def as_given(root: Path) -> Path:
    """Return the whole path of a root as it was given: where a link in it leads to is no part of the corpus's name."""
    return Path(os.path.abspath(root))  # noqa: PTH100 - follows no link


def leads_out(path: Path, root: Path) -> bool:
    """Tell whether a file or folder below a root is a link, or behind one, that leads out of the root."""
    return not path.resolve().is_relative_to(root.resolve())


@contextmanager
def closed_folders_are_told(root: Path) -> Iterator[None]:
    """Look into folders below a root; one that may not be opened becomes BadManifest."""
    try:
        yield
    except OSError as error:
        text = f"{error.filename} may not be opened ({error.strerror}): mend its permissions"
        raise BadManifest(str(root), [text]) from None


def links_told(left_out: Mapping[str, int]) -> str:
    """Say how many links to folders were not followed, and the way out; empty = there are none."""
    count = left_out.get(_LINK, 0)
    if not count:
        return ""
    return f"; links to folders, not followed: {count:,} (name the folder itself, or link the whole corpus)"


def first_there(root: Path, *names: str) -> Path | None:
    """Return the first of some files or folders below a root that exists, whatever its case; None = none does."""
    for name in names:
        place: Path | None = root
        for part in name.split("/"):
            place = None if place is None else _child(place, part)
        if place is not None:
            return place
    return None


def found_near(folder: Path, *names: str) -> Path | None:
    """Return the first of some files that exists in a folder, or in one of the two above it; None = none does.

    Above a folder that is a link, those above the link come first, then those above what it leads to.
    """
    named, true = as_given(folder), folder.resolve()
    places = dict.fromkeys([named, *named.parents[:2], true, *true.parents[:2]])
    return next((found for place in places if (found := first_there(place, *names)) is not None), None)


def _child(folder: Path, name: str) -> Path | None:
    """Return a folder's child by its name, in its own case where there is one, else in any."""
    if (folder / name).exists():
        return folder / name
    try:
        alike = sorted(each for each in folder.iterdir() if each.name.casefold() == name.casefold())
    except OSError:
        return None
    return alike[0] if alike else None
