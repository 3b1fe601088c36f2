"""Forms that people keep their own corpora in: manifests, and folders of audio."""
