"""A folder of audio without a manifest: the classes are in the paths."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from neuroscope import BadManifest, BadOption, Manifest, MissingData, Utterance

AUDIO = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".aiff", ".aif", ".au", ".sph", ".m4a", ".aac", ".wma", ".amr")
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
        BadManifest: names of files are no UTF-8.
    """
    if not root.is_dir():
        raise MissingData(f"there is no folder {root}; name one with --root")
    found = sorted(path for path in root.rglob("*") if not _hidden(path, root))
    files = [path for path in found if path.is_file()]
    audio = [path for path in files if path.suffix.lower() in AUDIO]
    if not audio:
        raise MissingData(f"{root} holds no audio ({', '.join(AUDIO)}) among {len(files)} files")
    pattern = None if label_from == _PARENT else _compile(label_from)
    if column in _TAKEN or (pattern and _TAKEN & pattern.groupindex.keys()):
        raise BadOption("the class's column needs a name, and no column can be named id: that is the file's path")
    if strange := [path for path in audio if not _is_text(path)]:
        raise BadManifest(str(root), [f"the name of {str(path)!a} is no UTF-8; rename it" for path in strange])
    utterances = [_utterance(path, root, pattern, column) for path in audio]
    if pattern and not any(each.tags or each.speaker for each in utterances):
        raise BadOption(f"label_from={label_from} fits no path, e.g. {utterances[0].id}")
    other = Counter(f"{path.suffix or 'no ending'} file" for path in files if path.suffix.lower() not in AUDIO)
    if links := sum(path.is_dir() and path.is_symlink() for path in found):
        other["link to a folder, not followed"] = links
    return Manifest(tuple(utterances), source=str(root), left_out=dict(sorted(other.items())))


def _hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)


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
