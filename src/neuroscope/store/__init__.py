"""Keep pooled vectors on disk, a folder a representation and a row an utterance, and read them without torch."""
