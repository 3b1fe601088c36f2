"""Turn what the user named into utterances with labels, split into training and test."""

from neuroscope.data.sources import Data, load

__all__ = ["Data", "load"]
