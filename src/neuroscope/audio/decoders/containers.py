"""Containers of audio: whether an Ogg or WAV file is whole, and one recording, which libsndfile does not say.

It reads as much as is there of an Ogg file that was cut off, and of recordings that were joined the first.
Sources: RFC 3533, section 6; Multimedia Programming Interface and Data Specifications 1.0 (RIFF).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal, NamedTuple

from neuroscope.errors import BadAudio

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from io import FileIO
    from pathlib import Path

_WAV: Mapping[bytes, Literal["little", "big"]] = {b"RIFF": "little", b"RF64": "little", b"RIFX": "big"}
_HEADER = 27
_FIRST = 2
_NO_POSITION = -1


class _Page(NamedTuple):
    end: int
    flags: int
    position: int
    stream: bytes


def check(stream: FileIO, path: Path) -> None:
    """Raise BadAudio where an Ogg file is cut off or contradicts itself, and an Ogg or WAV file holds several."""
    kind = bytes_at(stream, 0, 12)
    if kind.startswith(b"OggS"):
        _check_ogg(stream, path)
    elif kind[:4] in _WAV and kind[8:] == b"WAVE":
        behind = 8 + int.from_bytes(kind[4:8], _WAV[kind[:4]])
        next_one = bytes_at(stream, behind + behind % 2, 12)
        if next_one[:4] in _WAV and next_one[8:] == b"WAVE":
            raise several(path)


def several(path: Path) -> BadAudio:
    """Make the error of a file that holds several recordings, of which the library would read the first."""
    return BadAudio("several recordings", f"{path}: one behind the other; write them to files of their own")


def _check_ogg(stream: FileIO, path: Path) -> None:
    size = stream.seek(0, os.SEEK_END)
    positions: dict[bytes, int] = {}
    begun = False
    for page in _pages(stream):
        if page.end > size:
            raise BadAudio("truncated file", f"{path}: its last page has {page.end - size} bytes more than there are")
        if page.flags & _FIRST and begun:
            raise several(path)
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


def data_of_wav(stream: FileIO, size: int) -> tuple[int, int]:
    """Find the first byte of a WAV file's samples, and the byte behind the last; of another file, all of it."""
    if bytes_at(stream, 0, 4) not in _WAV or bytes_at(stream, 8, 4) != b"WAVE":
        return 0, size
    position, order = 12, _WAV[bytes_at(stream, 0, 4)]
    while len(chunk := bytes_at(stream, position, 8)) == 8:
        length = int.from_bytes(chunk[4:], order)
        if chunk[:4] == b"data":
            return position + 8, min(size, position + 8 + length) if length else size
        position += 8 + length + length % 2
    return 0, size


def bytes_at(stream: FileIO, position: int, count: int) -> bytes:
    """Read bytes of an open file, as many as there are."""
    stream.seek(max(position, 0))
    return stream.read(count)
