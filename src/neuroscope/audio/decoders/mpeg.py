"""MPEG audio (MP3): where it lies in a file, whether its count of samples is of all of it, and decoding all of it.

libsndfile decodes as many samples as a header counts, or as it guesses from the size of the first frame where none
does: what an encoder writes to a pipe has no count. Of a stream without one that comes through a pipe, it decodes all.
"""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroscope.audio.decoders.containers import bytes_at, data_of_wav

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO

SUBTYPES = {"MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III"}
_HEAD, _BLOCK = 2**13, 2**16
_MARK = 4
"""Bytes of a count's mark."""
_COUNT = re.compile(rb"\xff[\xe0-\xff]..(?:.{9}|.{11}|.{17}|.{19}|.{32}|.{34})(Xing|Info)(....)(....)(....)", re.DOTALL)
"""A frame's first bytes, its side information by version, channels and checksum, the mark of a count, and the flags of
what follows: how many frames there are, and how many bytes."""


@dataclass(frozen=True, slots=True)
class Mpeg:
    """MPEG audio in a file.

    Attributes:
        first: byte where it begins, as the library wants it: tags may come before the first frame.
        last: byte behind its end.
        count_at: byte of the count's mark; None = there is no count.
        whole: whether the count is of as many bytes as there are, or of more: then the file was cut off.
        longest: largest count of samples of one channel that the header explains: the frames that it counts, and two
            more; a file that decodes to more has another recording behind it. 0 = the header counts no frames.
        counted: byte behind what the count is of; 0 = it is of no bytes.
    """

    first: int
    last: int
    count_at: int | None = None
    whole: bool = False
    longest: int = 0
    counted: int = 0


def find(stream: FileIO) -> Mpeg:
    """Find the MPEG audio in an open file that holds nothing else, or in a WAV file."""
    size = stream.seek(0, os.SEEK_END)
    first, last = data_of_wav(stream, size)
    begin = first
    while (tag := bytes_at(stream, begin, 10)).startswith(b"ID3") and len(tag) == 10:
        begin += 10 + sum(byte << shift for byte, shift in zip(tag[6:], (21, 14, 7, 0), strict=True))
    last -= _tags_behind(stream, last)
    found = _COUNT.search(bytes_at(stream, begin, _HEAD))
    if found is None:
        return Mpeg(first, last)
    flags, *numbers = (int.from_bytes(part) for part in found.groups()[1:])
    frames = numbers.pop(0) if flags & 1 else 0
    size_counted = numbers.pop(0) if flags & 2 else 0
    samples = 1152 if found[0][1] & 0x18 == 0x18 else 576  # of a frame of MPEG 1, and of the later versions
    counted = begin + found.start() + size_counted if size_counted else 0
    longest = (frames + 2) * samples if frames else 0
    return Mpeg(first, last, begin + found.start(1), bool(frames) and counted >= last, longest, counted)


@contextmanager
def piped(stream: FileIO, mpeg: Mpeg) -> Iterator[int]:
    """Send MPEG audio through a pipe, without its count; yield the handle of the end where it comes out."""
    out, into = os.pipe()
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(_send, stream, mpeg, into)
        try:
            yield out
        finally:
            os.close(out)
    sent.result()


def _send(stream: FileIO, mpeg: Mpeg, into: int) -> None:
    mark = mpeg.count_at
    parts = [(mpeg.first, mpeg.last)] if mark is None else [(mpeg.first, mark), (mark + _MARK, mpeg.last)]
    with suppress(BrokenPipeError), open(into, "wb") as pipe:  # broken: the reader has what it wants
        for number, (first, last) in enumerate(parts):
            pipe.write(bytes(_MARK if number else 0))
            stream.seek(first)
            while block := stream.read(min(_BLOCK, last - stream.tell())):
                pipe.write(block)


def _tags_behind(stream: FileIO, last: int) -> int:
    """Add up the bytes of tags that end at a byte: ID3 of version 1, Lyrics3, and APE with a footer."""
    size = 128 if bytes_at(stream, last - 128, 3) == b"TAG" else 0
    while size < last and (tag := _lyrics_behind(stream, last - size) or _ape_behind(stream, last - size)):
        size += tag
    return min(size, last)


def _lyrics_behind(stream: FileIO, last: int) -> int:
    """Return the bytes of Lyrics3 that ends at a byte; of version 1 it has no size, and at most 5100 bytes of text."""
    begin, end = b"LYRICSBEGIN", bytes_at(stream, last - 15, 15)
    if end.endswith(b"LYRICS200") and end[:6].isdigit():
        size = int(end[:6]) + len(end)
        return size if bytes_at(stream, last - size, len(begin)) == begin else 0
    if end.endswith(b"LYRICSEND"):
        longest = min(last, len(begin) + 5100 + len(b"LYRICSEND"))
        at = bytes_at(stream, last - longest, longest).rfind(begin)
        return longest - at if at >= 0 else 0
    return 0


def _ape_behind(stream: FileIO, last: int) -> int:
    footer = bytes_at(stream, last - 32, 24)
    if not footer.startswith(b"APETAGEX"):
        return 0
    has_header = footer[23] & 0x80
    return int.from_bytes(footer[12:16], "little") + (32 if has_header else 0)
