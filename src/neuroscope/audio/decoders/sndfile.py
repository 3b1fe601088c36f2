"""Decode audio files in blocks, through libsndfile.

Of what a header says, only what can be true is believed: how many samples there are is counted by decoding where the
header does not tell it, or tells it of a part of the file.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from neuroscope.audio.decoders import containers, mpeg, sphere
from neuroscope.audio.decoders.mpeg_frames import audio_behind
from neuroscope.audio.files import CHANGED
from neuroscope.errors import BadAudio

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

    import numpy as np
    import soundfile
    from numpy.typing import NDArray

    from neuroscope.audio.files import AudioFile

BLOCK = 2**20
"""Samples of all channels together that are decoded at a time."""

_LENGTH_UNKNOWN = 2**62
_BELIEVED = 64
"""Samples of all channels together for each byte of a file, up to which a header is believed: what claims more is
nearly silent, or wrong, and is counted."""


@dataclass(frozen=True, slots=True)
class SoundDecoder:
    """Decoder of an open audio file.

    Attributes:
        file: of the library.
        rate: Hz.
        channels: number of them.
        seeks: whether a seek is answered with the samples that it asked for.
    """

    file: soundfile.SoundFile
    rate: int
    channels: int
    seeks: bool

    def blocks(self, first: int, last: int) -> Iterator[NDArray[np.float32]]:
        """Decode the samples ``first`` (included) to ``last`` (excluded), as far as there are so many.

        Yields:
            float32 ``[some samples, channels]``: a recording of hours is never in memory with all channels.
        """
        position = first if self.seeks else 0
        if position:
            self.file.seek(position)
        step = max(1, BLOCK // self.channels)
        while position < last:
            block = self.file.read(min(step, last - position), dtype="float32", always_2d=True)
            if not len(block):
                return
            unwanted = max(first - position, 0)
            position += len(block)
            if unwanted < len(block):
                yield block[unwanted:]


def examine(stream: FileIO, path: Path) -> tuple[int, int, int]:
    """Find how many samples of one channel an open file has, its rate in Hz, and how many channels.

    Raises:
        BadAudio: it is in no format that libsndfile knows, has fewer samples than its header says, or holds several
            recordings of which the library would read the first.
    """
    containers.check(stream, path)
    claimed = sphere.claimed_frames(stream, path)
    with _library(stream, path) as file:
        frames, rate, channels, subtype = file.frames, file.samplerate, file.channels, file.subtype
    if claimed is not None:
        return min(frames, claimed), rate, channels
    found = mpeg.find(stream) if subtype in mpeg.SUBTYPES else None
    if found is None or found.whole:
        return _believed(stream, path, frames, channels), rate, channels
    try:
        counted = _count_mpeg(stream, path, found)
    except BadAudio:  # the library gives up within 1024 bytes that are no audio
        if not _is_whole_before_something_else(stream, path, found, frames):
            raise
        counted = frames
    return (counted if counted > found.longest else frames), rate, channels


def _count_mpeg(stream: FileIO, path: Path, found: mpeg.Mpeg) -> int:
    with _without_count(stream, path, found) as (decoder, handle):
        counted = _count(decoder)
        if os.read(handle, 1):  # the library stops where rate or channels change
            raise containers.several(path)
    return counted


def _is_whole_before_something_else(stream: FileIO, path: Path, found: mpeg.Mpeg, frames: int) -> bool:
    """Tell whether the counted bytes hold as many samples as the header says, and what is behind them is no audio."""
    if not (found.longest and found.counted) or audio_behind(stream, found.counted, found.last):
        return False
    try:
        return frames <= _count_mpeg(stream, path, replace(found, last=found.counted)) <= found.longest
    except BadAudio:
        return False


def _believed(stream: FileIO, path: Path, frames: int, channels: int) -> int:
    """Return the header's number of samples, or count them where there seem to be fewer or the header says none."""
    if frames * channels <= _BELIEVED * os.fstat(stream.fileno()).st_size:
        return frames
    with _library(stream, path) as file:
        counted = _count(SoundDecoder(file, file.samplerate, channels, seeks=False))
    if counted < frames < _LENGTH_UNKNOWN:
        raise BadAudio("truncated file", f"{path}: {counted} of {frames} samples")
    return counted


def _count(decoder: SoundDecoder) -> int:
    return sum(map(len, decoder.blocks(0, _LENGTH_UNKNOWN)))


@contextmanager
def opened_decoder(stream: FileIO, path: Path, file: AudioFile) -> Iterator[SoundDecoder]:
    """Open the decoder of a file that was examined.

    Raises:
        BadAudio: it is in no format that libsndfile knows, is another than ``file``, or cannot be decoded.
    """
    claimed = sphere.claimed_frames(stream, path)
    with _library(stream, path) as opened:
        frames = opened.frames if claimed is None else min(opened.frames, claimed)
        counted, is_mpeg = frames != file.frames, opened.subtype in mpeg.SUBTYPES
        other_length = counted and not is_mpeg and opened.frames < _LENGTH_UNKNOWN
        if other_length or (opened.samplerate, opened.channels) != (file.rate, file.channels):
            raise BadAudio(CHANGED, f"{path}: it was another file when it was looked at")
        if not (counted and is_mpeg):
            yield SoundDecoder(opened, file.rate, file.channels, seeks=not counted and _can_seek(opened))
            return
    with _without_count(stream, path, mpeg.find(stream)) as (decoder, _):
        yield decoder


@contextmanager
def _without_count(stream: FileIO, path: Path, found: mpeg.Mpeg) -> Iterator[tuple[SoundDecoder, int]]:
    """Open the decoder of MPEG audio whose count is of a part of it, or missing; and the handle that it reads from."""
    with mpeg.piped(stream, found) as handle, _translated(path), _file_class()(handle, closefd=False) as file:
        yield SoundDecoder(file, file.samplerate, file.channels, seeks=False), handle


@contextmanager
def _library(stream: FileIO, path: Path) -> Iterator[soundfile.SoundFile]:
    """Open a file by its handle, because libsndfile knows no name that is not UTF-8."""
    stream.seek(0)
    with _translated(path), _file_class()(stream.fileno(), closefd=False) as file:
        yield file


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turn errors of the library into BadAudio."""
    import soundfile

    try:
        yield
    except soundfile.LibsndfileError as error:
        raise BadAudio("not audio, or damaged", f"{path}: {error.error_string or 'it cannot be decoded'}") from None


@cache
def _file_class() -> type[soundfile.SoundFile]:
    """Make the class of files that are read from one sample to the next; soundfile's own seek between two reads."""
    import soundfile

    return type("SequentialFile", (soundfile.SoundFile,), {"seekable": lambda _: False})


def _can_seek(file: soundfile.SoundFile) -> bool:
    """Tell whether the library seeks in a file, and finds what was asked for.

    libsndfile 1.2 may answer a seek in Ogg and MPEG audio with samples that are off by as much as full scale.
    """
    import soundfile

    inexact = file.format == "OGG" or file.subtype in mpeg.SUBTYPES
    return not inexact and bool(soundfile.SoundFile.seekable(file))
