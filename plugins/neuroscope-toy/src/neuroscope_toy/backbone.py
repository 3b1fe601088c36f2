"""The toy backbone: log energies of a few frequency bands, and their differences from frame to frame."""

from __future__ import annotations

from typing import Literal

from neuroscope import Backbone, BackboneSpec, LayerSpec, Origin


def toy(*, width: int = 4, weights: Literal["pretrained", "random"] = "pretrained", seed: int = 0) -> BackboneSpec:
    """Two layers of band energies.

    Args:
        width: number of bands.
        weights: ``pretrained`` = equal neighbouring bands; ``random`` = bands drawn at random, the untrained twin.
        seed: of the random bands.

    Raises:
        ValueError: ``width`` is not from 1 to 200.
    """
    if not 1 <= width <= 200:
        raise ValueError(f"width {width} is not from 1 to 200")

    def load(device: str) -> Backbone:
        from neuroscope_toy.model import Toy  # torch comes in here, when a toy is run

        return Toy(width, seed if weights == "random" else None, device)

    return BackboneSpec(
        sample_rate=16_000,
        layers=(LayerSpec("energy", width), LayerSpec("delta", width)),
        origin=Origin(
            source="neuroscope-toy",
            licence="Apache-2.0",
            digest=f"random:{seed}" if weights == "random" else "bands",
            layers="energy: log band energies; delta: their difference from the frame before",
        ),
        load=load,
        min_samples=400,
    )
