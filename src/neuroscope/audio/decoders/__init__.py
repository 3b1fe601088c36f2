"""Decoders of audio files: libsndfile for most; PyAV and desphere, where installed, for what that does not know."""
