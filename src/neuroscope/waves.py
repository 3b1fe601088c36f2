"""Audio files to waveforms: what a file holds, which samples an utterance is, reading, mono, resampling."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.contracts.audio import Utterance, WaveBatch
from neuroscope.errors import BadAudio

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

PIPELINE = "1"
"""Version of everything between the file's bytes and the waveform; it enters the store's key."""

WHOLE_FILE_WITHIN = 0.010
"""Seconds: a manifest rounds durations; a stretch this close to the whole file is the whole file."""


@dataclass(frozen=True, slots=True)
class AudioFile:
    """What a file holds.

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
class Stretch:
    """The samples ``first`` (included) to ``last`` (excluded) of a file, of one channel (None = the mean of all)."""

    file: AudioFile
    first: int
    last: int
    channel: int | None

    @property
    def key(self) -> str:
        """The row's name in the store: the same samples, wherever the file lies, are the same row."""
        channel = "m" if self.channel is None else self.channel
        return f"{self.file.digest}:{self.first}-{self.last}:{channel}"

    def samples_at(self, rate: int) -> int:
        """Length after resampling to ``rate`` Hz, to within a sample."""
        return round((self.last - self.first) * rate / self.file.rate)


def examine(path: Path) -> AudioFile:
    """Digest a file and read its header.

    Raises:
        BadAudio: it is missing, empty, or in no format that libsndfile knows.
    """
    import soundfile

    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()[:32]
            if stream.tell() == 0:
                raise BadAudio("empty file", str(path))
            stream.seek(0)
            info = soundfile.info(stream)
    except FileNotFoundError:
        raise BadAudio("missing file", str(path)) from None
    except OSError as error:
        raise BadAudio("unreadable file", f"{path}: {error.strerror or error}") from None
    except soundfile.LibsndfileError as error:
        raise BadAudio("not audio, or damaged", f"{path}: {error.error_string}") from None
    if info.frames <= 0:
        raise BadAudio("no samples", str(path))
    return AudioFile(digest, info.frames, info.samplerate, info.channels)


def locate(utterance: Utterance, file: AudioFile) -> Stretch:
    """Which samples of its file an utterance is.

    Raises:
        BadAudio: it begins behind the end of the file, lasts no time, or names a channel that the file does not have.
    """
    whole = file.frames / file.rate
    if not 0 <= utterance.start < whole:
        raise BadAudio("start outside the file", f"{utterance.id}: starts at {utterance.start} s of {whole:.3f} s")
    if utterance.audio_channel is not None and not 0 <= utterance.audio_channel < file.channels:
        raise BadAudio("no such channel", f"{utterance.id}: channel {utterance.audio_channel} of {file.channels}")
    end = whole if utterance.duration is None else utterance.start + utterance.duration
    if end > whole + WHOLE_FILE_WITHIN:
        raise BadAudio("end outside the file", f"{utterance.id}: ends at {end:.3f} s of {whole:.3f} s")
    first = round(utterance.start * file.rate)
    last = file.frames if abs(end - whole) <= WHOLE_FILE_WITHIN else round(end * file.rate)
    if last <= first:
        raise BadAudio("no samples", f"{utterance.id}: lasts {utterance.duration} s")
    channel = utterance.audio_channel if file.channels > 1 else None
    return Stretch(file, first, last, channel)


def read(path: Path, stretch: Stretch, sample_rate: int) -> NDArray[np.float32]:
    """Read one stretch as a mono waveform.

    Returns:
        float32 ``[samples]`` at ``sample_rate`` Hz, full scale = 1.

    Raises:
        BadAudio: the samples cannot be decoded, are fewer than the header says, or are not finite.
    """
    import soundfile
    import soxr

    wanted = stretch.last - stretch.first
    try:
        with soundfile.SoundFile(path) as file:
            file.seek(stretch.first)
            samples = file.read(wanted, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise BadAudio("not audio, or damaged", f"{path}: {error}") from None
    if len(samples) < wanted:
        raise BadAudio("truncated file", f"{path}: {len(samples)} of {wanted} samples")
    mono = samples.mean(axis=1) if stretch.channel is None else samples[:, stretch.channel]
    if not np.isfinite(mono).all():
        raise BadAudio("samples that are not finite", str(path))
    if stretch.file.rate != sample_rate:
        mono = soxr.resample(mono, stretch.file.rate, sample_rate)
    return np.ascontiguousarray(mono, dtype=np.float32)


def batch(waves: Sequence[NDArray[np.float32]]) -> WaveBatch:
    """Put waveforms side by side, zeros behind the ends."""
    import torch

    lengths = torch.tensor([len(wave) for wave in waves], dtype=torch.int64)
    samples = torch.zeros(len(waves), int(lengths.max()))
    for row, wave in zip(samples, waves, strict=True):
        row[: len(wave)] = torch.from_numpy(wave)
    return WaveBatch(samples, lengths)
