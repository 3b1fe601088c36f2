"""Rows of a manifest as text: ``.csv``, ``.tsv`` and ``.jsonl``."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from neuroscope import BadManifest
from neuroscope_speech_tasks.reading.json_lines import parse_object, text_of
from neuroscope_speech_tasks.reading.metadata import UTF_16, Row, shown

OURS = "neuroscope"
"""First column of the tables that neuroscope writes."""

DELIMITERS = {".csv": ",", ".tsv": "\t"}


@dataclass(slots=True)
class Rows:
    """The rows of a manifest.

    Attributes:
        rows: line number and cells; cells that are empty or under no name are dropped, and rows of only such.
        problems: lines that cannot be read.
        doubtful: lines with a cell that looks like the ends of several rows.
        ours: whether neuroscope wrote the table, e.g. the manifest of a run: its cells are taken as they are.
    """

    rows: list[tuple[int, Row]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    doubtful: list[int] = field(default_factory=list)
    ours: bool = False

    @property
    def warning(self) -> str:
        """What may have been read otherwise than it was meant, for people; empty = nothing."""
        if not self.doubtful:
            return ""
        return (
            f"cells that look like several rows: {len(self.doubtful)} (the first ends on line {self.doubtful[0]}); a "
            "quotation mark that is a character is written twice within quotation marks, or the file is a .tsv"
        )


def read_rows(file: Path, known_by: Sequence[str] = ("path", "id")) -> Rows:
    """Read the rows of a manifest.

    Args:
        file: ``.csv``, ``.tsv`` or ``.jsonl``.
        known_by: columns that utterances are known by; a table has to have one of them.

    Raises:
        BadManifest: it is no text, or a table without a column that utterances are known by.
    """
    try:
        with file.open("rb") as stream:
            encoding = "utf-16" if stream.read(2) in UTF_16 else "utf-8-sig"
        with file.open(encoding=encoding, newline="") as stream:
            text = stream.read()
        if not text.startswith((OURS, f'"{OURS}"')):  # of other programs, whatever ends a line is an end of a line
            text = text.replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeError:
        raise BadManifest(str(file), ["it is no UTF-8 text, and no UTF-16 with a mark"]) from None
    if "\0" in text:
        raise BadManifest(str(file), ["it is binary"])
    read = Rows()
    parse = _json_rows if file.suffix.lower() == ".jsonl" else _table_rows
    for number, row in parse(file, text, read, known_by):
        if cells := {key: cell if read.ours else value for key, cell in row.items() if key and (value := cell.strip())}:
            read.rows.append((number, cells))
    return read


def _table_rows(file: Path, text: str, read: Rows, known_by: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    delimiter, stream = DELIMITERS[file.suffix.lower()], io.StringIO(text)
    if delimiter == "\t":
        reader = csv.reader(stream, delimiter=delimiter, strict=True, quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(stream, delimiter=delimiter, strict=True, skipinitialspace=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(file, header, known_by)
        read.ours = header[0] == OURS
        for cells in reader:
            if len(cells) == len(header):
                if _swallows_rows(cells, delimiter):
                    read.doubtful.append(reader.line_num)
                yield reader.line_num, dict(zip(header, cells, strict=True))
            elif any(cell.strip() for cell in cells):
                read.problems.append(f"line {reader.line_num}: {len(cells)} cells, the header has {len(header)}")
    except csv.Error as error:
        read.problems.append(f"line {reader.line_num}: {error}")


def _check_header(file: Path, header: Sequence[str], known_by: Sequence[str]) -> None:
    if not set(known_by) & set(header):
        has = shown(f"there is no column '{known_by[0]}'; it has {', '.join(header) or 'no columns'}")
        quoted = "; in .tsv a quotation mark is a character" if any(name.startswith('"') for name in header) else ""
        raise BadManifest(str(file), [has + quoted])
    if twice := [name for name, count in Counter(header).items() if name and count > 1]:
        raise BadManifest(str(file), [shown(f"column '{twice[0]}' comes twice")])


def _swallows_rows(cells: Sequence[str], delimiter: str) -> bool:
    """Whether a cell looks like the rest of its row, whole rows, and the beginning of another up to its column."""
    between = len(cells) - 1
    for place, cell in enumerate(cells):
        first, *more = (line.count(delimiter) for line in cell.split("\n"))
        if more and first == between - place and more[-1] == place and all(n == between for n in more[:-1]):
            return True
    return False


def _json_rows(file: Path, text: str, read: Rows, known_by: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    del file, known_by  # both kinds of text are read alike; each line has columns of its own
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = parse_object(line)
        except ValueError as error:
            read.problems.append(f"line {number} {error}")
        else:
            yield number, {key.strip(): text_of(value) for key, value in row.items() if value is not None}
