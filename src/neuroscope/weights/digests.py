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
from typing import TYPE_CHECKING, Any

from neuroscope.errors import NeuroscopeError
from neuroscope.runtime.files import cache_folder, whole_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_FILE = "digests.json"
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
    key = f"{what} {path.resolve()}"
    before = _stamp(path)
    known = _load().get(key)
    if isinstance(known, dict) and known.get("stamp") == before and isinstance(known.get("value"), str):
        return str(known["value"])
    value = compute(path)
    if _stamp(path) == before:
        _save(key, {"stamp": before, "value": value})
    return value


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file's bytes, 64 hexadecimal digits; a file that is still the same is not read again.

    Raises:
        OSError: the file cannot be read.
    """
    return remembered("sha256", path, _sha256)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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
