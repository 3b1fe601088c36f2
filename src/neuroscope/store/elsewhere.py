"""Notes of what is being written outside of the store, and removing what dead writers left there.

A writer has its lock and its unfinished files beside what it writes. Exports are written wherever the user says, run
folders there or in the cache: without a note nobody would know where to look.
"""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

from neuroscope.errors import NeuroscopeError
from neuroscope.runtime.file_lock import FolderLock, locked_unless_gone, try_to_lock
from neuroscope.runtime.files import leftovers_of, whole_file
from neuroscope.store import disk, json_files
from neuroscope.store.json_files import WrongContent

_SHAPE = {"path": str}
_BESIDE = re.compile(r"\.(?P<target>.+)\.(lock|[0-9a-f]{16}\.(partial|former))", re.DOTALL)


class Note:
    """A note of a file or folder that is being written; where the store cannot be written there is none.

    Args:
        store: folder of the store.
        path: what is being written.
    """

    def __init__(self, store: Path, path: Path) -> None:
        self._file = _folder(store) / f"{secrets.token_hex(8)}.json"
        self._handle = -1
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(self._file) as temporary:
                json_files.write(temporary, {"path": str(path.absolute())}, _SHAPE)
                self._handle = os.open(temporary, os.O_RDONLY)
            try_to_lock(self._handle)

    def remove(self) -> None:
        """Take the note away, when the file or folder is written, or is not going to be."""
        if self._handle >= 0:
            with suppress(OSError):
                self._file.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = -1


def prune(store: Path, before: float, runs: Path | None) -> dict[str, int]:
    """Remove what dead writers of exports and of run folders have left; a former run folder may come back.

    Args:
        store: folder of the store.
        before: what was written to after that (seconds since 1970) stays.
        runs: the run folders of the cache, which need no note to be found.

    Returns:
        path -> bytes of what was removed.

    Raises:
        NeuroscopeError: something cannot be removed, or not be looked at; the notes behind it are followed still.
    """
    removed: dict[str, int] = {}
    for folder in sorted(runs.glob("[!.]*")) if runs else []:
        removed |= disk.remove([left for left in disk.leftovers(folder) if disk.last_change(left) <= before])
    for path in _targets_in(runs) if runs else []:
        removed |= _clear(path, before)
    return removed | _follow_all(store, before)


def _follow_all(store: Path, before: float) -> dict[str, int]:
    """Remove what the writers that made notes have left, the notes once nothing is left, and what is no note."""
    removed: dict[str, int] = {}
    followed, odd, problems = [], [], []
    for note in sorted(_folder(store).glob("[!.]*")):
        with locked_unless_gone(note) as is_left:
            if not is_left or disk.last_change(note) > before:
                continue
            try:
                path = Path(json_files.read(note, _SHAPE)["path"])
            except PermissionError:  # another user's, who can follow it
                continue
            except (WrongContent, OSError):
                odd.append(note)
                continue
            try:
                removed |= _clear(path, before)
                if path.parent.is_dir() and not _beside(path):  # else its disk is perhaps back another time
                    followed.append(note)
            except (NeuroscopeError, OSError) as error:
                problems.append(f"what was left of {path} cannot be removed: {json_files.reason(error)}")
    disk.remove(followed)  # behind the block: it looks at the lock of each
    removed |= disk.remove(odd)
    if problems:
        raise NeuroscopeError("; ".join(problems))
    return removed


def _clear(path: Path, before: float) -> dict[str, int]:
    """Remove what writers of a file or folder have left beside and in it, unless one is at work."""
    old = [each for each in (*_beside(path), *disk.leftovers(path)) if disk.last_change(each) <= before]
    lock = FolderLock(path) if old else None
    if lock is None or not lock.keeps_others_out:
        return {}
    try:
        found = [*leftovers_of(path), *disk.leftovers(path)]
        removed = disk.remove([left for left in found if disk.last_change(left) <= before])
    finally:
        lock.release()
    return removed | {str(each): 0 for each in old if each.suffix == ".lock"}


def _beside(path: Path) -> list[Path]:
    """List what writers of a file or folder have, or had, beside it."""
    found = (_BESIDE.fullmatch(each) for each in _names(path.parent))
    return [path.with_name(each[0]) for each in found if each and each["target"] == path.name]


def _targets_in(runs: Path) -> list[Path]:
    """List the run folders, there or not, that something lies beside."""
    found = (_BESIDE.fullmatch(each) for each in _names(runs))
    return sorted({runs / each["target"] for each in found if each})


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 (names are all that is looked at)
    except OSError:
        return []


def _folder(store: Path) -> Path:
    return store / "elsewhere"
