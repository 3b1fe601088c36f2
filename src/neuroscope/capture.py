"""What modules of a running network put out, for authors of backbones: taps on modules by their names."""

from neuroscope.contracts.backbone import Pick, Tap
from neuroscope.extraction.capture import Captured, capture

__all__ = ["Captured", "Pick", "Tap", "capture"]
