"""Published corpora as they lie on disk: a module each."""
