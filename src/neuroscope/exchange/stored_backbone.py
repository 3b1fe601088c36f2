"""Backbones of the family ``stored:``, which are names of imported vectors, registered like those of any plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuroscope.contracts.backbone import Backbone, BackboneSpec, LayerSpec
from neuroscope.errors import MissingData
from neuroscope.plugin.hookspecs import hookimpl
from neuroscope.store import names

if TYPE_CHECKING:
    from neuroscope.plugin.registry import Registrar
    from neuroscope.store.representations import Store


@hookimpl
def register_backbones(register: Registrar[BackboneSpec]) -> None:
    """Register the family ``stored:``."""
    register(
        names.FAMILY,
        make_stored,
        summary="vectors computed elsewhere, by the name they were imported under (neuroscope import)",
    )


def make_stored(name: str, *, store: Store) -> names.NamedVectorsSpec:
    """Make the backbone that stands for the imported vectors of a name.

    Args:
        name: what the vectors were imported under.
        store: where they are.

    Raises:
        UnknownName: nothing was imported under it.
        StoreMismatch: the name's file cannot be read.
    """
    vectors = names.find(store.folder, name)
    layers = tuple(LayerSpec(layer, width, pooling=names.POOLING) for layer, width in vectors.layers.items())

    def load(device: str) -> Backbone:
        del device
        raise MissingData(f"{names.FAMILY}{name} holds vectors that were computed elsewhere; there is no model to run")

    return names.NamedVectorsSpec(sample_rate=1, layers=layers, origin=vectors.origin, load=load, vectors=vectors)
