"""Decoders of audio files: libsndfile for most, PyAV, where it is installed, for what that does not know."""
