"""Links to a corpus in another place, and the files that lie below it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from neuroscope.testing.cases import NotApplicable

if TYPE_CHECKING:
    from collections.abc import Iterator

WATCHED_FILES = 100_000
_COPIED_FILES, _COPIED_BYTES = 2000, 32 * 2**20


@contextmanager
def linked(root: Path, folder: Path) -> Iterator[Path]:
    """Make a link to the root in ``folder``; of a file, what lies beside it is found there too.

    Raises:
        NotApplicable: this system makes no links.
    """
    link, true = folder / "link", root.resolve()
    try:
        link.symlink_to(true if true.is_dir() else true.parent, target_is_directory=True)
    except OSError as error:
        raise NotApplicable(f"this system makes no link: {error}") from None
    yield link if true.is_dir() else link / true.name


def is_small(root: Path) -> bool:
    """Whether a folder is quickly copied: at most 2,000 files of 32 MiB in all."""
    files = size = 0
    for path in root.rglob("*"):
        files, size = files + 1, size + path.lstat().st_size
        if files > _COPIED_FILES or size > _COPIED_BYTES:
            return False
    return True


def files_below(root: Path) -> dict[str, tuple[int, int]]:
    """List size and time of change of every file below a root, or of a lone file; at most one more than are watched."""
    found = {}
    files = [root] if root.is_file() else (Path(at) / name for at, _, names in os.walk(root) for name in names)
    for path in files:
        status = path.lstat()
        found[str(path)] = (status.st_size, status.st_mtime_ns)
        if len(found) > WATCHED_FILES:
            break
    return found
