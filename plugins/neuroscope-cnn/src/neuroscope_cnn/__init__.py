"""The CNNs of Chowdhury, Durrani and Ali (arXiv 2107.00439) as backbones of neuroscope, and the command ``cnn``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import neuroscope

if TYPE_CHECKING:
    import typer

    from neuroscope import BackboneSpec, Registrar

neuroscope_api = 1


@neuroscope.hookimpl
def register_backbones(register: Registrar[BackboneSpec]) -> None:
    """Offer the backbones ``adi-cnn`` and ``sre-cnn``."""
    register(
        "adi-cnn",
        "neuroscope_cnn.spec:adi_cnn",
        summary="CNN for Arabic dialects, 11,100 neurons in six layers; needs checkpoint=PATH, or weights=random",
    )
    register(
        "sre-cnn",
        "neuroscope_cnn.spec:sre_cnn",
        summary="CNN for speakers, 11,100 neurons in six layers; needs checkpoint=PATH, or weights=random",
    )


@neuroscope.hookimpl
def register_commands(register: Registrar[typer.Typer]) -> None:
    """Offer the command ``cnn``."""
    register("cnn", "neuroscope_cnn.command:application", summary="Convert, verify and train the CNNs of the paper.")
