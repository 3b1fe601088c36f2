"""Header of NIST SPHERE files: whether their samples are compressed, and whether as many are there as it says.

Source: NIST SPHERE 2.6, ``header.doc``: a line ``NIST_1A``, the bytes of the header, fields ``name -type value``.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from neuroscope.audio.decoders.containers import bytes_at
from neuroscope.errors import BadAudio

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path

_MAGIC = b"NIST_1A"
_BEGIN = re.compile(rb"NIST_1A\n *(\d{1,6})\n")
_FIELD = re.compile(rb"^(\w+)[ \t]+-[a-z]\d*[ \t]+(\S+)", re.MULTILINE)
_END = b"\nend_head"


class SphereHeader(NamedTuple):
    """What a header says of the samples.

    Attributes:
        first: byte behind the header.
        frames: samples of one channel.
        rate: Hz.
        channels: number of them.
        width: bytes of a sample.
        coding: ``pcm``, ``ulaw``, ``alaw``; behind a comma how they are compressed.
    """

    first: int
    frames: int
    rate: int
    channels: int
    width: int
    coding: str

    @property
    def is_compressed(self) -> bool:
        """Whether the samples are compressed; libsndfile knows no such file."""
        return "," in self.coding


def header_of(stream: FileIO, path: Path) -> SphereHeader | None:
    """Read the header of an open SPHERE file; None = it is none.

    Raises:
        BadAudio: its header is damaged.
    """
    if bytes_at(stream, 0, len(_MAGIC)) != _MAGIC:
        return None
    begin = _BEGIN.match(bytes_at(stream, 0, 16))
    text = bytes_at(stream, 0, int(begin[1]) if begin else 0).partition(_END)[0]
    fields = dict(_FIELD.findall(text))
    names = (b"sample_count", b"sample_rate", b"channel_count", b"sample_n_bytes")
    numbers = [int(fields[name]) for name in names if fields.get(name, b"").isdigit()]
    if begin is None or len(numbers) < len(names):
        raise BadAudio("not audio, or damaged", f"{path}: its SPHERE header is damaged")
    frames, rate, channels, width = numbers
    coding = fields.get(b"sample_coding", b"pcm").decode("latin-1")
    return SphereHeader(int(begin[1]), frames, rate, channels, width, coding)


def claimed_frames(stream: FileIO, path: Path) -> int | None:
    """Return how many samples of one channel an open SPHERE file holds; libsndfile takes what follows for more.

    Returns:
        the number; None = the file is not SPHERE.

    Raises:
        BadAudio: it holds fewer than its header says, or that is damaged.
    """
    header = header_of(stream, path)
    if header is None:
        return None
    there = os.fstat(stream.fileno()).st_size - header.first
    if there < (claimed := header.frames * header.channels * header.width):
        raise BadAudio("truncated file", f"{path}: {max(there, 0)} of {claimed} bytes of samples")
    return header.frames
