"""Reading audio, for plugins: what a file holds, the waveform of a span of it, batches of waveforms, mel filters."""

from neuroscope.audio.files import AudioFile
from neuroscope.audio.index import examined
from neuroscope.audio.mel_filters import mel_filters
from neuroscope.audio.waveforms import PIPELINE, Span, batch, examine, read, resampled

__all__ = ["PIPELINE", "AudioFile", "Span", "batch", "examine", "examined", "mel_filters", "read", "resampled"]
