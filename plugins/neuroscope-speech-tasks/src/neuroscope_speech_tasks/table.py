"""Manifests as text: ``.csv``, ``.tsv`` and ``.jsonl``, one row an utterance."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from neuroscope import BadManifest, Manifest, MissingData, Utterance

_UNDERSTOOD = ("id", "path", "start", "duration", "audio_channel", "speaker")
_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_ENDINGS = (*_DELIMITERS, ".jsonl")
_FOLDER_NAMES = tuple(f"manifest{ending}" for ending in _ENDINGS)
_Row = Mapping[str, str]


def read_table(root: Path) -> Manifest:
    """Read a manifest.

    ``path`` is needed, and relative to the manifest. ``id`` (default: the path, with its stretch), ``start`` and
    ``duration`` (seconds), ``audio_channel`` (from 0) and ``speaker`` are understood; every other column is a tag. An
    empty cell = not known.

    Args:
        root: the file, or a folder that holds ``manifest.csv``, ``.tsv`` or ``.jsonl``.

    Raises:
        MissingData: there is no such file.
        BadManifest: it is no text, lacks ``path``, or has rows that cannot be used; all problems are told at once.
    """
    file = _find(root)
    problems: list[str] = []
    rows = list(_rows(file, problems))
    utterances = [made for number, row in rows if (made := _utterance(number, row, file.parent, problems))]
    problems += [f"id {name} comes {n} times" for name, n in Counter(u.id for u in utterances).items() if n > 1]
    if not rows and not problems:
        problems.append("it has no rows")
    if problems:
        raise BadManifest(str(file), problems)
    return Manifest(tuple(utterances), source=str(file))


def _find(root: Path) -> Path:
    if root.is_dir():
        found = [root / name for name in _FOLDER_NAMES if (root / name).is_file()]
        if not found:
            raise MissingData(f"{root} holds no {', '.join(_FOLDER_NAMES)}; name the manifest with --root FILE")
        return found[0]
    if not root.is_file():
        raise MissingData(f"there is no manifest {root}; name a {', '.join(_ENDINGS)} file with --root")
    if root.suffix.lower() not in _ENDINGS:
        raise BadManifest(str(root), [f"expected a file that ends in {', '.join(_ENDINGS)}"])
    return root


def _rows(file: Path, problems: list[str]) -> Iterator[tuple[int, _Row]]:
    """Line number and cells of each row; cells that are empty or under no name are dropped, and rows of only such."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadManifest(str(file), ["it is no UTF-8 text"]) from None
    if "\0" in text:
        raise BadManifest(str(file), ["it is binary"])
    parse = _json_rows if file.suffix.lower() == ".jsonl" else _table_rows
    for number, row in parse(file, text, problems):
        if cells := {key: value for key, cell in row.items() if key and (value := cell.strip())}:
            yield number, cells


def _table_rows(file: Path, text: str, problems: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(io.StringIO(text), delimiter=_DELIMITERS[file.suffix.lower()], strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if "path" not in header:
            raise BadManifest(str(file), [f"there is no column 'path'; it has {', '.join(header) or 'no columns'}"])
        if twice := [name for name, count in Counter(header).items() if name and count > 1]:
            raise BadManifest(str(file), [f"column '{twice[0]}' comes twice"])
        for cells in reader:
            if len(cells) == len(header):
                yield reader.line_num, dict(zip(header, cells, strict=True))
            elif any(cell.strip() for cell in cells):
                problems.append(f"line {reader.line_num}: {len(cells)} cells, the header has {len(header)}")
    except csv.Error as error:
        problems.append(f"line {reader.line_num}: {error}")


def _json_rows(file: Path, text: str, problems: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    del file  # both kinds of text are read alike
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            json.dumps(row, ensure_ascii=False).encode()  # half a surrogate pair is no text that could be kept
        except (ValueError, RecursionError) as error:
            problems.append(f"line {number} is no JSON: {error}")
            continue
        if isinstance(row, dict):
            yield number, {key.strip(): _text(value) for key, value in row.items() if value is not None}
        else:
            problems.append(f"line {number} is no JSON object")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _utterance(number: int, row: _Row, folder: Path, problems: list[str]) -> Utterance | None:
    """One row; what is wrong with it goes to ``problems``."""
    if "path" not in row:
        problems.append(f"line {number}: no path")
        return None
    start, duration = (_seconds(number, row, name, problems) for name in ("start", "duration"))
    channel = row.get("audio_channel")
    if channel is not None and not channel.isdecimal():
        problems.append(f"line {number}: audio_channel {channel} is no whole number from 0")
        return None
    stretch = "#" + ",".join(row.get(name, "") for name in ("start", "duration", "audio_channel"))
    return Utterance(
        id=row.get("id", row["path"] + (stretch if stretch.strip("#,") else "")),
        path=folder / row["path"],
        start=start or 0.0,
        duration=duration,
        audio_channel=None if channel is None else int(channel),
        speaker=row.get("speaker"),
        tags={key: value for key, value in row.items() if key not in _UNDERSTOOD},
    )


def _seconds(number: int, row: _Row, name: str, problems: list[str]) -> float | None:
    text = row.get(name)
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds) or seconds < 0 or (name == "duration" and not seconds):
        problems.append(f"line {number}: {name} {text} is no number of seconds")
        return None
    return seconds
