"""Several backbones that were asked one task: a table side by side, and what may be said of them together."""
