"""Frames of MPEG audio among other bytes: whether what comes behind a recording is another one.

Sources: ISO/IEC 11172-3, section 2.4.2.3; ISO/IEC 13818-3, section 2.4.2.3; MPEG 2.5 halves the rates once more.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from neuroscope.audio.decoders.containers import bytes_at

if TYPE_CHECKING:
    from io import FileIO

_BLOCK = 2**16
_LONGEST = 2**12
"""Bytes that a frame and the header of the next have at most: 160 kbit/s at 8 kHz of layer II are 2881."""
_FRAME = re.compile(rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff](?=[\x10-\xef])")
"""The first bytes of a frame whose version and layer exist, and whose header tells its bit rate."""
_OTHER = re.compile(rb"OggS\0|fLaC\0|RIF[FX]....WAVE", re.DOTALL)
_HERTZ = (44_100, 48_000, 32_000)
_KILOBITS = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Version, layer -> bit rates; those of version 2.5 are those of version 2."""


def audio_behind(stream: FileIO, first: int, last: int) -> bool:
    """Tell whether a recording begins between two bytes: a frame with one of its kind behind it, Ogg, FLAC or WAV."""
    for start in range(first, last, _BLOCK):
        block = bytes_at(stream, start, min(_BLOCK + _LONGEST, last - start))
        if _OTHER.search(block) or any(_begins_two(block, found.start()) for found in _FRAME.finditer(block)):
            return True
    return False


def _begins_two(block: bytes, at: int) -> bool:
    kind, length = _kind_and_length(block[at : at + 4])
    return bool(length) and _kind_and_length(block[at + length : at + length + 4])[0] == kind


def _kind_and_length(header: bytes) -> tuple[tuple[int, int, int], int]:
    """Return what all frames of a recording share (version, layer, rate), and a frame's bytes; 0 = it is no frame."""
    if len(header) < 4 or not _FRAME.match(header) or header[2] & 0x0C == 0x0C:
        return (0, 0, 0), 0
    layer, coded = 4 - (header[1] >> 1 & 3), header[1] >> 3 & 3
    version, halved = (1, 0) if coded == 3 else (2, 1 if coded == 2 else 2)
    hertz = _HERTZ[header[2] >> 2 & 3] >> halved
    bits, padding = 1000 * _KILOBITS[version, layer][(header[2] >> 4) - 1], header[2] >> 1 & 1
    if layer == 1:
        return (version, layer, hertz), 4 * (12 * bits // hertz + padding)
    return (version, layer, hertz), (72 if (version, layer) == (2, 3) else 144) * bits // hertz + padding
