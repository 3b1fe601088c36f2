"""Where in a recording somebody speaks: by a network's probabilities, kept on disk, or by transcripts."""
