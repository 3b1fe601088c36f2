"""Decode what libsndfile does not know, through PyAV where it is installed: AAC (m4a, mp4), ALAC, WMA, AMR, webm."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.audio.decoders.containers import bytes_at
from neuroscope.errors import BadAudio, MissingDependency

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

    from numpy.typing import NDArray

    from neuroscope.audio.files import AudioFile

INSTALL = 'pip install "neuroscope-speech[m4a]", or: pip install av'
_BEGINNINGS = (b"#!AMR", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", b"\x1aE\xdf\xa3", b"ADIF")
_ADTS = {0xF0, 0xF1, 0xF8, 0xF9}
"""Second byte of AAC without a container; the first is 0xFF."""
_GUESSED = {"aac", "amr"}
"""Formats without a length: PyAV guesses it from the size."""
_SHORTER = 0.1
"""Seconds by which a track may be shorter than its container says, before it counts as cut off."""
_INDEPENDENT = {"alac", "flac"}
"""Codecs of which each packet is decoded by itself, so that samples are the same behind a seek. Those of all others
depend on what was decoded before: AAC's noise, by how often noise was made since the beginning."""


def is_media(stream: FileIO) -> bool:
    """Tell by its first bytes whether a file is of a kind that is left to PyAV."""
    begin = bytes_at(stream, 0, 12)
    adts = len(begin) > 1 and begin[0] == 0xFF and begin[1] in _ADTS
    return adts or begin[4:8] == b"ftyp" or begin.startswith(_BEGINNINGS)


@dataclass(frozen=True, slots=True)
class MediaDecoder:
    """Decoder of the first audio track of an open file that was examined."""

    container: Any
    path: Path
    file: AudioFile

    def blocks(self, first: int, last: int) -> Iterator[NDArray[np.float32]]:
        """Decode the samples ``first`` to ``last``, as ``SoundDecoder.blocks`` does.

        Raises:
            BadAudio: rate or channels change on the way.
        """
        import av

        to_floats = av.AudioResampler(format="fltp")
        position = self._sought(first)
        frames = self.container.decode(self.container.streams.audio[0])
        for frame in _alike(frames, self.path, self.file.rate, self.file.channels):
            begin, position = position, position + frame.samples
            if position > first:
                block = np.concatenate([part.to_ndarray() for part in to_floats.resample(frame)], axis=1)
                yield np.ascontiguousarray(block[:, max(first - begin, 0) : last - begin].T)
            if position >= last:
                return

    def _sought(self, first: int) -> int:
        """Go to the packet that holds a sample, where that is known; return the sample that is decoded next.

        It is known where the container's clock counts samples, all packets but the last hold equally many, and so many
        packets hold as many samples as were counted by decoding.
        """
        track = self.container.streams.audio[0]
        if not first or track.codec_context.name not in _INDEPENDENT or track.time_base * self.file.rate != 1:
            return 0
        times = [each.timestamp for each in track.index_entries]
        step = times[1] if len(times) > 1 else 0
        if not step or times != list(range(0, len(times) * step, step)) or -(-self.file.frames // step) != len(times):
            return 0
        begin: int = times[min(first // step, len(times) - 1)]
        if begin:
            self.container.seek(begin, stream=track)
        return begin


def examine(stream: FileIO, path: Path) -> tuple[int, int, int]:
    """Find how many samples of one channel a file has, by decoding it, its rate in Hz, and how many channels.

    Raises:
        BadAudio: it holds no audio, or less than the container says.
        MissingDependency: PyAV is not installed.
    """
    with _opened(stream, path) as container:
        track, claimed = container.streams.audio[0], _claimed(container)
        frames = container.decode(track)
        first = next(frames, None)
        if first is None:
            return 0, 1, 1
        rate, channels = first.sample_rate, first.layout.nb_channels
        counted = first.samples + sum(each.samples for each in _alike(frames, path, rate, channels))
    if counted < (claimed - _SHORTER) * rate:
        raise BadAudio("truncated file", f"{path}: {counted / rate:.2f} of {claimed:.2f} s")
    return counted, rate, channels


def _claimed(container: Any) -> float:
    """Look up how many seconds there are, by the track or by a container of one track; 0 = that is not said."""
    track = container.streams.audio[0]
    if container.format.name in _GUESSED:
        return 0.0
    if track.duration:
        return float(track.duration * track.time_base)
    return (container.duration or 0) / 1e6 if len(container.streams) == 1 else 0.0


@contextmanager
def opened_decoder(stream: FileIO, path: Path, file: AudioFile) -> Iterator[MediaDecoder]:
    """Open the decoder of a file that was examined.

    Raises:
        BadAudio: the file cannot be decoded.
        MissingDependency: PyAV is not installed.
    """
    with _opened(stream, path) as container:
        yield MediaDecoder(container, path, file)


@contextmanager
def _opened(stream: FileIO, path: Path) -> Iterator[Any]:
    try:
        import av
    except ImportError as error:
        reason = f"{error}; it reads m4a, AAC, WMA, AMR and webm, and {path} is such a file"
        raise MissingDependency("av", reason, INSTALL) from None
    stream.seek(0)
    try:
        with av.open(stream, metadata_errors="replace") as container:
            if not container.streams.audio:
                raise BadAudio("no samples", f"{path}: it holds no audio track")
            yield container
    except av.FFmpegError as error:
        raise BadAudio("not audio, or damaged", f"{path}: {error.strerror}") from None


def _alike(frames: Iterator[Any], path: Path, rate: int, channels: int) -> Iterator[Any]:
    """Pass frames on, as long as they have one rate and number of channels."""
    for frame in frames:
        if (frame.sample_rate, frame.layout.nb_channels) != (rate, channels):
            at = "" if frame.time is None else f" at {frame.time:.1f} s"
            raise BadAudio("several recordings", f"{path}: rate or channels change{at}")
        yield frame
