"""Reading audio, for plugins: what a file holds, the waveform of a span of it, batches of waveforms."""

from neuroscope.audio.waveforms import PIPELINE, AudioFile, Stretch, batch, examine, read, resampled

__all__ = ["PIPELINE", "AudioFile", "Stretch", "batch", "examine", "read", "resampled"]
