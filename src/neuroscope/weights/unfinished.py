"""A file that is not whole yet, beside its place: kept for the next try, and named once its bytes are right."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from neuroscope.runtime.file_lock import try_to_lock
from neuroscope.weights.digests import digest_in, remembered
from neuroscope.weights.failures import PAGE, failed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from neuroscope.contracts.progress import Progress


@contextmanager
def unfinished(place: Path, what: str, progress: Progress) -> Iterator[BinaryIO]:
    """Open what an earlier try has left of a file, at its end; one process at a time has it, others wait.

    Args:
        place: of the file.
        what: it is, for people.
        progress: is told that another process has it.

    Yields:
        the open file ``NAME.incomplete`` beside ``place``; who finishes it renames it.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    path, is_told = place.with_name(f"{place.name}.incomplete"), False
    with ExitStack() as waiting:
        while True:
            with path.open("ab") as stream:
                if try_to_lock(stream.fileno()) is not False and _is_at(stream, path):
                    waiting.close()
                    try:
                        yield stream
                    finally:
                        if _is_at(stream, path) and not path.stat().st_size:
                            path.unlink()
                    return
            if not is_told:
                is_told = True
                waiting.enter_context(progress(f"Waiting for another process that downloads {what}", 0))
            time.sleep(0.1)


def _is_at(stream: BinaryIO, path: Path) -> bool:
    """Whether nobody has finished or removed the file since it was opened."""
    return path.exists() and os.path.samestat(os.fstat(stream.fileno()), path.stat())


def finish(stream: BinaryIO, place: Path, what: str, digest: str | None) -> None:
    """Give a file that has come whole its name, if its bytes are the right ones; else it is removed.

    Args:
        stream: what has come.
        place: of the file.
        what: it is, for people.
        digest: sha256 of its bytes, or git's of a blob of them; None = nobody knows one.

    Raises:
        MissingData: they are others.
        OSError: it cannot be written.
    """
    unnamed = Path(stream.name)
    stream.flush()
    os.fsync(stream.fileno())
    if _is_page(unnamed):
        unnamed.unlink()
        raise failed(what, "a web page came in its place", PAGE)
    found = digest_in(unnamed, digest) if digest else ""
    if digest and found != digest.lower():
        unnamed.unlink()
        problem = f"what came has the digest {found}, and {digest} is wanted"
        raise failed(what, problem, "It was removed; run the command again, or ask who offers the file.")
    unnamed.replace(place)
    if len(found) == 64:
        remembered("sha256", place, lambda _: found)  # so that it is not read once more


def _is_page(path: Path) -> bool:
    """Whether a file begins as a page for a browser: a server's error, or a form to sign in, sent as if it were it."""
    with path.open("rb") as content:
        begin = content.read(512).removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return begin.startswith((b"<!doctype html", b"<html"))
