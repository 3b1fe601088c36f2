"""The GE2E speaker encoder of Resemblyzer as a backbone of neuroscope."""

from __future__ import annotations

from typing import TYPE_CHECKING

import neuroscope
from neuroscope_ge2e.weights import INSTALL

if TYPE_CHECKING:
    from neuroscope import BackboneSpec, Registrar

neuroscope_api = 1


@neuroscope.hookimpl
def register_backbones(register: Registrar[BackboneSpec]) -> None:
    """Offer the backbone ``ge2e``."""
    register(
        "ge2e",
        "neuroscope_ge2e.spec:ge2e",
        summary="GE2E speaker encoder: three LSTM layers and a linear one, 256 wide; 17 MB, from the Resemblyzer wheel",
        install=INSTALL,
    )
