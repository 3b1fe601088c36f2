"""The backbone silero-vad for neuroscope."""

from __future__ import annotations

from typing import TYPE_CHECKING

import neuroscope

if TYPE_CHECKING:
    from neuroscope import BackboneSpec, Registrar

neuroscope_api = 1


@neuroscope.hookimpl
def register_backbones(register: Registrar[BackboneSpec]) -> None:
    """Register the backbone."""
    register(
        "silero-vad",
        "neuroscope_silero_vad.backbone:make",
        summary="Silero's voice activity detector: four convolutions and an LSTM; from the silero-vad wheel",
    )
