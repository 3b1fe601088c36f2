"""What the two VoxCeleb corpora share: names of files, the table of speakers, parts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from neuroscope import Manifest, MissingData, Utterance
from neuroscope_speech_tasks.reading.file_names import find_names
from neuroscope_speech_tasks.reading.listing import as_given, found_near
from neuroscope_speech_tasks.reading.metadata import Problems, Row, read_table, rows_by_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from neuroscope import Progress
    from neuroscope_speech_tasks.reading.corpus import Corpus

Part = Literal["test", "dev", "all"]

_PARTS = ("dev", "test")
_GENDERS = ("f", "m")
_PATH = re.compile(r"(?:(.*)/)?(id\d{5})/([^/]+)/(\d+)(?:\.\w+)?")
_OLD_PATH = re.compile(r"(?:(.*)/)?([^/]+)/([^/]{11})_(\d{7})(?:\.\w+)?")
_OLD_DIGITS = 7
_PART = re.compile(r"(?<![a-z])(?:dev|test)(?![a-z])")
_ROOT = re.compile(r"(?:vox(?:celeb)?[12]_)?(dev|test)(?:_(?:wav|aac|flac|m4a))?", re.IGNORECASE)


class Name(NamedTuple):
    """What the path of an utterance says.

    Attributes:
        above: the folders above the speaker's; empty = none.
        speaker: id of the speaker; empty = the table does not tell it.
        video: YouTube's id of the video.
        number: of the utterance in the video.
    """

    above: str
    speaker: str
    video: str
    number: str

    @property
    def id(self) -> str:
        """Id of the utterance, the same in each layout that numbers utterances alike."""
        return f"{self.speaker}/{self.video}/{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One of the two corpora, by what it has of its own.

    Attributes:
        corpus: what is told of it.
        table: name of the table of speakers.
        ids: how ids of its speakers begin.
        id_column: column of the table with the id.
        name_column: column with the name that the layout of 2017 calls a speaker by; empty = there was no such layout.
        columns: column of the table -> tag.
        tags: of all utterances.
    """

    corpus: Corpus
    table: str
    ids: str
    id_column: str
    name_column: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where the table can be downloaded."""
        return f"https://www.openslr.org/resources/49/{self.table}"

    def without_table(self, root: Path, use: str) -> MissingData:
        """Make the error for a root that has no table of speakers, which would tell ``use``."""
        return self.corpus.missing(root, f"{self.table} ({self.address}), which tells {use}")


@dataclass(frozen=True, slots=True)
class Speakers:
    """The table of speakers.

    Attributes:
        file: where it lies; None = there is none, and nothing is known.
        parts: id -> dev or test.
        tags: id -> what is known of the speaker.
        ids: name -> id.
    """

    file: Path | None = None
    parts: dict[str, str] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """A corpus that was read.

    Attributes:
        manifest: its utterances, without trials.
        folder: that of the corpus: the root, or one in it.
        speakers: the table.
    """

    manifest: Manifest
    folder: Path
    speakers: Speakers


def read_release(release: Release, root: Path, part: Part, progress: Progress) -> Reading:
    """Read one of the two corpora, in whatever layout it lies, in the order of the ids.

    Raises:
        MissingData: the part is not there, or nothing tells who belongs to it.
        BadManifest: the table is not understood, or contradicts the folders.
    """
    folder, problems = release.corpus.folder_in(root, release.corpus.dataset), Problems(str(root))
    speakers = _read_speakers(release, found_near(folder, release.table, f"meta/{release.table}"), problems)
    problems.check()
    name_known = partial(_known_name, release, speakers, root)
    found = find_names(release.corpus, root, folder, progress, name_known, beside=(".txt", ".csv"))
    parts = _parts(found.names.values(), speakers, _part_of_root(as_given(folder).name), problems)
    problems.check()
    if part != "all" and not all(parts.values()):
        raise release.without_table(root, f"who is of part {part}")
    files = found.one_of_each()
    utterances = tuple(
        _utterance(release, name, path, speakers)
        for path, name in files.items()
        if part in ("all", parts[name.above, name.speaker])
    )
    if not utterances:
        raise release.corpus.missing(root, f"utterance of part {part} among its {len(files):,}")
    way = "" if speakers.file else f"{release.table} knows more: get {release.address} and put it into {root}"
    manifest = Manifest(utterances, str(root), found.left_out, way=way, warning=_both_layouts(files.values()))
    return Reading(manifest, folder, speakers)


def name_of(release: Release, path: str, speakers: Speakers) -> Name | None:
    """Read the path of an utterance, of either layout, with an ending or without; None = it is none of this corpus."""
    if match := _PATH.fullmatch(path):
        above, speaker, video, number = match.groups()
        return Name(above or "", speaker, video, number) if speaker.startswith(release.ids) else None
    if release.name_column and (match := _OLD_PATH.fullmatch(path)):
        above, speaker, video, number = match.groups()
        return Name(above or "", speakers.ids.get(speaker, ""), video, number)
    return None


def _known_name(release: Release, speakers: Speakers, root: Path, path: str) -> Name | str | None:
    """Read the path of an utterance of a known speaker; else say why it is left out."""
    name = name_of(release, path, speakers)
    if name is not None and speakers.file is not None and name.speaker not in speakers.parts:
        return f"utterance of a speaker that {release.table} does not have"
    if name is not None and not name.speaker:
        raise release.without_table(root, "the ids of the speakers, whose folders have their names")
    return name


def _parts(names: Iterable[Name], speakers: Speakers, otherwise: str, problems: Problems) -> dict[tuple[str, str], str]:
    """Find the part of each speaker in each folder above, by the table, else by the folder, else as is said."""
    parts: dict[tuple[str, str], str] = {}
    for above, speaker in dict.fromkeys((name.above, name.speaker) for name in names):
        told, lies = speakers.parts.get(speaker, ""), _part_in(above)
        parts[above, speaker] = told or lies or otherwise
        if told and lies and told != lies:
            problems.add(speakers.file or Path(), f"{speaker} is of part {told}, and lies in {above}")
    return parts


def _part_in(above: str) -> str:
    """Find the part that folders are of, the nearest first: ``dev/wav``, ``vox1_test_wav``; empty = they tell none."""
    named = (set(_PART.findall(folder.lower())) for folder in reversed(above.split("/")))
    return next((parts.pop() for parts in named if len(parts) == 1), "")


def _part_of_root(name: str) -> str:
    """Return the part that a root is of which is called as the published archives are, or as a part; empty = none."""
    match = _ROOT.fullmatch(name)
    return match[1].lower() if match else ""


def _both_layouts(names: Iterable[Name]) -> str:
    """Warn where videos lie in both layouts, which number their utterances otherwise; empty = none does."""
    videos: dict[bool, set[str]] = {True: set(), False: set()}
    for name in names:
        videos[len(name.number) == _OLD_DIGITS].add(name.video)
    twice = len(videos[True] & videos[False])
    return f"videos in two layouts, whose utterances are read twice: {twice:,}; keep one of the two" if twice else ""


def _utterance(release: Release, name: Name, path: Path, speakers: Speakers) -> Utterance:
    known = speakers.tags.get(name.speaker, {})
    tags = {**release.tags, **known, "recording": name.video}
    return Utterance(id=name.id, path=path, speaker=name.speaker, tags=tags)


def _read_speakers(release: Release, file: Path | None, problems: Problems) -> Speakers:
    """Read the table of speakers; without a file, nothing is known."""
    if file is None:
        return Speakers()
    speakers = Speakers(file)
    needed = [release.id_column, "Gender", "Set", *([release.name_column] if release.name_column else [])]
    rows = read_table(file, problems, needed, open_end=True, cleaned=_cleaned)
    for id_, (number, row) in rows_by_id(
        file, problems, rows, release.id_column, partial(_problem_with, release)
    ).items():
        speakers.parts[id_] = row["Set"]
        speakers.tags[id_] = {tag: row[column] for column, tag in release.columns.items() if column in row}
        if (name := row.get(release.name_column)) and speakers.ids.setdefault(name, id_) != id_:
            problems.add(file, f"{name} is {speakers.ids[name]} and {id_}", number)
    return speakers


def _cleaned(cell: str) -> str:
    """Strip blanks and quotation marks: some copies have whole lines in them."""
    return cell.strip().strip('"').strip()


def _problem_with(release: Release, row: Row) -> str:
    """Say what is wrong with a row of the table; empty = nothing."""
    if release.id_column not in row:
        return f"no {release.id_column}"
    if (part := row.get("Set")) not in _PARTS:
        return f"Set is '{part or ''}', expected {' or '.join(_PARTS)}"
    gender = row.get("Gender")
    return "" if gender in {None, *_GENDERS} else f"Gender is '{gender}', expected {' or '.join(_GENDERS)}"
