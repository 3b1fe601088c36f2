"""The same utterance through several channels: libsndfile's own codecs, at the rates that they are used at."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

CHANNELS = {"pcm16": (16_000, "PCM_16"), "pcm8": (8_000, "PCM_16"), "ulaw": (8_000, "ULAW"), "gsm": (8_000, "GSM610")}
"""Channel -> sample rate in Hz, and libsndfile's name of the codec, which alone tells ulaw and gsm from pcm8."""


class Received(NamedTuple):
    """A wav file that went through a channel: its name, the seconds that were spoken, and how many bytes it has.

    A codec of whole blocks makes the file longer; what it adds is no part of the utterance: it would tell the channel.
    """

    channel: str
    path: Path
    duration: float
    size: int


def send(spoken: Path, channels: Iterable[str]) -> Iterator[Received]:
    """Put a wav file of each channel in the place of one that was spoken.

    Args:
        spoken: it is resampled as everything that is probed, and removed.
        channels: names of channels.

    Raises:
        NeuroscopeError: a file cannot be written.
    """
    import soundfile

    from neuroscope import NeuroscopeError, waves

    file = waves.examine(spoken)
    for channel in channels:
        rate, subtype = CHANNELS[channel]
        path = spoken.with_name(f"{spoken.stem}-{channel}.wav")
        wave = waves.read(spoken, waves.Span(file, 0, file.frames, None), rate)
        try:
            soundfile.write(path, wave, rate, subtype=subtype, format="WAV")
        except soundfile.LibsndfileError as error:
            raise NeuroscopeError(f"espeak: {path.name} cannot be written: {error.error_string}") from error
        yield Received(channel, path, len(wave) / rate, path.stat().st_size)
    spoken.unlink()
