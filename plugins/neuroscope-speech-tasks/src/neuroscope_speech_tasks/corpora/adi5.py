"""ADI-5, five Arabic dialects of broadcasts, as VarDial 2017 and MGB-3 handed it out."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from neuroscope import Manifest, Utterance
from neuroscope_speech_tasks.reading.corpus import Corpus, check_parts, other_counts
from neuroscope_speech_tasks.reading.file_names import folder_among, folder_of_class, stem
from neuroscope_speech_tasks.reading.labels import Labels
from neuroscope_speech_tasks.reading.listing import AUDIO, COPY, Listing, list_files, one_of_each
from neuroscope_speech_tasks.reading.metadata import Problems, read_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from neuroscope import Progress

Part = Literal["train", "dev", "test"]
DIALECTS = ("EGY", "GLF", "LAV", "MSA", "NOR")
PUBLISHED: Mapping[str, tuple[int, ...]] = {
    "train": (3177, 2873, 3118, 2219, 3205),
    "dev": (315, 265, 348, 283, 355),
    "test": (302, 250, 334, 262, 344),
}
"""Files of each dialect, in the order of ``DIALECTS``, by set."""

_LISTS = {"wav.lst": None, "train.txt": 0, "dev.txt": 0, "test.txt": 0, "reference": 1}
"""Name of a list -> number of the first dialect in it; None = it has none."""
_FEATURES = (".words", ".ivec")
"""Endings of the corpus's own features, which are not read."""
_HASH = 32
"""Digits of a show's name."""
_SHOW = rf"(?P<show>[0-9a-f]{{{_HASH}}})"
_TIMES = r"(?P<start>\d+(?:\.\d+)?)_(?P<end>\d+(?:\.\d+)?)"
_NAMES = {
    "train": re.compile(rf"(?P<dialect>{'|'.join(DIALECTS)})\d+", re.IGNORECASE),
    "dev": re.compile(rf"{_SHOW}__{_TIMES}", re.IGNORECASE),
    "test": re.compile(rf"{_SHOW}_(?P<gender>[MF])_(?P<voice>\d+)_{_TIMES}", re.IGNORECASE),
}
_PART_FOLDER = re.compile(r"(?:MGB3_ADI_)?(train|dev|test)(?:[._-]?(?:vardial2017|MGB3|set|wavs?))?", re.IGNORECASE)

CORPUS = Corpus(
    dataset="adi5",
    title="ADI-5 (VarDial 2017, MGB-3): five Arabic dialects of broadcasts",
    source="https://arabicspeech.org, which asks for a registration; lists: https://github.com/qcri/dialectID",
    licence="for research",
    size="17,650 files of 16 kHz",
    folder="the folder above the sets",
    layouts=(
        "train.vardial2017/EGY/EGY002279.wav\ndev.vardial2017/EGY/<show>__27.55_36.02.wav\n"
        "test.MGB3/wav/<show>_F_0000_73.28_91.11.wav\ntest.MGB3/reference",
        "train/... dev/... test/...\ntrain.txt dev.txt test.txt",
    ),
    columns=(
        ("dialect", "EGY, GLF, LAV, MSA or NOR (Egypt, the Gulf, the Levant, Modern Standard Arabic, North Africa)"),
        ("split", "train, dev or test"),
        ("channel", "SatQ (train: recorded from satellite) or HQ (dev and test: the broadcaster's own video)"),
        ("recording", "the show that a file of dev or test was cut from; of train, where no show is named, the file"),
        ("diariser_gender", "M or F, of test alone: a guess of the program that cut the shows, no label"),
        ("seconds", "of dev and test"),
    ),
    notes=(
        "The set of a file is told by the form of its name, else by a folder above it.",
        "The dialect is told by the folder that a file lies in (the one above where that is named wav or the like), by "
        "a list (wav.lst, train.txt, dev.txt, test.txt with 0 to 4, reference with 1 to 5) and, in train, by the name; "
        "where two of them contradict each other, nothing is read.",
        "Names may be in capitals or not, as copies on other discs have them.",
        "Files of train: EGY 3,177, GLF 2,873, LAV 3,118, MSA 2,219, NOR 3,205; of dev: 315, 265, 348, 283, 355; of "
        "test: 302, 250, 334, 262, 344. Other counts are told as a warning.",
        "The channel is in no file: it is that of the set.",
        "The speaker, of test alone, is the show with the number that its diariser gave a voice: one voice of a show "
        "stays on one side of a split, but the same person in two shows is two speakers.",
        "Many shows of dev are in test, too: split the two together by group:recording.",
    ),
)


@CORPUS.describes
def read_adi5(root: Path, *, progress: Progress, parts: tuple[Part, ...] = ("train", "dev", "test")) -> Manifest:
    """Read ADI-5: wavs in folders of their dialects, or beside lists that tell them.

    Args:
        root: the folder above the sets.
        progress: told of the files that are found.
        parts: the sets that are read.

    Raises:
        MissingData: a set is not there, or nothing tells its dialects.
        BadOption: no set is named.
        BadManifest: lists, folders and names contradict each other, or a list has unknown dialects.
    """
    check_parts(parts)
    listing = list_files(CORPUS.folder_in(root), progress, {*AUDIO, ".lst", ".txt", ""}, beside=_FEATURES)
    problems, left_out = Problems(str(root)), Counter(listing.left_out)
    labels = Labels(problems)
    audio = _find_audio(listing, parts, left_out)
    files, left_out[COPY] = one_of_each(audio)
    CORPUS.check_all_there(listing, parts, {id_.partition("/")[0] for id_ in files}, "wavs of {}")
    listed = {id_ for id_ in _read_lists(listing, labels, problems) if id_.partition("/")[0] in parts}
    for id_, path in audio:
        labels.add(id_, _dialect_of(path), path)
        named = _NAMES["train"].fullmatch(id_.partition("/")[2])
        labels.add(id_, named["dialect"] if named else "", path)
    problems.check()
    left_out["line of a list without its file"] += len(listed - files.keys())
    left_out["file without a dialect in its folder or a list"] += len(files.keys() - labels.of.keys())
    known = sorted(files.keys() & labels.of.keys())
    utterances = tuple(_utterance(id_, listing.path(files[id_]), labels.of[id_]) for id_ in known)
    there = {each.tags["split"] for each in utterances}
    lists = "dialects of {}: no folders EGY/ to NOR/, no list (reference, wav.lst, train.txt, ...)"
    CORPUS.check_all_there(listing, parts, there, lists)
    return Manifest(utterances, source=str(root), left_out=+left_out, warning=_other_counts(utterances))


def _find_audio(listing: Listing, parts: Collection[str], left_out: Counter[str]) -> list[tuple[str, str]]:
    """Find the audio of some sets: id, which is set and name, and path; count what is of none."""
    found = []
    for path in listing.names:
        if not path.lower().endswith(AUDIO):
            left_out["no ending file"] += _is_none(path)
        elif not (part := (id_ := _id_of(path)).partition("/")[0]):
            left_out["audio that is of no set by its name or folder"] += 1
        elif part in parts:
            found.append((id_, path))
    return found


def _is_none(path: str) -> bool:
    """Tell whether a file is none of the corpus's: it has no ending, and is no list."""
    return "." not in (name := path.rpartition("/")[2]) and name.lower() not in _LISTS


def _id_of(path: str, otherwise: str = "") -> str:
    """Return the id of a file: its set and its name, in the case that was published.

    The set is told by the form of the name, by a folder, or otherwise; empty = by none of them.
    """
    name = stem(path)
    for part, form in _NAMES.items():
        if form.fullmatch(name):
            hexadecimal = 0 if part == "train" else _HASH
            return f"{part}/{name[:hexadecimal].lower()}{name[hexadecimal:].upper()}"
    return f"{folder_among(path, _PART_FOLDER).lower() or otherwise}/{name}"


def _dialect_of(path: str) -> str:
    return folder_of_class(path.upper(), DIALECTS, _PART_FOLDER)


def _read_lists(listing: Listing, labels: Labels, problems: Problems) -> Iterator[str]:
    """Read the dialects that lists tell, and yield the id of each line; its set may be none."""
    for path in listing.names:
        place, file = path.rpartition("/")[2].lower(), listing.path(path)
        if place not in _LISTS:
            continue
        of_list = folder_among(path, _PART_FOLDER).lower() or place.removesuffix(".txt")
        for number, line in read_lines(file, problems):
            first = _LISTS[place]
            audio, *numbers = _cells(line, has_number=first is not None)
            id_ = _id_of(audio, of_list)
            labels.add(id_, _dialect_of(audio), path, number)
            if first is not None:
                labels.add(id_, _numbered(numbers, first, file, number, problems), path, number)
            yield id_


def _cells(line: str, *, has_number: bool) -> list[str]:
    """Split a line of a list into the file's path or name and what follows; a path may hold blanks, but no tab."""
    cells = [cell.strip() for cell in line.split("\t") if cell.strip()]
    return line.split() if has_number and len(cells) == 1 else cells


def _numbered(numbers: list[str], first: int, file: Path, line: int, problems: Problems) -> str:
    """Return the dialect of a number in a list; empty, and a problem, where it is none."""
    known = {str(first + place): dialect for place, dialect in enumerate(DIALECTS)}
    if len(numbers) == 1 and numbers[0] in known:
        return known[numbers[0]]
    problems.add(file, f"'{' '.join(numbers)[:30]}' is no dialect: {first} to {first + 4} stand for them here", line)
    return ""


def _utterance(id_: str, path: Path, dialect: str) -> Utterance:
    part, _, name = id_.partition("/")
    match = _NAMES[part].fullmatch(name)
    told = match.groupdict() if match else {}
    tags = {"dialect": dialect, "split": part, "channel": "SatQ" if part == "train" else "HQ"}
    tags["recording"] = told.get("show", name)
    if "end" in told:
        tags["seconds"] = f"{float(told['end']) - float(told['start']):.2f}"
    speaker = None
    if "gender" in told:
        tags["diariser_gender"] = told["gender"]
        speaker = f"{told['show']}_{told['gender']}_{told['voice']}"
    return Utterance(id=id_, path=path, speaker=speaker, tags=tags)


def _other_counts(utterances: tuple[Utterance, ...]) -> str:
    found = Counter((each.tags["split"], each.tags["dialect"]) for each in utterances)
    published = {part: dict(zip(DIALECTS, counts, strict=True)) for part, counts in PUBLISHED.items()}
    return other_counts("files", found, published)
