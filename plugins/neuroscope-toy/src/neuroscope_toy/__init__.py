"""A toy backbone, a toy corpus and a planted task: small enough to read in a minute, and everything in them is real."""

from __future__ import annotations

from typing import TYPE_CHECKING

import neuroscope

if TYPE_CHECKING:
    from neuroscope import BackboneSpec, Manifest, Registrar, Task


@neuroscope.hookimpl
def register_backbones(register: Registrar[BackboneSpec]) -> None:
    """Register the toy backbone."""
    register("toy", "neuroscope_toy.backbone:toy", summary="two layers of band energies; nothing to download")


@neuroscope.hookimpl
def register_datasets(register: Registrar[Manifest]) -> None:
    """Register the toy corpus."""
    register("toy", "neuroscope_toy.corpus:toy", summary="tones of made-up speakers, generated on the spot")


@neuroscope.hookimpl
def register_tasks(register: Registrar[Task]) -> None:
    """Register the planted task."""
    register("toy", "neuroscope_toy.task:toy", summary="low or high tone: layer energy knows it, layer delta does not")
