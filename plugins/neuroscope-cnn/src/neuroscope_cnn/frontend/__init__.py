"""Waveform to what the networks read: 40 cepstra a frame, frames without speech left out, less their sliding mean."""
