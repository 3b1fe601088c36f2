"""Examine and decode an open audio file, by whatever decoder knows it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from neuroscope.audio.decoders import media, shorten, sndfile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from neuroscope.audio.files import AudioFile


class Decoder(Protocol):
    """Decoder of an open audio file."""

    def blocks(self, first: int, last: int) -> Iterator[NDArray[np.float32]]:
        """Decode the samples ``first`` (included) to ``last`` (excluded), as far as there are so many.

        Yields:
            float32 ``[some samples, channels]``: a recording of hours is never in memory with all channels.

        Raises:
            BadAudio: they cannot be decoded.
        """


def examine(stream: FileIO, path: Path) -> tuple[int, int, int]:
    """Find how many samples of one channel an open file has, its rate in Hz, and how many channels.

    Raises:
        BadAudio: no decoder knows it, it has fewer samples than its header says, or it holds several recordings of
            which the decoder would read the first.
        MissingDependency: the decoder that knows it is not installed.
    """
    if media.is_media(stream):
        return media.examine(stream, path)
    return shorten.examine(stream, path) if shorten.is_shorten(stream, path) else sndfile.examine(stream, path)


@contextmanager
def opened_decoder(stream: FileIO, path: Path, file: AudioFile) -> Iterator[Decoder]:
    """Open the decoder of a file that was examined.

    Raises:
        BadAudio: no decoder knows it, it is another than ``file``, or cannot be decoded.
        MissingDependency: the decoder that knows it is not installed.
    """
    known = media if media.is_media(stream) else shorten if shorten.is_shorten(stream, path) else sndfile
    with known.opened_decoder(stream, path, file) as decoder:
        yield decoder
