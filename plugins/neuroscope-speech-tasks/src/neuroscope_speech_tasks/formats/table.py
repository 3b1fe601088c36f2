"""Manifests as text: ``.csv``, ``.tsv`` and ``.jsonl``, one row an utterance."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from neuroscope import BadManifest, Manifest, MissingData, Utterance
from neuroscope_speech_tasks.formats.columns import BadCell, StretchColumns
from neuroscope_speech_tasks.formats.rows import DELIMITERS, OURS, read_rows
from neuroscope_speech_tasks.reading.metadata import Row, shown

_ENDINGS = (*DELIMITERS, ".jsonl")
_FOLDER_NAMES = tuple(f"manifest{ending}" for ending in _ENDINGS)


def read_table(root: Path) -> Manifest:
    """Read a manifest.

    ``path`` is relative to the manifest; without it there has to be ``id``, and the vectors have to be imported. ``id``
    (default: the path, with its stretch), ``start`` with ``end`` or ``duration`` (seconds), ``audio_channel`` (from 0)
    and ``speaker`` are understood. Columns that mean a stretch or a track under another name are read as such and told,
    or refused where that is not clear; every other column is a tag. An empty cell, and NaN in ``.jsonl``, is not known.
    In ``.tsv`` a quotation mark is a character.

    Args:
        root: the file, or a folder that holds ``manifest.csv``, ``.tsv`` or ``.jsonl``.

    Raises:
        MissingData: there is no such file.
        BadManifest: it is no text, has neither ``path`` nor ``id``, columns whose meaning is not clear, or rows that
            cannot be used; all problems are told at once.
    """
    file = _find(root)
    read = read_rows(file)
    columns, problems = StretchColumns((row for _, row in read.rows), ours=read.ours), list(read.problems)
    if columns.problems:
        raise BadManifest(str(file), [shown(each) for each in columns.problems])
    needed = {"path"} if not read.ours and any("path" in row for _, row in read.rows) else {"path", "id"}
    utterances = []
    for number, row in read.rows:
        try:
            utterances.append(_utterance(row, file.parent, columns, needed, ours=read.ours))
        except BadCell as error:
            problems.append(f"line {number}: {error}")
    problems += [f"id {name} comes {n} times" for name, n in Counter(u.id for u in utterances).items() if n > 1]
    if not read.rows and not problems:
        problems.append("it has no rows")
    if problems:
        raise BadManifest(str(file), [shown(each) for each in problems])
    warnings = "; ".join(filter(None, (columns.warning, read.warning)))
    return Manifest(tuple(utterances), source=str(file), warning=warnings)


def _find(root: Path) -> Path:
    if root.is_dir():
        found = [root / name for name in _FOLDER_NAMES if (root / name).is_file()]
        if not found:
            raise MissingData(f"{root} holds no {', '.join(_FOLDER_NAMES)}; name the manifest with --root FILE")
        return found[0]
    if root.exists() and not root.is_file():
        raise BadManifest(str(root), ["it is no file, but a pipe or a device"])
    if not root.is_file():
        raise MissingData(f"there is no manifest {root}; name a {', '.join(_ENDINGS)} file with --root")
    if root.suffix.lower() not in _ENDINGS:
        raise BadManifest(str(root), [f"expected a file that ends in {', '.join(_ENDINGS)}"])
    return root


def _utterance(row: Row, folder: Path, columns: StretchColumns, needed: set[str], *, ours: bool) -> Utterance:
    """Make the utterance of a row.

    Args:
        row: its cells.
        folder: that paths are relative to.
        columns: those of stretch and track.
        needed: columns of which it has to have one.
        ours: whether neuroscope wrote the table.

    Raises:
        BadCell: it cannot be used.
    """
    if not needed & row.keys():
        raise BadCell("no path" if needed == {"path"} else "no path and no id")
    path = row.get("path")
    file = None if path is None else folder / path
    others = ("path", OURS) if ours else ("path",)
    made = columns.utterance(row, file, id_=path or "", speaker="speaker", others=others)
    return replace(made, tags={_tag(column): value for column, value in made.tags.items()}) if ours else made


def _tag(column: str) -> str:
    """Return the tag of a column; neuroscope writes ``tag:NAME`` where the name alone means something else."""
    return column.removeprefix("tag:")
