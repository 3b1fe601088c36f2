"""What the two VoxCeleb corpora share: names of files, the table of speakers, parts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from neuroscope import Manifest, MissingData, Utterance
from neuroscope_speech_tasks.reading.listing import first_there, found_near, list_files, one_of_each
from neuroscope_speech_tasks.reading.metadata import Problems, Row, read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from neuroscope import Progress
    from neuroscope_speech_tasks.reading.corpus import Corpus

Part = Literal["test", "dev", "all"]

_PARTS = ("dev", "test")
_GENDERS = ("f", "m")
_PATH = re.compile(r"(?:(.*)/)?(id\d{5})/([^/]+)/(\d+)(?:\.\w+)?")
_OLD_PATH = re.compile(r"(?:(.*)/)?([^/]+)/([^/]{11})_(\d{7})(?:\.\w+)?")
_PART = re.compile(r"(?:.*[^a-z])?(dev|test)(?:[^a-z].*)?", re.IGNORECASE)


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
    if not root.is_dir():
        raise release.corpus.missing(root)
    problems = Problems(str(root))
    below = first_there(root, release.corpus.dataset)
    folder = below if below is not None and below.is_dir() else root
    speakers = _read_speakers(release, found_near(folder, release.table, f"meta/{release.table}"), problems)
    problems.check()
    listing = list_files(folder, progress, beside=(".txt", ".csv"))
    names, left_out = _names(release, listing.names, speakers, root)
    files, copies = one_of_each((name.id, path) for path, name in names.items())
    left_out += Counter(listing.left_out) + Counter({"copy of an utterance": copies})
    if not files:
        raise release.corpus.without_utterances(root, left_out)
    parts = _parts(names.values(), speakers, problems)
    problems.check()
    if part != "all" and not all(parts.values()):
        raise release.without_table(root, f"who is of part {part}")
    chosen = [path for _, path in sorted(files.items()) if part in ("all", parts[names[path][:2]])]
    if not chosen:
        raise release.corpus.missing(root, f"utterance of part {part} among its {len(files):,}")
    utterances = tuple(_utterance(release, names[path], folder / path, speakers) for path in chosen)
    way = "" if speakers.file else f"{release.table} knows more: get {release.address} and put it into {root}"
    return Reading(Manifest(utterances, str(root), dict(sorted(left_out.items())), way=way), folder, speakers)


def name_of(release: Release, path: str, speakers: Speakers) -> Name | None:
    """Read the path of an utterance, of either layout, with an ending or without; None = it is none of this corpus."""
    if match := _PATH.fullmatch(path):
        above, speaker, video, number = match.groups()
        return Name(above or "", speaker, video, number) if speaker.startswith(release.ids) else None
    if release.name_column and (match := _OLD_PATH.fullmatch(path)):
        above, speaker, video, number = match.groups()
        return Name(above or "", speakers.ids.get(speaker, ""), video, number)
    return None


def _names(
    release: Release, paths: Sequence[str], speakers: Speakers, root: Path
) -> tuple[dict[str, Name], Counter[str]]:
    """Read the paths; what is no utterance of a known speaker is counted."""
    names, left_out = {}, Counter[str]()
    for path in paths:
        name = name_of(release, path, speakers)
        if name is None:
            left_out[f"audio file that is named otherwise than those of {release.corpus.title}"] += 1
        elif speakers.file is not None and name.speaker not in speakers.parts:
            left_out[f"utterance of a speaker that {release.table} does not have"] += 1
        elif not name.speaker:
            raise release.without_table(root, "the ids of the speakers, whose folders have their names")
        else:
            names[path] = name
    return names, left_out


def _parts(names: Iterable[Name], speakers: Speakers, problems: Problems) -> dict[tuple[str, str], str]:
    """Find the part of each speaker in each folder above, by the table, else by the folder; empty = neither tells."""
    parts: dict[tuple[str, str], str] = {}
    for above, speaker in dict.fromkeys((name.above, name.speaker) for name in names):
        told, lies = speakers.parts.get(speaker, ""), _part_in(above)
        parts[above, speaker] = told or lies
        if told and lies and told != lies:
            problems.add(speakers.file or Path(), f"{speaker} is of part {told}, and lies in {above}")
    return parts


def _part_in(above: str) -> str:
    """Find the part that folders are of, the nearest first: ``dev/wav``, ``vox1_test_wav``; empty = they tell none."""
    matches = (_PART.fullmatch(folder) for folder in reversed(above.split("/")))
    return next((match[1].lower() for match in matches if match), "")


def _utterance(release: Release, name: Name, path: Path, speakers: Speakers) -> Utterance:
    known = speakers.tags.get(name.speaker, {})
    tags = {**release.tags, **known, "recording": name.video}
    return Utterance(id=name.id, path=path, speaker=name.speaker, tags=tags)


def _read_speakers(release: Release, file: Path | None, problems: Problems) -> Speakers:
    """Read the table of speakers; without a file, nothing is known."""
    if file is None:
        return Speakers()
    speakers, rows = Speakers(file), dict[str, Row]()
    needed = [release.id_column, "Gender", "Set", *([release.name_column] if release.name_column else [])]
    for number, row in read_table(file, problems, needed, cleaned=_cleaned):
        if problem := _problem_with(row, release):
            problems.add(file, problem, number)
        elif rows.setdefault(id_ := row[release.id_column], row) != row:
            problems.add(file, f"{id_} comes twice, and not alike", number)
        else:
            speakers.parts[id_] = row["Set"]
            speakers.tags[id_] = {tag: row[column] for column, tag in release.columns.items() if column in row}
            if (name := row.get(release.name_column)) and speakers.ids.setdefault(name, id_) != id_:
                problems.add(file, f"{name} is {speakers.ids[name]} and {id_}", number)
    if not rows and not problems.found:
        problems.add(file, "it has no speakers")
    return speakers


def _cleaned(cell: str) -> str:
    """Strip blanks and quotation marks: some copies have whole lines in them."""
    return cell.strip().strip('"').strip()


def _problem_with(row: Row, release: Release) -> str:
    """Say what is wrong with a row of the table; empty = nothing."""
    if release.id_column not in row:
        return f"no {release.id_column}"
    if (part := row.get("Set")) not in _PARTS:
        return f"Set is '{part or ''}', expected {' or '.join(_PARTS)}"
    gender = row.get("Gender")
    return "" if gender in {None, *_GENDERS} else f"Gender is '{gender}', expected {' or '.join(_GENDERS)}"
