"""Training of the two networks as the paper trained them: ``neuroscope cnn train``."""
