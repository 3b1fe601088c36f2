"""Mockingjay and any other upstream of s3prl as backbones of neuroscope."""

from __future__ import annotations

from typing import TYPE_CHECKING

import neuroscope
from neuroscope_s3prl.mockingjay.modules import INSTALL

if TYPE_CHECKING:
    from neuroscope import BackboneSpec, Registrar

neuroscope_api = 1


@neuroscope.hookimpl
def register_backbones(register: Registrar[BackboneSpec]) -> None:
    """Offer ``mockingjay-base``, ``mockingjay-large`` and the family ``s3prl:``."""
    register(
        "mockingjay-base",
        "neuroscope_s3prl.mockingjay.spec:mockingjay_base",
        summary="Mockingjay of s3prl, three transformer layers, 768 wide; 960 hours; stands in for ST_base",
        install=INSTALL,
    )
    register(
        "mockingjay-large",
        "neuroscope_s3prl.mockingjay.spec:mockingjay_large",
        summary="Mockingjay of s3prl, twelve transformer layers, 768 wide; 360 hours; ST_large",
        install=INSTALL,
    )
    register(
        "s3prl:",
        "neuroscope_s3prl.upstreams.spec:upstream",
        summary="an upstream of s3prl by its name: apc, npc, tera, decoar, hubert, wav2vec2, wavlm, distilhubert, ...",
        install=INSTALL,
        members="neuroscope_s3prl.upstreams.members:members",
    )
