"""Any speech encoder of the Hugging Face library as a backbone of neuroscope."""

from __future__ import annotations

from typing import TYPE_CHECKING

import neuroscope

if TYPE_CHECKING:
    from neuroscope import BackboneSpec, Registrar

neuroscope_api = 1


@neuroscope.hookimpl
def register_backbones(register: Registrar[BackboneSpec]) -> None:
    """Offer the family ``hf:``."""
    register(
        "hf:",
        "neuroscope_transformers.spec:hf",
        summary="a speech encoder of the Hugging Face library: hf:ID of a model repository, or hf:FOLDER",
    )
