"""Dataset ``espeak``: synthetic speech made on the spot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import neuroscope

if TYPE_CHECKING:
    from neuroscope import Manifest, Registrar

neuroscope_api = 1

INSTALL = 'pip install "espeakng-loader>=0.2.4,<0.3"'


@neuroscope.hookimpl
def register_datasets(register: Registrar[Manifest]) -> None:
    """Register the dataset ``espeak``."""
    register(
        "espeak",
        "neuroscope_espeak.corpus:espeak",
        summary="synthetic speech made on the spot: languages x voices x texts x rates x pitches",
        install=INSTALL,
    )
