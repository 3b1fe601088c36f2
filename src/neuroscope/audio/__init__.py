"""Audio files to waveforms: what a file holds, which span of it an utterance is, and reading it."""
