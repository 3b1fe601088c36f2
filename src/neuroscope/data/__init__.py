"""Turn what the user named into utterances with labels, split into training and test."""

from neuroscope.data.places import Data
from neuroscope.data.sources import load

__all__ = ["Data", "load"]
