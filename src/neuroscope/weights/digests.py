"""Texts computed from large files, such as digests, remembered so that each file is read once.

A file is known again by its path, its size and two times of change, of its content and of its inode: copying tools put
the first back to what it was, and nobody the second.

One small JSON file in the cache folder, replaced as a whole. Of two processes that write at once one wins, and what the
other found is computed again one day; a cache that cannot be read or written only costs time.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from neuroscope.errors import BadOption, MissingData, NeuroscopeError
from neuroscope.runtime.files import cache_folder, whole_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

_FILE = "digests.json"
_DAMAGE = (ValueError, LookupError, TypeError, AttributeError, RecursionError, NeuroscopeError)
_MOST = 1_000  # files; the oldest is forgotten first
_LARGEST = 1 << 20


def remembered(what: str, path: Path, compute: Callable[[Path], str]) -> str:
    """Return ``compute(path)``, or what it was before if the file is still the same.

    Args:
        what: is computed, with all that it depends on beside the file's bytes.
        path: the file.
        compute: the file -> a text.

    Raises:
        OSError: the file cannot be looked at.
    """
    return remembered_as(what, path, compute, str)


def remembered_as(what: str, path: Path, compute: Callable[[Path], str], read: Callable[[str], T]) -> T:
    """Return ``read(compute(path))``, of the text of before if the file is still the same and the text can be read.

    Args:
        what: is computed, with all that it depends on beside the file's bytes.
        path: the file.
        compute: the file -> a text.
        read: the text -> what it means; a remembered text with which it raises an error is computed again.

    Raises:
        OSError: the file cannot be looked at.
    """
    key = f"{what} {path.resolve()}"
    before = _stamp(path)
    known = _load().get(key)
    if isinstance(known, dict) and known.get("stamp") == before and isinstance(known.get("value"), str):
        with suppress(*_DAMAGE):
            return read(known["value"])
    value = compute(path)
    if _stamp(path) == before:
        _save(key, {"stamp": before, "value": value})
    return read(value)


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file's bytes, 64 hexadecimal digits; a file that is still the same is not read again.

    Raises:
        MissingData: there is no such file.
        BadOption: it cannot be read.
    """
    return _digest("sha256", path, _sha256, 64)


def digest_like(path: Path, wanted: str) -> str:
    """Return the digest of a file that a hub gives for it: git's of a blob where 40 digits are wanted, else sha256.

    Raises:
        MissingData: there is no such file.
        BadOption: it cannot be read.
    """
    return _digest("git blob", path, _git_blob, 40) if len(wanted) == 40 else sha256_of(path)


def digest_in(path: Path, wanted: str) -> str:
    """Compute such a digest, and remember none: of a file that will have another name.

    Raises:
        OSError: the file cannot be read.
    """
    return _git_blob(path) if len(wanted) == 40 else _sha256(path)


def _digest(what: str, path: Path, compute: Callable[[Path], str], digits: int) -> str:
    def read(text: str) -> str:
        if len(text) != digits or int(text, 16) < 0:
            raise ValueError
        return text

    try:
        return remembered_as(what, path, compute, read)
    except FileNotFoundError:
        raise MissingData(f"there is no file {path}") from None
    except OSError as error:
        raise BadOption(f"{path} cannot be read: {error.strerror or error}") from None


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _git_blob(path: Path) -> str:
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: digest).hexdigest()


def _stamp(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def _place() -> Path:
    folder = cache_folder() / "weights"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / _FILE


def _load() -> dict[str, Any]:
    with suppress(OSError, ValueError, RecursionError, NeuroscopeError):
        path = _place()
        if path.stat().st_size <= _LARGEST:
            known = json.loads(path.read_text("utf-8"))
            return known if isinstance(known, dict) else {}
    return {}


def _save(key: str, record: dict[str, Any]) -> None:
    known = _load()
    known.pop(key, None)
    known[key] = record
    kept = dict(list(known.items())[-_MOST:])
    with suppress(OSError, ValueError, NeuroscopeError), whole_file(_place()) as file:
        file.write_text(json.dumps(kept), "utf-8")
