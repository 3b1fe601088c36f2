"""Planted worlds: corpora of vectors of which it is known what a probe can know of them."""
