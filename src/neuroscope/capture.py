"""What modules of a running network put out, for authors of backbones: taps on modules by their names."""

from neuroscope.extraction.capture import Captured, Pick, Tap, capture

__all__ = ["Captured", "Pick", "Tap", "capture"]
