"""LibriSpeech: read audio books, English."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from neuroscope import Manifest, Utterance
from neuroscope_speech_tasks.reading.corpus import Corpus
from neuroscope_speech_tasks.reading.file_names import find_names
from neuroscope_speech_tasks.reading.listing import as_given, found_near
from neuroscope_speech_tasks.reading.metadata import Problems, Row, read_lines, rows_by_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from neuroscope import Progress

_TABLE = "SPEAKERS.TXT"
_COLUMNS = ("ID", "SEX", "SUBSET", "MINUTES", "NAME")
_NEEDED = _COLUMNS[:3]
_GENDERS = ("F", "M")
_PATH = re.compile(r"(?:(?:.*/)?([^/]+)/)?(\d+)/(\d+)/(\2-\3-\d+)\.\w+")

CORPUS = Corpus(
    dataset="librispeech",
    title="LibriSpeech (SLR12)",
    source="https://www.openslr.org/12/",
    licence="CC BY 4.0",
    size="982 h, 60 GB; the smallest parts, dev-clean and test-clean, 5.4 h and 0.3 GB each",
    folder="the folder LibriSpeech with SPEAKERS.TXT and dev-clean/, test-clean/, ...",
    layouts=("SPEAKERS.TXT\ndev-clean/84/121123/84-121123-0000.flac\ntest-clean/...\ntrain-clean-100/...",),
    columns=(
        ("gender", "F or M"),
        ("subset", "dev-clean, train-other-500, ..."),
        ("recording", "the chapter"),
    ),
    notes=(
        "The folder above LibriSpeech will do, and so will one subset; SPEAKERS.TXT may lie up to two folders above.",
        "subsets=dev-clean+test-clean reads these; without it, all that are there are read.",
        "Copies as wav are read before flac, where there are both.",
    ),
)


class _Name(NamedTuple):
    """What the path of an utterance says; the subset is empty where the root is one."""

    subset: str
    speaker: str
    chapter: str
    id: str


class _Speaker(NamedTuple):
    """A row of the table of speakers."""

    gender: str
    subset: str


@CORPUS.describes
def read_librispeech(root: Path, *, progress: Progress, subsets: tuple[str, ...] = ()) -> Manifest:
    """Read LibriSpeech, as unpacked or converted, in the order of the ids.

    Args:
        root: the folder ``LibriSpeech``, the one above it, or a subset in it.
        progress: told of the files that are found.
        subsets: those that are read, ``dev-clean+test-clean``; none = all that are there.

    Raises:
        MissingData: it is not there, or one of the subsets is not.
        BadManifest: the table of speakers is not understood, or contradicts the folders.
    """
    folder, problems = CORPUS.folder_in(root, "LibriSpeech"), Problems(str(root))
    file = found_near(folder, _TABLE)
    speakers = None if file is None else _read_speakers(file, problems)
    problems.check()
    found = find_names(
        CORPUS, root, folder, progress, partial(_name_of, speakers, as_given(folder).name), beside=(".txt",)
    )
    if speakers is not None and file is not None:
        _check_folders(found.names.values(), speakers, file, problems)
    CORPUS.check_has(root, "subset", sorted(subsets), {name.subset for name in found.names.values()})
    if subsets:
        found.names = {path: name for path, name in found.names.items() if name.subset in subsets}
    utterances = tuple(_utterance(name, path, speakers) for path, name in found.one_of_each().items())
    way = "" if file else f"{_TABLE} knows the gender: put it into {root}; it is in each archive of {CORPUS.source}"
    return Manifest(utterances, str(root), found.left_out, way=way)


def _name_of(speakers: Mapping[str, _Speaker] | None, root: str, path: str) -> _Name | str | None:
    """Read the path of an utterance, or say why it is left out.

    Args:
        speakers: those that the table knows; None = there is no table.
        root: name of the folder that the path is below.
        path: with the folder of a subset, or of something else, before the speaker's.
    """
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    subset, speaker, chapter, id_ = match.groups()
    if speakers is not None and speaker not in speakers:
        return f"utterance of a speaker that {_TABLE} does not have"
    if speakers is None:
        return _Name(subset or "", speaker, chapter, id_)
    known = {each.subset for each in speakers.values()}
    named = (subset or root).lower()
    return _Name(named if named in known else speakers[speaker].subset, speaker, chapter, id_)


def _check_folders(names: Iterable[_Name], speakers: Mapping[str, _Speaker], file: Path, problems: Problems) -> None:
    """Raise BadManifest where speakers lie in the folder of another subset than the table says."""
    subsets = {speaker.subset for speaker in speakers.values()}
    for speaker, subset in sorted({(name.speaker, name.subset) for name in names}):
        if subset in subsets and subset != speakers[speaker].subset:
            problems.add(file, f"{speaker} is of {speakers[speaker].subset}, and lies in {subset}")
    problems.check()


def _utterance(name: _Name, path: Path, speakers: Mapping[str, _Speaker] | None) -> Utterance:
    gender = speakers[name.speaker].gender if speakers else ""
    tags = {"gender": gender, "subset": name.subset, "recording": name.chapter}
    known = {column: value for column, value in tags.items() if value}
    return Utterance(id=name.id, path=path, speaker=name.speaker, tags=known)


def _read_speakers(file: Path, problems: Problems) -> dict[str, _Speaker]:
    """Read the table of speakers."""
    rows = rows_by_id(file, problems, _rows(file, problems), "ID", _problem_with)
    return {id_: _Speaker(row["SEX"], row["SUBSET"]) for id_, (_, row) in rows.items()}


def _problem_with(row: Row) -> str:
    return "" if row["SEX"] in _GENDERS else f"SEX is '{row['SEX']}', expected {' or '.join(_GENDERS)}"


def _rows(file: Path, problems: Problems) -> Iterator[tuple[int, Row]]:
    """Read the columns of the table that are used.

    Its header is a comment, and the last column, of names, may hold the delimiter.
    """
    columns: Sequence[str] = _COLUMNS
    for number, line in read_lines(file, problems):
        if line.startswith(";"):
            named = [cell.strip() for cell in line[1:].split("|")]
            columns = named if set(_NEEDED) <= set(named) else columns
            continue
        row = dict(zip(columns, map(str.strip, line.split("|")), strict=False))
        if set(_NEEDED) <= row.keys():
            yield number, {column: row[column] for column in _NEEDED}
        else:
            problems.add(file, f"expected {' | '.join(columns)}, it has '{line[:100]}'", number)
