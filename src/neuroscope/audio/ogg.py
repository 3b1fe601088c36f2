"""Ogg files: whether one is whole, and one recording, which libsndfile does not say.

It reads as much as is there of a file that was cut off, and of recordings that were joined the first.
Source: RFC 3533, section 6.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from neuroscope.errors import BadAudio

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

_HEADER = 27
_FIRST = 2
_NO_POSITION = -1


class _Page(NamedTuple):
    end: int
    flags: int
    position: int
    stream: bytes


def check(stream: FileIO, path: Path) -> None:
    """Raise BadAudio where an Ogg file is cut off, holds several recordings, or its pages contradict each other."""
    size = stream.seek(0, os.SEEK_END)
    positions: dict[bytes, int] = {}
    begun = False
    for page in _pages(stream):
        if page.end > size:
            raise BadAudio("truncated file", f"{path}: its last page has {page.end - size} bytes more than there are")
        if page.flags & _FIRST and begun:
            raise BadAudio("several recordings", f"{path}: one behind the other; write them to files of their own")
        begun = begun or not page.flags & _FIRST
        before = positions.get(page.stream, 0)
        if page.position != _NO_POSITION:
            if page.position < before:
                text = f"{path}: a page ends at sample {before}, and a later one at {page.position}"
                raise BadAudio("not audio, or damaged", text)
            positions[page.stream] = page.position


def _pages(stream: FileIO) -> Iterator[_Page]:
    """Walk the pages from the beginning; what is no page ends the walk, because the library skips it."""
    end = 0
    while True:
        stream.seek(end)
        header = stream.read(_HEADER + 255)
        if not header.startswith(b"OggS"):
            return
        if len(header) < _HEADER:
            yield _Page(end + _HEADER, 0, _NO_POSITION, b"")
            return
        lengths = header[_HEADER : _HEADER + header[26]]
        end += _HEADER + header[26] + sum(lengths)
        yield _Page(end, header[5], int.from_bytes(header[6:14], "little", signed=True), header[14:18])
