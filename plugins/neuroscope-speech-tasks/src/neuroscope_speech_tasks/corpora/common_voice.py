"""Common Voice: sentences that volunteers read, in many languages."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from neuroscope import BadManifest, BadOption, Manifest, Utterance
from neuroscope_speech_tasks.reading.collected import Collected
from neuroscope_speech_tasks.reading.corpus import Corpus
from neuroscope_speech_tasks.reading.listing import closed_folders_are_told, list_files, within
from neuroscope_speech_tasks.reading.metadata import Problems, Row, read_lines, read_table

if TYPE_CHECKING:
    from neuroscope import Progress

CORPUS = Corpus(
    dataset="common-voice",
    title="Mozilla Common Voice, scripted speech",
    source="Mozilla Data Collective, https://datacollective.mozillafoundation.org",
    licence="CC0 1.0",
    size="Corpus 4: 4,257 h in 40 languages; Corpus 24.0: 38,932 h in 289; a language may be had alone",
    folder="the folder that holds cv-corpus-*, a release, or a locale's folder",
    layouts=(
        "cv-corpus-17.0-2024-03-15/ar/train.tsv, dev.tsv, test.tsv, validated.tsv, other.tsv, invalidated.tsv\n"
        "cv-corpus-17.0-2024-03-15/ar/clip_durations.tsv (16.1 and later; 14.0 to 16.0: times.txt)\n"
        "cv-corpus-17.0-2024-03-15/ar/clips/*.mp3",
        "ar/train.tsv, ...\nar/clips/*.mp3",
        "train.tsv, ... (one locale; up to release 4 without the column locale)\nclips/*.mp3",
    ),
    columns=(
        ("language", "the locale: ar, zh-CN, ..."),
        ("gender", "male, female, other; since 17.0 male_masculine, female_feminine and others; as it is written"),
        ("age", "twenties, thirties, ..."),
        ("accent", "of the columns accent and accents"),
        ("variant", "of the language (since 13.0)"),
        ("split", "train, dev, test; none in the other parts"),
        ("seconds", "length of the clip, of clip_durations.tsv or times.txt"),
        ("sentence_id", "which text was read (since 17.0)"),
        ("sentence_domain", "what the text is about (since 17.0)"),
    ),
    notes=(
        "The speaker is client_id: an account or a browser, which may hide several people.",
        "train, dev and test share no speakers, and each sentence is read once in them; they are made anew for every "
        "release, and delta releases have none of them.",
        "Many clips have no gender: 55 % of Arabic and 93 % of Chinese (zh-CN) in 16.1 and later.",
        "Sentences and votes are not read; sentence_id lets a split keep a text on one side.",
        "Clips have another rate in each release; they are resampled as all audio is.",
        "Clips that were converted to another format are found by their names without the ending.",
    ),
)
Part = Literal["train", "dev", "test", "validated", "other", "invalidated"]
_OFFICIAL: tuple[Part, ...] = ("train", "dev", "test")
_PARTS: tuple[Part, ...] = (*_OFFICIAL, "validated", "other", "invalidated")
_TAGS = {
    "gender": "gender",
    "age": "age",
    "accent": "accent",
    "accents": "accent",
    "variant": "variant",
    "sentence_id": "sentence_id",
    "sentence_domain": "sentence_domain",
}
_RELEASE = "cv-corpus-"
_LOCALE = re.compile("[a-z]{2,3}(-[A-Za-z]{2,8})?")
_MILLISECONDS = "duration[ms]"
_TIME = re.compile(r"(?:.*[/\\`])?([^/\\`\s]+)\.mp3\W+([0-9]{1,9})\W*")
"""A line of times.txt: ``cv-corpus-14.0-2023-06-23/ar/clips/common_voice_ar_1.mp3 = 4320``, or the name alone."""
_EVERY = 10_000  # rows between two reports of progress


def read_common_voice(
    root: Path,
    *,
    progress: Progress,
    locales: tuple[str, ...] = (),
    parts: tuple[Part, ...] = _OFFICIAL,
    version: str = "",
) -> Manifest:
    """Read the clips of some locales and parts.

    Args:
        root: the folder that holds ``cv-corpus-*``, a release, or a locale's folder.
        progress: told of the clips and rows that are found.
        locales: codes as Common Voice writes them; empty = all that are there. Where neither the tables nor the folder
            say which locale they are, the one that is given is it.
        parts: of ``train dev test validated other invalidated``; a clip in several keeps the ``split`` of the first.
        version: which ``cv-corpus-*`` is read, where several hold a locale: ``17.0`` or the folder's name.

    Raises:
        MissingData: there is no Common Voice, or not those locales, parts or clips.
        BadOption: several releases hold a locale, or nothing says which locale it is.
        BadManifest: tables that were not understood; all problems are told at once.
    """
    places = _choose(root, locales, version)
    parts = tuple(part for part in _PARTS if part in parts)
    gone = [name for place in places for part in parts if not (root / (name := place.table(part))).exists()]
    gone += [f"{place.folder}clips/" for place in places if not (root / place.folder / "clips").is_dir()]
    if gone:
        raise CORPUS.missing(root, f"{', '.join(gone[:9])} (say parts=validated where there are no train, dev, test)")
    read = _Reading(root, progress, Collected(Problems(str(root))))
    for place in places:
        read.locale(place, parts)
    manifest = read.collected.manifest()
    if not manifest:
        if "clip that is not there" in manifest.left_out:
            raise CORPUS.missing(root, "clip of those that its tables name")
        raise BadManifest(str(root), [f"{', '.join(place.table(part) for place in places for part in parts)}: no rows"])
    return manifest


@dataclass(frozen=True, slots=True)
class _Place:
    """A locale's folder: below the root, with a slash at its end; the locale, empty = not known; its release."""

    folder: str
    locale: str
    release: str

    def table(self, part: str) -> str:
        return f"{self.folder}{part}.tsv"


def _choose(root: Path, locales: Sequence[str], version: str) -> list[_Place]:
    """Choose the places that are read: one a locale."""
    with closed_folders_are_told(root):
        found = list(_places(root))
    if not found:
        packed = sorted(each.name for each in root.glob("*.tar.gz")) if root.is_dir() else []
        unpacked = f"unpacked locale; unpack {', '.join(packed[:3])} with tar -xzf" if packed else ""
        raise CORPUS.missing(root, unpacked)
    if version:
        releases = {place.release for place in found} - {""}
        chosen = {each for each in releases if version in {each, each.removeprefix(_RELEASE)}}
        chosen = chosen or {each for each in releases if each.startswith(f"{_RELEASE}{version}-")}
        found = [place for place in found if place.release in chosen]
        if not found:
            raise CORPUS.missing(root, f"release {version} (it has {', '.join(sorted(releases)) or 'none'})")
    found = [place if place.locale else _named(place, root, locales) for place in found]
    there = sorted({place.locale for place in found})
    if lacking := [each for each in locales if each not in there]:
        raise CORPUS.missing(root, f"locale {', '.join(lacking)} (it has {', '.join(there)})")
    found = [place for place in found if not locales or place.locale in locales]
    counts = Counter(place.locale for place in found)
    if twice := sorted({place.folder for place in found if counts[place.locale] > 1}):
        raise BadOption(
            f"{root} holds a locale more than once, in {', '.join(twice)}: say which release with the option version, "
            "e.g. version=17.0"
        )
    return sorted(found, key=lambda place: place.locale)


def _places(root: Path) -> Iterator[_Place]:
    """Find the folders that hold a table of clips: the root, those in it, and those in the releases in it."""
    releases = [name for name in _folders(root) if name.startswith(_RELEASE)]
    for release in ("", *releases):
        below = f"{release}/" if release else ""
        if _is_locale(root / release):
            yield _Place(below, "", release)
        for name in _folders(root / release):
            if name not in releases and _is_locale(root / below / name):
                yield _Place(f"{below}{name}/", name, release)


def _folders(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(each.name for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))


def _is_locale(folder: Path) -> bool:
    return any((folder / f"{part}.tsv").exists() for part in _PARTS)


def _named(place: _Place, root: Path, locales: Sequence[str]) -> _Place:
    """Name the locale of a folder that has none above it: by its tables, else as the user says, else by its name."""
    locale = _stated(place, root)
    if not locale and len(locales) == 1:
        locale = locales[0]
    name = (root / place.folder).resolve().name
    if not locale and _LOCALE.fullmatch(name) and name != "cv":  # Chuvash, but rather the corpus itself
        locale = name
    if not locale:
        raise BadOption(f"nothing says which locale {root / place.folder} is: say it, e.g. locales=ar")
    return _Place(place.folder, locale, place.release)


def _stated(place: _Place, root: Path) -> str:
    """The locale of the first row that says one; empty = the tables have no such column (up to release 4)."""
    for part in _PARTS:
        table = root / place.table(part)
        for _, row in read_table(table, Problems(str(root))) if table.exists() else ():
            if "locale" in row:
                return row["locale"]
            break
    return ""


@dataclass
class _Reading:
    """A reading of several locales."""

    root: Path
    progress: Progress
    collected: Collected

    def locale(self, place: _Place, parts: Sequence[Part]) -> None:
        """Read the parts of a locale."""
        found = list_files(self.root, self.progress, below=f"{place.folder}clips")
        left_out, before = self.collected.left_out, len(self.collected.by_id)
        left_out.update(found.left_out)
        clips: dict[str, str] = {}
        for name in found.names:
            clips.setdefault(name.removeprefix(f"{place.folder}clips/").rpartition(".")[0], name)
        seconds = dict(_seconds(self.root / place.folder, self.collected.problems))
        with self.progress(f"Reading rows of {place.locale}", 0) as advance:
            for part in parts:
                self._part(place, part, clips, seconds, advance)
        others = len(clips) - (len(self.collected.by_id) - before)
        left_out[f"clip of none of the parts {'+'.join(parts)}"] += others

    def _part(
        self,
        place: _Place,
        part: Part,
        clips: Mapping[str, str],
        seconds: Mapping[str, str],
        advance: Callable[[int], object],
    ) -> None:
        table, problems = self.root / place.table(part), self.collected.problems
        for count, (line, row) in enumerate(
            read_table(table, problems, ("client_id", "path"), delimiter="\t"), start=1
        ):
            if count % _EVERY == 0:
                advance(_EVERY)
            clip = row.get("path", "").removesuffix(".mp3")
            if problem := _problem_with(row, place, is_there=clip in clips):
                problems.add(table, problem, line)
            elif clip not in clips:
                self.collected.left_out["clip that is not there"] += 1
            else:
                tags = _tags(row, place.locale, part, seconds.get(clip))
                name, speaker = f"{place.locale}/{clip}", sys.intern(row["client_id"])
                made = Utterance(id=name, path=self.root / clips[clip], speaker=speaker, tags=tags)
                if (
                    part in _OFFICIAL
                    or name not in self.collected.by_id
                    or "split" not in self.collected.by_id[name].tags
                ):
                    self.collected.add(made, table, line)


def _problem_with(row: Row, place: _Place, *, is_there: bool) -> str:
    if lacking := [name for name in ("client_id", "path") if name not in row]:
        return f"no {lacking[0]}"
    if not is_there and within(Path(), row["path"]) is None:
        return f"path {row['path']} is no clip's name"
    if row.get("locale", place.locale) != place.locale:
        return f"locale {row['locale']} in a table of {place.locale}"
    return ""


def _tags(row: Row, locale: str, part: Part, seconds: str | None) -> dict[str, str]:
    tags = {"language": locale}
    if part in _OFFICIAL:
        tags["split"] = part
    if seconds:
        tags["seconds"] = seconds
    for theirs, ours in _TAGS.items():
        if theirs in row:
            tags[ours] = sys.intern(row[theirs])
    return tags


def _seconds(folder: Path, problems: Problems) -> Iterator[tuple[str, str]]:
    """Read the lengths of a locale's clips, as texts in seconds, by the clips' names without their ending."""
    table, text = folder / "clip_durations.tsv", folder / "times.txt"
    if table.exists():
        for number, row in read_table(table, problems, ("clip", _MILLISECONDS), delimiter="\t"):
            if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", row.get(_MILLISECONDS, "")) and "clip" in row:
                yield row["clip"].removesuffix(".mp3"), f"{float(row[_MILLISECONDS]) / 1000:.3f}"
            else:
                problems.add(table, "no clip and its milliseconds", number)
    elif text.exists():
        for number, line in read_lines(text, problems):
            if match := _TIME.fullmatch(line):
                yield match[1], f"{int(match[2]) / 1000:.3f}"
            else:
                problems.add(text, "no clip and its milliseconds, as in 'clips/a.mp3 = 4320'", number)
