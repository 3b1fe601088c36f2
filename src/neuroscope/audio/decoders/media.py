"""Decode what libsndfile does not know, through PyAV where it is installed: AAC (m4a, mp4), ALAC, WMA, AMR, webm."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroscope.audio.decoders.containers import bytes_at
from neuroscope.errors import BadAudio

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

    from numpy.typing import NDArray

_BEGINNINGS = (b"#!AMR", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", b"\x1aE\xdf\xa3", b"ADIF")
_ADTS = {0xF0, 0xF1, 0xF8, 0xF9}
"""Second byte of AAC without a container; the first is 0xFF."""
_GUESSED = {"aac", "amr"}
"""Formats without a length: PyAV guesses it from the size."""
_SHORTER = 0.1
"""Seconds by which a track may be shorter than its container says, before it counts as cut off."""


def is_media(stream: FileIO) -> bool:
    """Tell by its first bytes whether a file is of a kind that is left to PyAV."""
    begin = bytes_at(stream, 0, 12)
    adts = len(begin) > 1 and begin[0] == 0xFF and begin[1] in _ADTS
    return adts or begin[4:8] == b"ftyp" or begin.startswith(_BEGINNINGS)


@dataclass(frozen=True, slots=True)
class MediaDecoder:
    """Decoder of the first audio track of an open file, from its beginning; fields as those of ``SoundDecoder``."""

    container: Any
    path: Path
    rate: int
    channels: int

    def blocks(self, first: int, last: int) -> Iterator[NDArray[np.float32]]:
        """Decode the samples ``first`` to ``last``, as ``SoundDecoder.blocks`` does.

        Raises:
            BadAudio: rate or channels change on the way.
        """
        position = 0
        for rate, block in _frames(self.container):
            if (rate, block.shape[1]) != (self.rate, self.channels):
                raise BadAudio("several recordings", f"{self.path}: rate or channels change at {position / rate:.1f} s")
            part = block[max(first - position, 0) : max(last - position, 0)]
            position += len(block)
            if len(part):
                yield part
            if position >= last:
                return


def examine(stream: FileIO, path: Path) -> tuple[int, int, int]:
    """Find how many samples of one channel a file has, by decoding it, its rate in Hz, and how many channels.

    Raises:
        BadAudio: PyAV is not installed, finds no audio, or less than the container says.
    """
    with _opened(stream, path) as container:
        rate, block = next(_frames(container), (0, np.zeros((0, 0), dtype=np.float32)))
        claimed = _claimed(container)
    if not len(block):
        return 0, 1, 1
    with _opened(stream, path) as container:
        decoder = MediaDecoder(container, path, rate, block.shape[1])
        counted = sum(map(len, decoder.blocks(0, 2**62)))
    if counted < (claimed - _SHORTER) * rate:
        raise BadAudio("truncated file", f"{path}: {counted / rate:.2f} of {claimed:.2f} s")
    return counted, rate, block.shape[1]


def _claimed(container: Any) -> float:
    """Look up how many seconds there are, by the track or by a container of one track; 0 = that is not said."""
    track = container.streams.audio[0]
    if container.format.name in _GUESSED:
        return 0.0
    if track.duration:
        return float(track.duration * track.time_base)
    return (container.duration or 0) / 1e6 if len(container.streams) == 1 else 0.0


@contextmanager
def opened_decoder(stream: FileIO, path: Path, rate: int, channels: int) -> Iterator[MediaDecoder]:
    """Open the decoder of a file that was examined.

    Raises:
        BadAudio: PyAV is not installed, or the file cannot be decoded.
    """
    with _opened(stream, path) as container:
        yield MediaDecoder(container, path, rate, channels)


@contextmanager
def _opened(stream: FileIO, path: Path) -> Iterator[Any]:
    try:
        import av
    except ImportError as error:
        text = f"{path}: m4a, AAC, WMA, AMR and webm are read by PyAV ({error}); to install it: pip install av"
        raise BadAudio("needs PyAV", text) from None
    stream.seek(0)
    try:
        with av.open(stream, metadata_errors="replace") as container:
            if not container.streams.audio:
                raise BadAudio("no samples", f"{path}: it holds no audio track")
            yield container
    except av.FFmpegError as error:
        raise BadAudio("not audio, or damaged", f"{path}: {error.strerror}") from None


def _frames(container: Any) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Decode the first audio track; yield the rate and the samples ``[some samples, channels]`` of each frame."""
    import av

    to_floats = av.AudioResampler(format="fltp")
    for frame in container.decode(container.streams.audio[0]):
        for part in to_floats.resample(frame):
            yield part.sample_rate, np.ascontiguousarray(part.to_ndarray().T)
