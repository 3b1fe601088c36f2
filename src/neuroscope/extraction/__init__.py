"""Utterances become vectors in the store: the backbone runs in batches, each layer's frames are pooled."""
