"""Front ends that compute features of waveforms, each utterance by itself. Torch is imported in here."""
