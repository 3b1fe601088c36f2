"""Common Voice: sentences that volunteers read, in many languages."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from neuroscope import Manifest, Utterance
from neuroscope_speech_tasks.corpora.common_voice_places import (
    OFFICIAL,
    PARTS,
    Part,
    Place,
    choose_places,
    several_releases,
)
from neuroscope_speech_tasks.reading.clips import Clips
from neuroscope_speech_tasks.reading.collected import ABSENT, Collected
from neuroscope_speech_tasks.reading.corpus import Corpus, check_parts
from neuroscope_speech_tasks.reading.file_names import without_ending
from neuroscope_speech_tasks.reading.listing import within
from neuroscope_speech_tasks.reading.metadata import Problems, Row, read_lines, read_table

if TYPE_CHECKING:
    from neuroscope import Progress

CORPUS = Corpus(
    dataset="common-voice",
    title="Mozilla Common Voice, scripted speech",
    source="Mozilla Data Collective, https://datacollective.mozillafoundation.org",
    licence="CC0 1.0",
    size="Corpus 18.0: 31,841 h in 128 languages; a language may be had alone",
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
        "Clips that were converted to another format are found by their names without the ending; of copies, wav is "
        "read before the others.",
    ),
)
_TAGS = {
    "gender": "gender",
    "age": "age",
    "accent": "accent",
    "accents": "accent",
    "variant": "variant",
    "sentence_id": "sentence_id",
    "sentence_domain": "sentence_domain",
}
_NEEDED = ("client_id", "path")
_MILLISECONDS = "duration[ms]"
_TIME = re.compile(r"(?:.*[/\\`])?([^/\\`\s]+)\.mp3\W+([0-9]{1,9})\W*")
"""A line of times.txt: ``cv-corpus-14.0-2023-06-23/ar/clips/common_voice_ar_1.mp3 = 4320``, or the name alone."""
_EVERY = 10_000  # rows between two reports of progress


@CORPUS.describes
def read_common_voice(
    root: Path,
    *,
    progress: Progress,
    locales: tuple[str, ...] = (),
    parts: tuple[Part, ...] = OFFICIAL,
    version: str = "",
) -> Manifest:
    """Read the clips of some locales and parts.

    Args:
        root: the folder that holds ``cv-corpus-*``, a release, or a locale's folder.
        progress: told of the clips and rows that are found.
        locales: codes as Common Voice writes them; empty = all that are there. Where neither the tables nor the folder
            say which locale they are, the one that is given is it.
        parts: of ``train dev test validated other invalidated``. A clip of ``validated`` that is in ``train``, ``dev``
            or ``test``, too, keeps that ``split``, where both are read; one that is in two of those is refused.
        version: which ``cv-corpus-*`` is read, where several hold a locale: ``17.0`` or the folder's name.

    Raises:
        MissingData: there is no Common Voice, or not those locales, parts or clips.
        BadOption: no part is named, several releases hold a locale, or nothing says which locale it is.
        BadManifest: tables that were not understood; all problems are told at once.
    """
    check_parts(parts)
    places = choose_places(CORPUS, root, locales, version)
    parts = tuple(part for part in PARTS if part in parts)
    _check_whole(root, places, parts)
    clips = Clips.look(CORPUS, root, [f"{place.folder}clips" for place in places], progress)
    for place in places:
        locale = _Locale.find(root, place, clips)
        with progress(f"Reading rows of {place.locale}", 0) as advance:
            for part in parts:
                locale.read(part, advance)
    tables = (place.table(part) for place in places for part in parts)
    return clips.manifest(f"clip of none of the parts {'+'.join(parts)}", tables, several_releases(places))


def _check_whole(root: Path, places: Sequence[Place], parts: Sequence[Part]) -> None:
    """Raise MissingData where tables or clips of locales are not there, with the parts that are."""
    gone = [name for place in places for part in parts if not (root / (name := place.table(part))).exists()]
    whole = [part for part in PARTS if all((root / place.table(part)).exists() for place in places)]
    does = f" (parts={'+'.join(whole)} would do)" if gone and whole else ""
    gone += [f"{place.folder}clips/" for place in places if not (root / place.folder / "clips").is_dir()]
    if gone:
        raise CORPUS.missing(root, f"{', '.join(gone[:9])}{does}")


@dataclass(frozen=True, slots=True)
class _Locale:
    """A locale: its tables, the clips that it has by their names, and their lengths as texts in seconds."""

    root: Path
    place: Place
    clips: Mapping[str, Path]
    seconds: Mapping[str, str]
    collected: Collected

    @classmethod
    def find(cls, root: Path, place: Place, clips: Clips) -> _Locale:
        """Find the clips of a place."""
        seconds = dict(_seconds(root / place.folder, clips.collected.problems))
        return cls(root, place, clips.by_name(f"{place.folder}clips"), seconds, clips.collected)

    def read(self, part: Part, advance: Callable[[int], object]) -> None:
        """Read the clips of a part."""
        table, problems = self.root / self.place.table(part), self.collected.problems
        for count, (line, row) in enumerate(read_table(table, problems, _NEEDED, delimiter="\t"), start=1):
            if count % _EVERY == 0:
                advance(_EVERY)
            clip = without_ending(row.get("path", ""))
            if problem := _problem_with(row, self.place, is_there=clip in self.clips):
                problems.add(table, problem, line)
            elif clip not in self.clips:
                self.collected.left_out[ABSENT] += 1
            elif part in OFFICIAL or not self._has_a_split(clip):
                self.collected.add(self._utterance(row, clip, part), table, line)

    def _has_a_split(self, clip: str) -> bool:
        """Tell whether a clip is known already, as one of train, dev or test."""
        known = self.collected.by_id.get(self._id(clip))
        return known is not None and "split" in known.tags

    def _id(self, clip: str) -> str:
        return f"{self.place.locale}/{clip}"

    def _utterance(self, row: Row, clip: str, part: Part) -> Utterance:
        tags = _tags(row, self.place.locale, part, self.seconds.get(clip))
        return Utterance(id=self._id(clip), path=self.clips[clip], speaker=sys.intern(row["client_id"]), tags=tags)


def _problem_with(row: Row, place: Place, *, is_there: bool) -> str:
    if lacking := [name for name in _NEEDED if name not in row]:
        return f"no {lacking[0]}"
    if not is_there and within(Path(), row["path"]) is None:
        return f"path {row['path']} is no clip's name"
    if row.get("locale", place.locale) != place.locale:
        return f"locale {row['locale']} in a table of {place.locale}"
    return ""


def _tags(row: Row, locale: str, part: Part, seconds: str | None) -> dict[str, str]:
    tags = {"language": locale}
    if part in OFFICIAL:
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
                yield without_ending(row["clip"]), f"{float(row[_MILLISECONDS]) / 1000:.3f}"
            else:
                problems.add(table, "no clip and its milliseconds", number)
    elif text.exists():
        for number, line in read_lines(text, problems):
            if match := _TIME.fullmatch(line):
                yield match[1], f"{int(match[2]) / 1000:.3f}"
            else:
                problems.add(text, "no clip and its milliseconds, as in 'clips/a.mp3 = 4320'", number)
