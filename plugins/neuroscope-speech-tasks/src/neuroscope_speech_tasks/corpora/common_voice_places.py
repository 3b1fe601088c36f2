"""Where the locales of Common Voice lie: a folder each, below releases or without any."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from neuroscope import BadOption
from neuroscope_speech_tasks.reading.listing import as_given, closed_folders_are_told
from neuroscope_speech_tasks.reading.metadata import Problems, read_table

if TYPE_CHECKING:
    from neuroscope_speech_tasks.reading.corpus import Corpus

Part = Literal["train", "dev", "test", "validated", "other", "invalidated"]
OFFICIAL: tuple[Part, ...] = ("train", "dev", "test")
PARTS: tuple[Part, ...] = (*OFFICIAL, "validated", "other", "invalidated")
_RELEASE = "cv-corpus-"
_LOCALE = re.compile("[a-z]{2,3}(-([A-Z]{2}|[A-Z][a-z]{3}))?|nan-tw|rm-sursilv|rm-vallader")
"""A locale's name: a language, in some with a region or a script; three are written otherwise."""

_WORDS = {"all", "bak", "csv", "cv", "dev", "mp3", "old", "raw", "tmp", "tsv", "wav"}
"""Names of that form that are rather no locale: cv, which is Chuvash, is rather the corpus."""


def several_releases(places: Sequence[Place]) -> str:
    """Warn where locales are of several releases; empty = they are of one."""
    if len({place.release for place in places}) == 1:
        return ""
    told = ", ".join(f"{place.locale} from {place.release or 'a folder of none'}" for place in places)
    return f"locales of several releases: {told}; a difference of releases may be taken for one of languages"


@dataclass(frozen=True, slots=True)
class Place:
    """A locale's folder: below the root, with a slash at its end; the locale, empty = not known; its release."""

    folder: str
    locale: str
    release: str

    def table(self, part: str) -> str:
        """Name the table of a part, below the root."""
        return f"{self.folder}{part}.tsv"


def choose_places(corpus: Corpus, root: Path, locales: Sequence[str], version: str) -> list[Place]:
    """Choose the places that are read: one a locale."""
    with closed_folders_are_told(root):
        found = list(_places(root))
    if not found:
        packed = sorted(each.name for each in root.glob("*.tar.gz")) if root.is_dir() else []
        unpacked = f"unpacked locale; unpack {', '.join(packed[:3])} with tar -xzf" if packed else ""
        raise corpus.missing(root, unpacked)
    if version:
        found = _of_release(corpus, found, version, root)
    found = _all_named(found, root, locales)
    corpus.check_has(root, "locale", locales, {place.locale for place in found})
    return _once_each([place for place in found if not locales or place.locale in locales], root)


def _of_release(corpus: Corpus, found: Sequence[Place], version: str, root: Path) -> list[Place]:
    """Choose the places of the release that is asked for: ``17.0`` may have a date behind it."""
    releases = {place.release for place in found} - {""}
    chosen = {each for each in releases if version in {each, each.removeprefix(_RELEASE)}}
    chosen = chosen or {each for each in releases if each.startswith(f"{_RELEASE}{version}-")}
    if not chosen:
        raise corpus.missing(root, f"release {version} (it has {', '.join(sorted(releases)) or 'none'})")
    return [place for place in found if place.release in chosen]


def _once_each(found: Sequence[Place], root: Path) -> list[Place]:
    """Sort the places by their locales; of two with one locale, none is chosen silently."""
    counts = Counter(place.locale for place in found)
    if twice := sorted({place.folder for place in found if counts[place.locale] > 1}):
        releases = sorted({place.release for place in found if counts[place.locale] > 1} - {""})
        example = f"e.g. version={releases[-1]}" if releases else "or name one of these folders with --root"
        raise BadOption(
            f"{root} holds a locale more than once, in {', '.join(twice)}: say which release with the option version, "
            f"{example}"
        )
    return sorted(found, key=lambda place: place.locale)


def _places(root: Path) -> Iterator[Place]:
    """Find the folders that hold a table of clips: the root, those in it, and those in the releases in it."""
    releases = [name for name in _folders(root) if name.startswith(_RELEASE)]
    here = as_given(root)
    own = next((each.name for each in (here, here.parent) if each.name.startswith(_RELEASE)), "")
    for release in ("", *releases):
        below = f"{release}/" if release else ""
        if _is_locale(root / release):
            yield Place(below, "", release or own)
        for name in _folders(root / release):
            if name not in releases and _is_locale(root / below / name):
                yield Place(f"{below}{name}/", "", release or own)


def _folders(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(each.name for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))


def _is_locale(folder: Path) -> bool:
    return any((folder / f"{part}.tsv").exists() for part in PARTS)


def _all_named(found: Sequence[Place], root: Path, locales: Sequence[str]) -> list[Place]:
    """Name the locales of folders: by their names, else by their tables; of one alone, as the user says."""
    named = [replace(place, locale=_by_name(place, root) or _stated(place, root)) for place in found]
    if len(found) == len(locales) == 1 and not _stated(found[0], root):
        return [replace(found[0], locale=locales[0])]
    unknown = [place for place in named if not place.locale]
    named = [place for place in named if place.locale]
    if unknown and (not locales or set(locales) - {place.locale for place in named}):
        folders = ", ".join(str(root / place.folder) for place in unknown)
        raise BadOption(
            f"nothing says which locale {folders} is: name the folder so, e.g. ar, or read it alone, with --root and "
            "the option locales=ar"
        )
    return named


def _by_name(place: Place, root: Path) -> str:
    """Return the locale that a folder is called by; empty = its name is none."""
    name = place.folder.rstrip("/").rpartition("/")[2] if place.folder else as_given(root).name
    return name if _LOCALE.fullmatch(name) and name not in _WORDS else ""


def _stated(place: Place, root: Path) -> str:
    """The locale of the first row that says one; empty = the tables have no such column (up to release 4)."""
    for part in PARTS:
        if (table := root / place.table(part)).exists():
            _, row = next(read_table(table, Problems(str(root))), (0, {}))
            if "locale" in row:
                return row["locale"]
    return ""
