"""Find the span of each utterance, in columns and not in objects, so that a million of them take seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.audio.files import AudioFile, Stamp
from neuroscope.audio.waveforms import MEAN, ROW_NAME, Span, resampled
from neuroscope.errors import BadAudio

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from polars import Series

    from neuroscope.contracts.audio import Utterance

WHOLE_FILE_WITHIN = 0.010
"""Seconds: a manifest rounds durations; a span this close to the whole file is the whole file."""

_NO_FILE = -1
_NO_STAMP = (-1, -1, -1)
_MEAN = -(2**63)
"""Stands for the mean of all channels."""
_MOST_CHANNEL = 2**62


@dataclass(frozen=True, eq=False)
class AudioFiles(Mapping[Path, AudioFile | BadAudio]):
    """Contents of audio files as columns, an entry a file; also a mapping from path to file.

    Attributes:
        names: texts of the paths (hashing a path takes longer than asking for its file's size).
        digests: digest of each file's bytes.
        frames: int64 ``[files]``, samples of one channel; 1 where a file cannot be used, as are rate and channels.
        rates: int64 ``[files]``, Hz.
        channels: int64 ``[files]``.
        stamps: int64 ``[files, 3]``, what each file looked like when it was digested: the fields of its ``Stamp``; a
            negative size where that is not known.
        wrong: number of an entry -> why the file cannot be used.
    """

    names: Sequence[str]
    digests: Series
    frames: NDArray[np.int64]
    rates: NDArray[np.int64]
    channels: NDArray[np.int64]
    stamps: NDArray[np.int64]
    wrong: Mapping[int, BadAudio]

    @classmethod
    def of(cls, found: Mapping[Path, AudioFile | BadAudio]) -> AudioFiles:
        """Make the columns of a few files."""
        import polars

        entries = list(found.values())
        wrong = {number: each for number, each in enumerate(entries) if isinstance(each, BadAudio)}
        files = [AudioFile("", 1, 1, 1) if isinstance(each, BadAudio) else each for each in entries]
        counts = np.array([(each.frames, each.rate, each.channels) for each in files], dtype=np.int64).reshape(-1, 3)
        frames, rates, channels = counts.T
        stamps = np.array([_NO_STAMP if each.stamp is None else astuple(each.stamp) for each in files], dtype=np.int64)
        digests = polars.Series([each.digest for each in files], dtype=polars.String)
        return cls(list(map(str, found)), digests, frames, rates, channels, stamps.reshape(-1, 3), wrong)

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """Number of each entry, by the text of its path."""
        return {name: number for number, name in enumerate(self.names)}

    def entry(self, number: int) -> AudioFile | BadAudio:
        """Return what one file holds, or why it cannot be used."""
        if number in self.wrong:
            return self.wrong[number]
        frames, rate, channels = (int(column[number]) for column in (self.frames, self.rates, self.channels))
        size, modified, changed = self.stamps[number].tolist()
        stamp = None if size < 0 else Stamp(size, modified, changed)
        return AudioFile(self.digests[number], frames, rate, channels, stamp)

    def __getitem__(self, path: Path) -> AudioFile | BadAudio:
        return self.entry(self.numbers[str(path)])

    def __iter__(self) -> Iterator[Path]:
        return map(Path, self.names)

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Spans:
    """The span of each utterance, as columns.

    Attributes:
        files: what the files hold.
        file: int64 ``[utterances]``, number of the file; -1 = none.
        first: int64, the first sample.
        last: int64, the sample behind the last.
        channel: int64; the least int64 = the mean of all channels.
        wrong: number of an utterance -> why it has no span; its columns mean nothing.
    """

    files: AudioFiles
    file: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    channel: NDArray[np.int64]
    wrong: Mapping[int, BadAudio]

    def __getitem__(self, number: int) -> Span:
        """Return the span of one utterance.

        Raises:
            BadAudio: that utterance has none.
        """
        if number in self.wrong:
            raise self.wrong[number]
        file = self.files.entry(int(self.file[number]))
        if isinstance(file, BadAudio):
            raise file
        channel = int(self.channel[number])
        return Span(file, int(self.first[number]), int(self.last[number]), None if channel == _MEAN else channel)

    def rows(self) -> Series:
        """Name each utterance's row in the store; of one without a span, the name means nothing."""
        import polars

        digests = polars.concat([self.files.digests, polars.Series([""])])[self.file % (len(self.files) + 1)]
        channel = polars.Series(self.channel).cast(polars.String).set(polars.Series(self.channel == _MEAN), MEAN)
        table = polars.DataFrame({"digest": digests, "first": self.first, "last": self.last, "channel": channel})
        return table.select(polars.format(ROW_NAME, *table.columns)).to_series()

    def seconds(self) -> NDArray[np.float64]:
        """Compute how long each utterance lasts; not a number where it has no span."""
        seconds: NDArray[np.float64] = (self.last - self.first) / _of_each(self.files.rates, self.file)
        seconds[list(self.wrong)] = np.nan
        return seconds

    def samples_at(self, rate: int) -> NDArray[np.int64]:
        """Compute the length of each span after resampling to ``rate`` Hz."""
        return resampled(self.last - self.first, _of_each(self.files.rates, self.file), rate)


def locate_all(utterances: Sequence[Utterance], files: AudioFiles) -> Spans:
    """Find the span of each utterance.

    An utterance has none where it has no path, where its file cannot be used, and where it begins behind the end of the
    file, ends behind it, lasts no time, or names a channel that the file does not have.
    """
    names = [None if each.path is None else str(each.path) for each in utterances]
    if names == files.names:  # mostly they are the same texts in the same order, and looking them up takes longer
        return _located(utterances, files, np.arange(len(names)))
    numbers = files.numbers
    of_file = (_NO_FILE if name is None else numbers[name] for name in names)
    return _located(utterances, files, np.fromiter(of_file, np.int64, len(names)))


def locate(utterance: Utterance, file: AudioFile) -> Span:
    """Find the span of one utterance.

    Raises:
        BadAudio: as for ``locate_all``.
    """
    return _located([utterance], AudioFiles.of({Path(): file}), np.zeros(1, dtype=np.int64))[0]


def _located(utterances: Sequence[Utterance], files: AudioFiles, file: NDArray[np.int64]) -> Spans:
    wrong = {n: BadAudio("no path", utterances[n].id) for n in np.flatnonzero(file == _NO_FILE).tolist()}
    unusable = np.isin(file, list(files.wrong)) if files.wrong else np.zeros(len(file), dtype=bool)
    wrong |= {n: files.wrong[int(file[n])] for n in np.flatnonzero(unusable).tolist()}
    frames, rate, channels = (_of_each(column, file) for column in (files.frames, files.rates, files.channels))
    start, duration, channel = _columns(utterances)
    to_the_end = np.fromiter((each.duration is None for each in utterances), bool, len(utterances))
    whole = frames / rate
    end = np.where(to_the_end, whole, start + duration)
    with np.errstate(invalid="ignore"):  # a start or duration that is no number is reported below
        first = np.rint(start * rate).astype(np.int64)
        last = np.where(np.abs(end - whole) <= WHOLE_FILE_WITHIN, frames, np.rint(end * rate)).astype(np.int64)
    checks = [
        ("start outside the file", ~((start >= 0) & (start < whole)), "starts at {start} s of {whole:.3f} s"),
        ("no such channel", (channel != _MEAN) & ((channel < 0) | (channel >= channels)), "channel {channel} of {n}"),
        ("no samples", ~to_the_end & ~(duration > 0), "lasts {duration} s"),
        ("end outside the file", end > whole + WHOLE_FILE_WITHIN, "ends at {end:.3f} s of {whole:.3f} s"),
        ("no samples", last <= first, "lasts {duration} s"),
    ]
    for reason, bad, text in checks:
        for n in np.flatnonzero(bad).tolist():
            u = utterances[n]
            values = {"start": u.start, "duration": u.duration, "channel": u.audio_channel, "n": int(channels[n])}
            detail = f"{u.id}: " + text.format(**values, end=end[n], whole=whole[n])
            wrong.setdefault(n, BadAudio(reason, detail))
    return Spans(files, file, first, last, np.where(channels > 1, channel, _MEAN), wrong)


def _of_each(column: NDArray[np.int64], file: NDArray[np.int64]) -> NDArray[np.int64]:
    """Look up the column's entry for each file number; 1 for no file."""
    entries: NDArray[np.int64] = np.append(column, 1)[file]
    return entries


def _columns(utterances: Sequence[Utterance]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Collect start, duration (NaN where there is none) and channel of each utterance."""
    start = np.fromiter((each.start for each in utterances), np.float64, len(utterances))
    duration = np.array([each.duration for each in utterances], dtype=np.float64)
    channel = (_MEAN if each.audio_channel is None else _bounded(each.audio_channel) for each in utterances)
    return start, duration, np.fromiter(channel, np.int64, len(utterances))


def _bounded(channel: int) -> int:
    """Keep a channel within what a column holds, without making a channel of what is none."""
    return min(max(channel, -1), _MOST_CHANNEL)
