"""Trial lists as files: read against a manifest, and written.

Read are lines of a label and two utterances (``1 a.wav b.wav``, VoxCeleb), of two utterances and a label (``a b
target``, Kaldi), and tables with a header (``trial,enrolment,test`` and like names).
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

from neuroscope.contracts.audio import Trial
from neuroscope.errors import BadManifest, MissingData
from neuroscope.runtime.files import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from neuroscope.contracts.audio import Manifest

_TARGET = {"1": True, "target": True, "true": True, "0": False, "nontarget": False, "non-target": False, "false": False}
_LABELS = {"trial", "label", "target", "issame", "is_same", "same"}
_ENROLMENTS = {"enrolment", "enrollment", "enroll", "enrol", "id1", "utt1", "path1", "file1", "utterance1"}
_TESTS = {"test", "id2", "utt2", "path2", "file2", "utterance2"}
_ENDINGS = {
    *("wav", "flac", "mp3", "m4a", "mp4", "aac", "sph", "ogg", "oga", "opus", "aif", "aiff", "au", "snd", "amr", "wma"),
    *("webm", "caf", "w64"),
}
_LOOKED_AT = 1000
"""Lines by which it is found out where the label stands."""
_LONGEST = 10_000
"""Characters of a line; what is longer is no trial."""


class TrialList(NamedTuple):
    """The trials of a list.

    Attributes:
        trials: those whose utterances are both in the manifest, each once, in the order of the list.
        absent: how many were left out, because an utterance is not in the manifest.
        repeated: how many lines say what another has said.
    """

    trials: tuple[Trial, ...]
    absent: int
    repeated: int = 0


def read_trials(file: Path, manifest: Manifest, *, needed: bool = True) -> TrialList:
    """Read a trial list.

    An utterance is found by its id, or by its file: as much of the end of the path as the list has, with or without
    ending.

    Args:
        file: the list, UTF-8, or UTF-16 with a mark; blanks, tabs or commas between the fields.
        manifest: whose utterances the trials are of.
        needed: whether a list is an error of which no trial is of this manifest.

    Raises:
        MissingData: there is no such file.
        BadManifest: it is no trial list, a trial comes with both answers or with another than the speakers of the
            manifest have, a name is that of several utterances, or no trial is of this manifest.
    """
    names = _Names(manifest)
    problems: list[str] = []
    answers: dict[tuple[str, str], bool] = {}
    absent = said = 0
    for number, (label, enrolment, test) in _fields(file, problems):
        try:
            one, other = names.find(enrolment), names.find(test)
        except LookupError as error:
            problems.append(f"line {number}: {error}")
            continue
        if one is None or other is None:
            absent += 1
        elif one == other:
            problems.append(f"line {number}: {enrolment} is compared with itself")
        elif answers.setdefault((one, other), label) != label:
            problems.append(f"line {number}: {enrolment} and {test} come as the same speaker and as others")
        elif names.same_speaker(one, other) not in {label, None}:
            told, known = ("one speaker", "two") if label else ("two speakers", "one")
            problems.append(f"line {number}: {enrolment} and {test} come as {told}, and in the data they are {known}")
        else:
            said += 1
    if needed and not answers and not problems:
        first = next(iter(manifest)).id if len(manifest) else "none"
        problems.append(f"none of its {absent} trials is of these data, whose utterances are called e.g. {first}")
    if problems:
        raise BadManifest(str(file), problems)
    return TrialList(tuple(Trial(*pair, label) for pair, label in answers.items()), absent, said - len(answers))


def write_trials(file: Path, trials: Iterable[Trial]) -> None:
    """Write a trial list, whole or not at all: ``label enrolment test``, with tabs, since ids may hold blanks."""
    with whole_file(file) as temporary:
        lines = (f"{int(each.target)}\t{each.enrolment}\t{each.test}\n" for each in trials)
        temporary.write_text("".join(lines), encoding="utf-8")


def _fields(file: Path, problems: list[str]) -> Iterator[tuple[int, tuple[bool, str, str]]]:
    """Yield number, label, enrolment and test of each line that is a trial; others are problems."""
    rows = ((number, _split(line)) for number, line in _lines(file, problems))
    first = list(islice(rows, _LOOKED_AT))
    header = _order_of_header(first[0][1]) if first else None
    order = header or _order_of_labels([cells for _, cells in first])
    for number, cells in chain(first[bool(header) :], rows):
        if len(cells) < 3 or (len(cells) > 3 and header is None):
            problems.append(f"line {number}: {len(cells)} fields; expected a label and two utterances")
            continue
        label, enrolment, test = (cells[place] if place < len(cells) else "" for place in order)
        if label.lower() in _TARGET:
            yield number, (_TARGET[label.lower()], enrolment, test)
        else:
            problems.append(f"line {number}: '{label[:50]}' is no label: 1, target, 0 or nontarget")


def _order_of_labels(rows: Sequence[Sequence[str]]) -> tuple[int, int, int]:
    """Find where the label stands, first or last: where more lines have one; ids may look like labels, too."""
    counts = [sum(cells[place].lower() in _TARGET for cells in rows if len(cells) == 3) for place in (0, 2)]
    return (2, 0, 1) if counts[1] > counts[0] else (0, 1, 2)


def _split(line: str) -> list[str]:
    """Split a line at tabs, at commas that are not within quotation marks, or else at blanks."""
    if "\t" in line:
        return [cell.strip() for cell in line.split("\t")]
    return next(csv.reader([line], skipinitialspace=True)) if "," in line else line.split()


def _order_of_header(cells: Sequence[str]) -> tuple[int, int, int] | None:
    """Find the columns of label, enrolment and test in a header; None = it is none."""
    names = [re.sub(r"[\s\"']", "", cell).casefold() for cell in cells]
    found = [[n for n, name in enumerate(names) if name in known] for known in (_LABELS, _ENROLMENTS, _TESTS)]
    if not all(len(each) == 1 for each in found):
        return None
    label, enrolment, test = (each[0] for each in found)
    return label, enrolment, test


def _lines(file: Path, problems: list[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not empty; a file that is no text is a problem."""
    if not file.is_file():
        raise MissingData(f"there is no trial list {file}; name one: lines of a label (1 or 0) and two utterances")
    try:
        with file.open("rb") as stream:
            encoding = "utf-16" if stream.read(2) in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
        with file.open(encoding=encoding) as stream:
            number = 0
            while line := stream.readline(_LONGEST + 1):
                number += 1
                if len(line) > _LONGEST or "\0" in line:
                    problems.append(f"line {number} is no text of a trial")
                    return
                if line.strip():
                    yield number, line.strip()
    except UnicodeError:
        problems.append("it is no UTF-8 text")


class _Names:
    """The names that the utterances of a manifest may have in a list: ids, and the ends of paths."""

    def __init__(self, manifest: Manifest) -> None:
        self._speakers = {each.id: each.speaker for each in manifest}
        counts = Counter(each.path for each in manifest if each.path is not None)
        paths = [(each.path, each.id) for each in manifest if each.path is not None and counts[each.path] == 1]
        self._parts = [(_parts(str(path)), id) for path, id in paths]
        ids = [(_parts(id), id) for id in self._speakers]
        self._parts += ids
        self._whole = _grouped(ids)
        self._by_end: dict[int, dict[tuple[str, ...], set[str]]] = {}

    def same_speaker(self, one: str, other: str) -> bool | None:
        """Tell whether two utterances are of one speaker; None = that is not known."""
        speakers = self._speakers[one], self._speakers[other]
        return None if None in speakers else speakers[0] == speakers[1]

    def find(self, name: str) -> str | None:
        """Return the id of the utterance that a list calls so; None = it is not in the manifest.

        Raises:
            LookupError: several are called so.
        """
        if name in self._speakers:
            return name
        parts = _parts(name)
        found = self._ends_of(len(parts)).get(parts, set())
        for first in range(1, len(parts) - 1):  # as a file of another place, whose path ends in a whole id of ours
            found = found or self._whole.get(parts[first:], set())
        if len(found) > 1:
            raise LookupError(f"{name} may be {' or '.join(sorted(found)[:3])}")
        return next(iter(found), None)

    def _ends_of(self, count: int) -> Mapping[tuple[str, ...], set[str]]:
        """Return the ids by the last so many parts of their names; made once, for the counts that a list needs."""
        if count not in self._by_end:
            named = ((parts[len(parts) - count :], id) for parts, id in self._parts if len(parts) >= count)
            self._by_end[count] = _grouped(named)
        return self._by_end[count]


def _grouped(named: Iterable[tuple[tuple[str, ...], str]]) -> dict[tuple[str, ...], set[str]]:
    found: dict[tuple[str, ...], set[str]] = {}
    for parts, id in named:
        found.setdefault(parts, set()).add(id)
    return found


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in _without_ending(path).split("/") if part not in {"", "."})


def _without_ending(path: str) -> str:
    """Drop the ending of a file of audio, which another copy of the corpus has another of."""
    first, _, ending = path.rpartition(".")
    return first if ending.lower() in _ENDINGS else path
