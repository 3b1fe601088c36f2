"""Tables of metadata, read row by row by the names of their columns; what is not understood is collected."""

from __future__ import annotations

import csv
import gzip
import io
import stat
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from neuroscope import BadManifest
from neuroscope_speech_tasks.reading.listing import leads_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Row = Mapping[str, str]
LONGEST_LINE = 2**20
"""Characters of a line of metadata; what is longer is no metadata."""
_SHOWN = 400
"""Characters of what metadata hold that a message shows."""
_HEAD = 8192
UTF_16 = {b"\xff\xfe", b"\xfe\xff"}
"""Marks at the beginning of a file that say its encoding."""
_DELIMITERS = ("\t", ",", ";", "|")


@dataclass
class Problems:
    """Problems with the metadata of a corpus, told at once.

    Attributes:
        source: the corpus's root; nothing outside of it is read through a link.
        anywhere: metadata may be links to wherever they lie, as people make them in manifests of their own.
    """

    source: str
    anywhere: bool = field(default=False, kw_only=True)
    _lines: dict[tuple[Path, str], list[int | None]] = field(default_factory=dict)

    def add(self, file: Path, text: str, line: int | None = None) -> None:
        """Note a problem of a file, or of a line of it, counted from 1."""
        self._lines.setdefault((file, text), []).append(line)

    def __len__(self) -> int:
        """Count the problems; the same one on several lines is one."""
        return len(self._lines)

    @property
    def found(self) -> list[str]:
        """What was not understood, a line each: the first line of a file with a problem, and how many more have it."""
        names = {file: self._name(file) for file in dict.fromkeys(file for file, _ in self._lines)}
        return [
            f"{names[file]}{_on(*lines)}: {shown(text)}{_more(*lines)}" for (file, text), lines in self._lines.items()
        ]

    def _name(self, file: Path) -> str:
        """Name a file as it lies below the root: several folders may have one of the same name."""
        below = file.is_relative_to(self.source) and file != Path(self.source)
        return shown(file.relative_to(self.source).as_posix() if below else file.name)

    def check(self) -> None:
        """Raise BadManifest with all problems, where there are any."""
        if self:
            raise BadManifest(self.source, self.found)


def _on(first: int | None, *others: int | None) -> str:
    del others
    return "" if first is None else f" line {first}"


def _more(first: int | None, *others: int | None) -> str:
    return f" (and {len(others):,} more line{'s' * (len(others) > 1)})" if others and first is not None else ""


def shown(text: str) -> str:
    """Write what metadata hold so that it can be shown: not too long, and signs that would steer a terminal escaped."""
    short = text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]}...{text[-_SHOWN // 2 :]}"
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in short)


def read_lines(file: Path, problems: Problems, *, encoding: str = "") -> Iterator[tuple[int, str]]:
    """Read the lines of a text file that are not empty, without their ends, with their numbers from 1.

    UTF-8 with or without a mark, UTF-16 with one, and each of them behind ``.gz`` are read; without a mark another
    encoding may be named. A file that is no text, cannot be opened, leads out of the root, or has a line of more than a
    million characters, is a problem, and nothing more is read of it.
    """
    try:
        if problem := _problem_with_file(file, problems):
            problems.add(file, problem)
            return
        with _opened(file, encoding) as stream:
            number = 0
            while line := stream.readline(LONGEST_LINE + 1):
                number += 1
                if problem := _problem_with(line):
                    problems.add(file, problem, number)
                    return
                if line.strip():
                    yield number, line.rstrip("\r\n")
    except UnicodeError:
        problems.add(file, "it is no UTF-8 text")
    except (EOFError, zlib.error):
        problems.add(file, "it is damaged")
    except OSError as error:
        problems.add(file, f"it cannot be opened ({error.strerror or error})")


def _problem_with_file(file: Path, problems: Problems) -> str:
    mode = file.stat().st_mode
    if not stat.S_ISREG(mode):
        return "it is a folder" if stat.S_ISDIR(mode) else "it is no file, but a pipe or a device"
    root = Path(problems.source)
    if not problems.anywhere and leads_out(file, root if file.is_relative_to(root) else file.parent):
        return "it is a link out of the corpus's folder; put the file itself there"
    return ""


def _opened(file: Path, encoding: str) -> TextIO:
    """Open a text file; a mark at its beginning says its encoding, and its lines may end in carriage returns alone."""
    opened = gzip.open if file.suffix == ".gz" else io.open
    with opened(file, "rb") as stream:
        head = stream.read(_HEAD)
    if head[:2] in UTF_16:
        encoding = "utf-16"
    elif head[:3] == b"\xef\xbb\xbf" or not encoding:
        encoding = "utf-8-sig"
    start = head.decode(encoding, errors="ignore")
    return opened(file, "rt", encoding=encoding, newline="\r" if "\r" in start and "\n" not in start else "\n")


def _problem_with(line: str) -> str:
    if len(line) > LONGEST_LINE:
        return f"it is longer than {LONGEST_LINE:,} characters: this is no metadata"
    return "it is binary" if "\0" in line else ""


def read_table(
    file: Path,
    problems: Problems,
    needed: Sequence[str] = (),
    *,
    delimiter: str = "",
    names: Sequence[str] = (),
    quoted: bool = False,
    open_end: bool = False,
    cleaned: Callable[[str], str] = str.strip,
) -> Iterator[tuple[int, Row]]:
    """Read the rows of a table with the numbers of their lines; names of columns and cells are stripped.

    Args:
        file: the table.
        problems: receives rows with more or fewer cells than there are columns, and columns that are missing or come
            twice; nothing is read then.
        needed: columns that it has to have.
        delimiter: between cells; empty = the one of tab, comma, semicolon and bar that the first line has most of.
        names: of the columns, where the file has no header.
        quoted: whether a cell may stand in quotation marks and hold the delimiter; else a mark is a character.
        open_end: whether a row may end with a delimiter that the header has not.
        cleaned: makes a cell of what stands between the delimiters.

    Yields:
        line number and the cells that are not empty, by column.
    """
    columns, before = list(names), len(problems)
    for number, line in read_lines(file, problems):
        delimiter = delimiter or max(_DELIMITERS, key=line.count)
        try:
            cells = _cells(line, delimiter, quoted=quoted)
        except csv.Error as error:
            problems.add(file, str(error), number)
            continue
        if not columns:
            columns = [cleaned(cell) for cell in cells]
            if problem := _problem_with_columns(columns, needed):
                problems.add(file, problem, number)
                return
        elif len(cells) != len(columns) and not (open_end and _is_open_end(cells, columns)):
            problems.add(file, f"{len(cells)} cells, there are {len(columns)} columns", number)
        else:
            yield number, {key: text for key, cell in zip(columns, cells, strict=False) if (text := cleaned(cell))}
    if not columns and len(problems) == before:
        problems.add(file, "it is empty")


def rows_by_id(
    file: Path,
    problems: Problems,
    rows: Iterable[tuple[int, Row]],
    id_column: str,
    problem_with: Callable[[Row], str],
) -> dict[str, tuple[int, Row]]:
    """Collect the rows of a table of speakers by their ids, with the numbers of their lines.

    Args:
        file: the table.
        problems: receives rows with a problem, ids that come twice and not alike, and a table without speakers.
        rows: of the table.
        id_column: where the id stands, in a row without a problem.
        problem_with: says what is wrong with a row; empty = nothing.
    """
    found: dict[str, tuple[int, Row]] = {}
    for number, row in rows:
        if problem := problem_with(row):
            problems.add(file, problem, number)
        elif found.setdefault(row[id_column], (number, row))[1] != row:
            problems.add(file, f"{row[id_column]} comes twice, and not alike", number)
    if not found and not problems:
        problems.add(file, "it has no speakers")
    return found


def _cells(line: str, delimiter: str, *, quoted: bool) -> list[str]:
    if not quoted or '"' not in line:
        return line.split(delimiter)
    return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))


def _is_open_end(cells: Sequence[str], columns: Sequence[str]) -> bool:
    """Tell whether a row has one more cell, which is empty."""
    return len(cells) == len(columns) + 1 and not cells[-1].strip()


def _problem_with_columns(columns: Sequence[str], needed: Sequence[str]) -> str:
    if missing := [name for name in needed if name not in columns]:
        shown = ", ".join(name or "''" for name in columns[:20])[:300]
        return f"there is no column {', '.join(missing)}; it has {shown}"
    twice = [name for name, count in Counter(columns).items() if name and count > 1]
    return f"column '{twice[0]}' comes twice" if twice else ""
