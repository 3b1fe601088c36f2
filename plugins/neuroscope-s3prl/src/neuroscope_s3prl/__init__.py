"""Mockingjay and any other upstream of s3prl as backbones of neuroscope."""

from __future__ import annotations

from typing import TYPE_CHECKING

import neuroscope
from neuroscope_s3prl.upstreams.hubconfs import INSTALL

if TYPE_CHECKING:
    from neuroscope import BackboneSpec, Registrar

neuroscope_api = 1


@neuroscope.hookimpl
def register_backbones(register: Registrar[BackboneSpec]) -> None:
    """Offer the family ``s3prl:``."""
    register(
        "s3prl:",
        "neuroscope_s3prl.upstreams.spec:upstream",
        summary="an upstream of s3prl by its name: apc, npc, tera, decoar, hubert, wav2vec2, wavlm, distilhubert, ...",
        install=INSTALL,
        members="neuroscope_s3prl.upstreams.members:members",
    )
