"""Turn audio files into waveforms: examine, read, mix to mono, resample, batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from neuroscope.audio.decoders import decoding
from neuroscope.audio.files import CHANGED, AudioFile, digest_of, opened, stamp_of, unchanged
from neuroscope.audio.loudness import Loudness
from neuroscope.contracts.audio import WaveBatch
from neuroscope.errors import BadAudio

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

PIPELINE = "1"
"""Version of everything between the file's bytes and the waveform; it enters the store's key."""

_ROOM = 2**22
"""Samples of a waveform that are made room for at once; there is room for more when so many were read."""

ROW_NAME = "{}:{}-{}:{}"
"""Name of a row in the store: digest of the file, first and last sample, channel."""
MEAN = "m"
"""Stands for the mean of all channels, in the name of a row."""

_Resample = Callable[[NDArray[np.float32], bool], NDArray[np.float32]]
Count = TypeVar("Count", int, NDArray[np.int64])


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
    """Digest a file, and find how many samples it has, by its header or, where that does not tell, by decoding it.

    A WAV or AIFF file that breaks off is as long as what is there of it.

    Raises:
        BadAudio: it is missing, empty, in no format that is known, holds less than its header says, or changes
            meanwhile.
        MissingDependency: the library that knows its format (PyAV, desphere) is not installed.
    """
    with opened(path) as stream:
        stamp = stamp_of(stream)
        frames, rate, channels = decoding.examine(stream, path)
        if frames <= 0:
            raise BadAudio("no samples", str(path))
        file = AudioFile(digest_of(stream), frames, rate, channels, stamp)
        if stamp_of(stream) != stamp:
            raise BadAudio(CHANGED, f"{path}: it changes while it is looked at")
    return file


def read(path: Path, span: Span, sample_rate: int) -> NDArray[np.float32]:
    """Read one span as a mono waveform.

    Returns:
        float32 ``[samples]`` at ``sample_rate`` Hz, full scale = 1. Before resampling, a span has the bits that it
        has in the whole file, in every format.

    Raises:
        BadAudio: as for ``listen``.
    """
    return listen(path, span, sample_rate)[0]


def listen(path: Path, span: Span, sample_rate: int) -> tuple[NDArray[np.float32], Loudness]:
    """Read one span as a mono waveform, and tell how loud it is.

    Raises:
        BadAudio: the file is another one by now, or its samples cannot be decoded, are fewer than the header says, or
            are not finite.
    """
    loudness = Loudness()
    with (
        opened(path) as stream,
        unchanged(stream, path, span.file),
        decoding.opened_decoder(stream, path, span.file) as decoder,
    ):
        blocks = _mono(decoder.blocks(span.first, span.last), span.channel, loudness, path)
        return _resampled(blocks, span, sample_rate, path), loudness


def _mono(
    blocks: Iterator[NDArray[np.float32]], channel: int | None, loudness: Loudness, path: Path
) -> Iterator[NDArray[np.float32]]:
    """Take one channel of each block, or mix all, as ``[samples]``."""
    for block in blocks:
        chosen = block if channel is None else block[:, channel : channel + 1]
        mono = chosen[:, 0] if chosen.shape[1] == 1 else chosen.mean(axis=1)
        loudness.add(mono, chosen)
        if not loudness.finite:
            raise BadAudio("samples that are not finite", str(path))
        yield mono


def _resampled(blocks: Iterator[NDArray[np.float32]], span: Span, sample_rate: int, path: Path) -> NDArray[np.float32]:
    """Resample a span's blocks into one waveform, which grows with what is there: a header may promise anything."""
    length, resample = span.samples_at(sample_rate), _resampler(span.file.rate, sample_rate)
    wave = np.empty(min(length, _ROOM), dtype=np.float32)
    read = written = 0
    for block in blocks:
        read += len(block)
        done = resample(block, read == span.last - span.first)
        if written + len(done) > len(wave):
            wave.resize(min(length, max(2 * len(wave), written + len(done))), refcheck=False)
        wave[written : written + len(done)] = done
        written += len(done)
    if written < length:
        raise BadAudio("truncated file", f"{path}: {read} of {span.last - span.first} samples")
    return wave


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
