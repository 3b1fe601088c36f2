"""Pooled vectors on disk, a folder a representation and a row an utterance: torch to its left, numpy to its right."""
