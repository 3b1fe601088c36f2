"""A folder of audio without a manifest: the classes are in the paths."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from neuroscope import BadOption, Manifest, MissingData, Utterance
from neuroscope_speech_tasks.reading.file_names import without_ending
from neuroscope_speech_tasks.reading.listing import AUDIO, list_files

if TYPE_CHECKING:
    from neuroscope import Progress

_PARENT = "parent"
_TAKEN = {"", "id"}


def read_folder(root: Path, *, progress: Progress, label_from: str = _PARENT, column: str = "label") -> Manifest:
    r"""Read every audio file below a folder, in the order of their paths.

    Args:
        root: the folder; links to folders below it are counted, not followed.
        progress: told of the files that are found.
        label_from: ``parent`` = the name of the file's folder is the class; else a regular expression that is searched
            in the path below ``root`` (with ``/``): its named groups become columns (``speaker`` is understood), or its
            first group the class: ``label_from=(?P<speaker>\w+)_(?P<gender>[mf])``.
        column: name of the class's column.

    Raises:
        MissingData: no such folder, or no audio in it.
        BadOption: the expression cannot be read, has no group, or fits no file, or a column is to be named ``id``.
        BadManifest: a folder may not be opened, or names of files are no UTF-8.
    """
    if not root.is_dir():
        raise MissingData(f"there is no folder {root}; name one with --root")
    pattern = None if label_from == _PARENT else _compile(label_from)
    if column in _TAKEN or (pattern and _TAKEN & pattern.groupindex.keys()):
        raise BadOption("the class's column needs a name, and no column can be named id: that is the file's path")
    found = list_files(root, progress)
    if not found.names:
        others = sum(found.left_out.values())
        raise MissingData(f"{root} holds no audio ({', '.join(AUDIO)}) among {others} files")
    utterances = [_utterance(name, found.path(name), pattern, column) for name in found.names]
    if pattern and not any(each.tags or each.speaker for each in utterances):
        raise BadOption(f"label_from={label_from} fits no path, e.g. {utterances[0].id}")
    way = _way_to_a_column(column if any(each.tags or each.speaker for each in utterances) else "", pattern)
    copies = len(found.names) - len({without_ending(name) for name in found.names})
    told = f"files of one name with several endings, all of them read: {copies:,} more than names"
    warning = told if copies else ""
    return Manifest(tuple(utterances), source=str(root), left_out=found.left_out, way=way, warning=warning)


def _way_to_a_column(column: str, pattern: re.Pattern[str] | None) -> str:
    """Say what to do where a column is asked for that the paths do not make, which ``{column}`` stands for."""
    expression = "take it from the paths: --dataset 'folder,label_from=(?P<{column}>REGEX)'"
    if pattern is not None:
        return f"label_from makes no such column of the paths; {expression}"
    if not column:
        return (
            "The files lie in no folder below it, so they have no class: put those of a class into a folder of its "
            f"own, or {expression}"
        )
    return (
        f"The folders' names are the column '{column}': ask about it (--task label:{column}), name it otherwise "
        f"(--dataset folder,column={{column}}), or {expression}"
    )


def _compile(text: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(text)
    except (re.error, OverflowError) as error:
        raise BadOption(f"label_from={text}: {error}") from None
    if not pattern.groups:
        raise BadOption(f"label_from={text} has no group in parentheses to take the class from")
    return pattern


def _utterance(name: str, path: Path, pattern: re.Pattern[str] | None, column: str) -> Utterance:
    tags = _columns(name, pattern, column)
    speaker = tags.pop("speaker", None)
    return Utterance(id=name, path=path, speaker=speaker, tags=tags)


def _columns(name: str, pattern: re.Pattern[str] | None, column: str) -> dict[str, str]:
    if pattern is None:
        folder = name.rpartition("/")[0].rpartition("/")[2]
        return {column: folder} if folder else {}
    match = pattern.search(name)
    if match is None:
        return {}
    if not pattern.groupindex:
        return {column: match[1]} if match[1] else {}
    return {key: value for key, value in match.groupdict().items() if value}
