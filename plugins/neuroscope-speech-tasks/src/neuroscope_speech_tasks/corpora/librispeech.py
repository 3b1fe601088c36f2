"""LibriSpeech: read audio books, English."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from neuroscope import Manifest, Utterance
from neuroscope_speech_tasks.reading.corpus import Corpus
from neuroscope_speech_tasks.reading.listing import first_there, found_near, list_files, one_of_each
from neuroscope_speech_tasks.reading.metadata import Problems, read_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from neuroscope import Progress
    from neuroscope_speech_tasks.reading.listing import Listing

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


def read_librispeech(root: Path, *, progress: Progress, subsets: tuple[str, ...] = ()) -> Manifest:
    """Read LibriSpeech, as unpacked or converted, in the order of the ids.

    Args:
        root: the folder ``LibriSpeech``, the one above it, or a subset in it.
        progress: told of the files that are found.
        subsets: those that are read, ``dev-clean+test-clean``; none = all that are there.

    Raises:
        MissingData: it is not there, or one of the subsets is not.
        BadManifest: the table of speakers is not understood.
    """
    if not root.is_dir():
        raise CORPUS.missing(root)
    below = first_there(root, "LibriSpeech")
    folder = below if below is not None and below.is_dir() else root
    file, problems = found_near(folder, _TABLE), Problems(str(root))
    speakers = {} if file is None else _read_speakers(file, problems)
    problems.check()
    listing = list_files(folder, progress, beside=(".txt",))
    names, left_out = _names(listing, speakers if file else None)
    if not names:
        raise CORPUS.without_utterances(root, left_out)
    _check_subsets(root, subsets, {name.subset for name in names.values()})
    wanted = {path: name for path, name in names.items() if not subsets or name.subset in subsets}
    files, copies = one_of_each((name.id, path) for path, name in wanted.items())
    left_out += Counter({"copy of an utterance": copies})
    utterances = tuple(_utterance(wanted[files[id_]], folder / files[id_], speakers) for id_ in sorted(files))
    way = "" if file else f"{_TABLE} knows the gender: put it into {root}; it is in each archive of {CORPUS.source}"
    return Manifest(utterances, str(root), dict(sorted(left_out.items())), way=way)


def _names(listing: Listing, speakers: Mapping[str, _Speaker] | None) -> tuple[dict[str, _Name], Counter[str]]:
    """Read the paths; what is no utterance of a known speaker is counted (None = nothing is known of any)."""
    names, left_out = {}, Counter(listing.left_out)
    for path in listing.names:
        match = _PATH.fullmatch(path)
        if match is None:
            left_out[f"audio file that is named otherwise than those of {CORPUS.title}"] += 1
            continue
        subset, speaker, chapter, id_ = match.groups()
        if speakers is not None and speaker not in speakers:
            left_out[f"utterance of a speaker that {_TABLE} does not have"] += 1
            continue
        subset = subset or (speakers[speaker].subset if speakers else "")
        names[path] = _Name(subset, speaker, chapter, id_)
    return names, left_out


def _check_subsets(root: Path, subsets: tuple[str, ...], there: set[str]) -> None:
    """Raise MissingData where not all subsets are there that are asked for."""
    if lacking := sorted(set(subsets) - there):
        raise CORPUS.missing(root, f"{', '.join(lacking)} (there: {', '.join(sorted(there))})")


def _utterance(name: _Name, path: Path, speakers: Mapping[str, _Speaker]) -> Utterance:
    gender = speakers[name.speaker].gender if speakers else ""
    tags = {"gender": gender, "subset": name.subset, "recording": name.chapter}
    known = {column: value for column, value in tags.items() if value}
    return Utterance(id=name.id, path=path, speaker=name.speaker, tags=known)


def _read_speakers(file: Path, problems: Problems) -> dict[str, _Speaker]:
    """Read the table of speakers."""
    speakers: dict[str, _Speaker] = {}
    for number, row in _rows(file, problems):
        if (gender := row["SEX"]) not in _GENDERS:
            problems.add(file, f"SEX is '{gender}', expected {' or '.join(_GENDERS)}", number)
        elif speakers.setdefault(row["ID"], speaker := _Speaker(gender, row["SUBSET"])) != speaker:
            problems.add(file, f"{row['ID']} comes twice, and not alike", number)
    if not speakers and not problems.found:
        problems.add(file, "it has no speakers")
    return speakers


def _rows(file: Path, problems: Problems) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Read the rows of the table; its header is a comment, and the last column, of names, may hold the delimiter."""
    columns: Sequence[str] = _COLUMNS
    for number, line in read_lines(file, problems):
        if line.startswith(";"):
            named = [cell.strip() for cell in line[1:].split("|")]
            columns = named if set(_NEEDED) <= set(named) else columns
            continue
        row = dict(zip(columns, map(str.strip, line.split("|")), strict=False))
        if set(_NEEDED) <= row.keys():
            yield number, row
        else:
            problems.add(file, f"expected {' | '.join(columns)}, it has '{line[:100]}'", number)
