"""A file of weights from a plain address, such as a release's or a cloud folder's."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from neuroscope.contracts.progress import silent
from neuroscope.errors import BadOption
from neuroscope.weights.digests import sha256_of
from neuroscope.weights.failures import OFFLINE, failed, is_put_off, put_off, unwritable

if TYPE_CHECKING:
    from pathlib import Path

    from neuroscope.contracts.progress import Progress


def download(url: str, folder: Path, *, sha256: str | None = None, progress: Progress = silent) -> Path:
    """Bring a file into a folder, unless it is there; an interrupted download goes on where it ended.

    Args:
        url: http or https; the last part of its path is the file's name.
        folder: is made where it is missing.
        sha256: of the file's bytes; what does not have it is not kept.
        progress: is told the bytes that have come.

    Returns:
        the file in the folder, whole.

    Raises:
        BadOption: the address is none of a file.
        MissingData: the file cannot be had: the server refuses, the connection breaks, its bytes are others, offline
            mode is on (``HF_HUB_OFFLINE=1``), or the folder cannot be written.
    """
    from neuroscope.weights.transfer import Source, fetch
    from neuroscope.weights.unfinished import finish, unfinished

    name = _name_in(url)
    place, what = folder / name, f"{name} ({url})"
    try:
        if place.exists():
            _check(place, sha256, what)
            return place
        if is_offline():
            advice = f"Put the file at {place}, or run once without {OFFLINE}."
            raise failed(what, f"it is not at {place}, and {OFFLINE} forbids to download", advice)
        if is_put_off():
            raise put_off(name, folder, url)
        with unfinished(place, what, progress) as stream:
            if not place.exists():  # another process may have brought it meanwhile
                version = place.with_name(f"{name}.incomplete.version")
                fetch(Source(url, what, version_in=version), stream, progress)
                version.unlink(missing_ok=True)
                finish(stream, place, what, sha256)
        return place
    except OSError as error:
        raise unwritable(what, folder, error) from None


def _name_in(url: str) -> str:
    try:
        parts = urlsplit(url)
        fine, name = parts.scheme in {"http", "https"} and parts.port != 0, unquote(parts.path).rpartition("/")[2]
    except ValueError:  # a bracket that is not closed, a port that is none
        fine, name = False, ""
    if not fine or name in {"", ".", ".."} or not name.isprintable() or not url.isprintable() or " " in url:
        raise BadOption(f"{url!a} is no address of a file (http or https, with a name at its end)")
    return name


def _check(place: Path, sha256: str | None, what: str) -> None:
    if sha256 is not None and (found := sha256_of(place)) != sha256.lower():
        advice = f"Remove {place} to download it again."
        raise failed(what, f"{place} has sha256 {found}, and {sha256} is wanted", advice)


def is_offline() -> bool:
    """Whether the user forbids requests."""
    named = os.environ.get(OFFLINE) or os.environ.get("TRANSFORMERS_OFFLINE") or ""
    return named.upper() in {"1", "ON", "YES", "TRUE"}
