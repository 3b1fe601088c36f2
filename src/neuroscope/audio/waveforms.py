"""Turn audio files into waveforms: examine, read, mix to mono, resample, batch."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from neuroscope.contracts.audio import WaveBatch
from neuroscope.errors import BadAudio

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import soundfile

PIPELINE = "1"
"""Version of everything between the file's bytes and the waveform; it enters the store's key."""

_SEEK_INEXACTLY = {"MP3", "OGG"}
"""Formats where libsndfile 1.2 may answer a seek with samples that are off by as much as full scale."""

_LENGTH_UNKNOWN = 2**62

_BLOCK = 2**20
"""Samples that are read at a time."""

ROW_NAME = "{}:{}-{}:{}"
"""Name of a row in the store: digest of the file, first and last sample, channel."""
MEAN = "m"
"""Stands for the mean of all channels, in the name of a row."""

_Resample = Callable[[NDArray[np.float32], bool], NDArray[np.float32]]
Count = TypeVar("Count", int, NDArray[np.int64])


@dataclass(frozen=True, slots=True)
class AudioFile:
    """Contents of an audio file: a digest, and what its header says.

    Attributes:
        digest: of its bytes, 32 hexadecimal digits.
        frames: samples of one channel.
        rate: Hz.
        channels: number of them.
    """

    digest: str
    frames: int
    rate: int
    channels: int


@dataclass(frozen=True, slots=True)
class Span:
    """The samples ``first`` (included) to ``last`` (excluded) of a file, of one channel (None = the mean of all)."""

    file: AudioFile
    first: int
    last: int
    channel: int | None

    @property
    def key(self) -> str:
        """The name of its row in the store: the same samples, wherever the file lies, are the same row."""
        channel = MEAN if self.channel is None else self.channel
        return ROW_NAME.format(self.file.digest, self.first, self.last, channel)

    def samples_at(self, rate: int) -> int:
        """Compute the length after resampling to ``rate`` Hz."""
        return resampled(self.last - self.first, self.file.rate, rate)


def resampled(length: Count, own: Count, rate: int) -> Count:
    """Convert a number of samples from ``own`` to ``rate`` Hz; a half is rounded up, as the resampler does."""
    return (2 * length * rate + own) // (2 * own)


def examine(path: Path) -> AudioFile:
    """Digest a file and read its header.

    A WAV or AIFF file that breaks off is as long as what is there of it.

    Raises:
        BadAudio: it is missing, empty, in no format that libsndfile knows, or does not say how long it is.
    """
    with _opened(path) as file:
        found = AudioFile(_digest(path), file.frames, file.samplerate, file.channels)
    if found.frames <= 0:
        raise BadAudio("no samples", str(path))
    if found.frames >= _LENGTH_UNKNOWN:
        raise BadAudio("length unknown", f"{path}: its header does not tell it; write the file anew")
    return found


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:32]


@contextmanager
def _opened(path: Path) -> Iterator[soundfile.SoundFile]:
    """Open an audio file; whatever goes wrong with it becomes BadAudio.

    It is opened by its handle, because libsndfile knows no name that is not UTF-8.
    """
    import soundfile

    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise BadAudio("not a file", str(path))
        if status.st_size == 0:
            raise BadAudio("empty file", str(path))
        with path.open("rb") as stream, soundfile.SoundFile(stream.fileno(), closefd=False) as file:
            yield file
    except FileNotFoundError:
        raise BadAudio("missing file", str(path)) from None
    except soundfile.LibsndfileError as error:
        raise BadAudio("not audio, or damaged", f"{path}: {error.error_string}") from None
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise BadAudio("unreadable file", f"{path}: {getattr(error, 'strerror', None) or error}") from None


def read(path: Path, span: Span, sample_rate: int) -> NDArray[np.float32]:
    """Read one span as a mono waveform.

    Returns:
        float32 ``[samples]`` at ``sample_rate`` Hz, full scale = 1. Before resampling, a span has the bits that it
        has in the whole file, in every format.

    Raises:
        BadAudio: the file is another one by now, or its samples cannot be decoded, are fewer than the header says, or
            are not finite.
    """
    wave = np.empty(span.samples_at(sample_rate), dtype=np.float32)
    read = written = 0
    with _opened(path) as file:
        if (file.frames, file.samplerate, file.channels) != (
            span.file.frames,
            span.file.rate,
            span.file.channels,
        ):
            raise BadAudio("changed file", f"{path}: it was another file when it was looked at")
        resample = _resampler(span.file.rate, sample_rate)
        for block in _blocks(file, span):
            if not np.isfinite(block).all():
                raise BadAudio("samples that are not finite", str(path))
            read += len(block)
            done = resample(block, read == span.last - span.first)
            wave[written : written + len(done)] = done
            written += len(done)
    if written < len(wave):
        raise BadAudio("truncated file", f"{path}: {read} of {span.last - span.first} samples")
    return wave


def _blocks(file: soundfile.SoundFile, span: Span) -> Iterator[NDArray[np.float32]]:
    """Read the span as mono blocks, ``[samples]`` each: a recording of hours is never in memory with all channels."""
    missing, unread, block = span.last - span.first, 0, _BLOCK
    if file.seekable() and file.format not in _SEEK_INEXACTLY:
        file.seek(span.first)
    else:  # in one piece: between two reads, soundfile seeks
        unread, block = span.first, span.last
    while missing:
        samples = file.read(unread + min(block, missing), dtype="float32", always_2d=True)[unread:]
        if not len(samples):
            return
        missing -= len(samples)
        if span.file.channels == 1:
            yield samples[:, 0]
        else:
            yield samples.mean(axis=1) if span.channel is None else samples[:, span.channel]


def _resampler(rate: int, sample_rate: int) -> _Resample:
    """Make a function of a block and whether it is the last, which resamples to the same bits as in one piece."""
    import soxr

    if rate == sample_rate:
        return lambda block, last: block
    resample: _Resample = soxr.ResampleStream(rate, sample_rate, 1, dtype="float32").resample_chunk
    return resample


def batch(waves: Sequence[NDArray[np.float32]]) -> WaveBatch:
    """Put waveforms side by side, with zeros behind the ends."""
    import torch

    lengths = torch.tensor([len(wave) for wave in waves], dtype=torch.int64)
    if len(waves) == 1:  # a long recording is not copied
        return WaveBatch(torch.from_numpy(waves[0])[None], lengths)
    samples = torch.zeros(len(waves), int(lengths.max()))
    for row, wave in zip(samples, waves, strict=True):
        row[: len(wave)] = torch.from_numpy(wave)
    return WaveBatch(samples, lengths)
