"""A folder of audio without a manifest: the classes are in the paths."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

from neuroscope import BadManifest, BadOption, Manifest, MissingData, Utterance

AUDIO = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".aiff", ".aif", ".au", ".sph")
_PARENT = "parent"
_TAKEN = {"", "id"}


def read_folder(root: Path, *, label_from: str = _PARENT, column: str = "label") -> Manifest:
    r"""Read every audio file below a folder, in the order of their paths.

    Args:
        root: the folder; links to folders below it are counted, not followed.
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
    audio, other = _find_audio(root)
    utterances = [_utterance(path, root, pattern, column) for path in audio]
    if pattern and not any(each.tags or each.speaker for each in utterances):
        raise BadOption(f"label_from={label_from} fits no path, e.g. {utterances[0].id}")
    way = _way_to_a_column(column if any(each.tags or each.speaker for each in utterances) else "", pattern)
    return Manifest(tuple(utterances), source=str(root), left_out=dict(sorted(other.items())), way=way)


def _find_audio(root: Path) -> tuple[list[Path], Counter[str]]:
    """List the audio files below a folder, and count by kind what is left out; hidden files are neither.

    Raises:
        MissingData: there is no audio.
        BadManifest: a folder may not be opened, or names of files are no UTF-8.
    """
    audio: list[Path] = []
    other: Counter[str] = Counter()
    failed: list[OSError] = []
    for folder, folders, names in os.walk(root, onerror=failed.append):
        for name in folders:
            other["link to a folder, not followed"] += not name.startswith(".") and Path(folder, name).is_symlink()
        folders[:] = [name for name in folders if not name.startswith(".")]
        for path in (Path(folder, name) for name in names if not name.startswith(".")):
            if path.suffix.lower() not in AUDIO:
                other[f"{path.suffix or 'no ending'} file"] += 1
            elif _is_there(path, failed):
                audio.append(path)
            else:
                other["link to nothing, pipe or device"] += 1
    if failed:
        way = "its audio would be missing without a word; mend its permissions, or name what is wanted in a manifest"
        raise BadManifest(str(root), [f"{each.filename} may not be opened ({each.strerror}): {way}" for each in failed])
    if not audio:
        raise MissingData(f"{root} holds no audio ({', '.join(AUDIO)}) among {other.total()} files")
    if strange := [path for path in audio if not _is_text(path)]:
        raise BadManifest(str(root), [f"the name of {str(path)!a} is no UTF-8; rename it" for path in sorted(strange)])
    return sorted(audio), +other


def _is_there(path: Path, failed: list[OSError]) -> bool:
    """Whether a path is a file, or a link to one; that it may not be asked is noted."""
    try:
        return path.is_file()
    except OSError as error:
        failed.append(error)
        return True


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


def _is_text(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _compile(text: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(text)
    except (re.error, OverflowError) as error:
        raise BadOption(f"label_from={text}: {error}") from None
    if not pattern.groups:
        raise BadOption(f"label_from={text} has no group in parentheses to take the class from")
    return pattern


def _utterance(path: Path, root: Path, pattern: re.Pattern[str] | None, column: str) -> Utterance:
    name = path.relative_to(root).as_posix()
    tags = _columns(name, path, root, pattern, column)
    speaker = tags.pop("speaker", None)
    return Utterance(id=name, path=path, speaker=speaker, tags=tags)


def _columns(name: str, path: Path, root: Path, pattern: re.Pattern[str] | None, column: str) -> dict[str, str]:
    if pattern is None:
        return {} if path.parent == root else {column: path.parent.name}
    match = pattern.search(name)
    if match is None:
        return {}
    if not pattern.groupindex:
        return {column: match[1]} if match[1] else {}
    return {key: value for key, value in match.groupdict().items() if value}
