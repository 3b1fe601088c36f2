"""Prepare a chosen backbone: build its spec, choose the pooling of each layer, find its place in the store."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuroscope.audio import waveforms
from neuroscope.contracts.backbone import problems_with_spec
from neuroscope.contracts.features import Unit
from neuroscope.errors import BadOption, MissingData, PluginBroken
from neuroscope.plugin.failures import failures_told
from neuroscope.plugin.options import to_text
from neuroscope.store.description import Identity
from neuroscope.store.names import NamedVectorsSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from neuroscope.contracts.backbone import BackboneSpec, LayerSpec
    from neuroscope.contracts.features import Pooling
    from neuroscope.plugin.loading import Plugins
    from neuroscope.plugin.registry import Choice
    from neuroscope.store.representations import Representation, Store

DTYPES = ("float32", "float16")
POOLED_BY_NETWORK = "none"


@dataclass(frozen=True)
class PreparedBackbone:
    """A backbone that is ready to be extracted into its representation.

    Attributes:
        text: the backbone in its canonical form.
        spec: what the backbone says of itself.
        poolings: layer name -> pooling, for the layers that the network does not pool itself.
        pooling: text for result rows: the pooling asked for, or ``layer:pooling`` texts where layers differ.
        representation: where its vectors are, or will be.
    """

    text: str
    spec: BackboneSpec
    poolings: Mapping[str, Pooling]
    pooling: str
    representation: Representation

    @property
    def is_imported(self) -> bool:
        """Whether its vectors were computed elsewhere, and are found by the utterance's id."""
        return isinstance(self.spec, NamedVectorsSpec)

    @property
    def in_all(self) -> list[str]:
        """Names of the layers that ALL joins."""
        return [layer.name for layer in self.spec.layers if layer.in_all]


def prepare(
    choice: Choice[BackboneSpec], plugins: Plugins, store: Store, *, pooling: str, dtype: str
) -> PreparedBackbone:
    """Build a backbone's spec, and find its representation.

    Args:
        choice: the backbone.
        plugins: with the poolings.
        store: where representations are.
        pooling: in the component grammar, for all layers that the network does not pool itself; empty = each its own.
        dtype: of the stored vectors.

    Raises:
        UnknownName: no such pooling.
        PluginBroken: the spec is not as the contract says.
        BadOption: no such dtype.
        MissingData: a file that an option names cannot be read, or vectors computed elsewhere are gone.
    """
    if dtype not in DTYPES:
        raise BadOption(f"--dtype {dtype}: expected one of {', '.join(DTYPES)}")
    spec = choice.build(store=store)
    if problems := problems_with_spec(spec):
        raise PluginBroken(f"backbone {choice.name}: {'; '.join(problems)}")
    if isinstance(spec, NamedVectorsSpec):
        return _prepare_imported(choice, spec, store)
    chosen = {
        layer.name: plugins.poolings.choose(pooling or layer.pooling)
        for layer in spec.layers
        if layer.pooling != POOLED_BY_NETWORK
    }
    poolings = {name: each.build() for name, each in chosen.items()}
    texts = {layer.name: _pooling_text(layer, chosen) for layer in spec.layers}
    owners = sorted({plugins.owner(each.entry).identity for each in chosen.values()})
    if strangers := sorted(set(spec.resolved) - {*choice.resolved, choice.argument_name}):
        raise PluginBroken(f"backbone {choice.name} resolves what is no option of it: {', '.join(strangers)}")
    identity = Identity(
        backbone=_name(choice, spec),
        options={name: _stable(spec.resolved.get(name, value)) for name, value in choice.resolved.items()},
        weights=spec.origin.digest,
        plugin=plugins.owner(choice.entry).identity,
        poolings=texts,
        pooling_plugins=owners,
        audio=waveforms.PIPELINE,
        dtype=dtype,
    )
    units = {layer.name: _units(layer, poolings) for layer in spec.layers}
    different = dict.fromkeys(texts.values())
    in_rows = next(iter(different)) if len(different) == 1 else " ".join(f"{k}:{v}" for k, v in texts.items())
    return PreparedBackbone(choice.text, spec, poolings, in_rows, store.representation(identity, units, spec.origin))


def _prepare_imported(choice: Choice[BackboneSpec], spec: NamedVectorsSpec, store: Store) -> PreparedBackbone:
    vectors = spec.vectors
    representation = store.imported(vectors.name, vectors.layers, vectors.dtype, vectors.origin)
    if not representation.folder.exists():
        raise MissingData(f"the vectors of {choice.name} are not in the store any more; import them again")
    return PreparedBackbone(choice.text, spec, {}, POOLED_BY_NETWORK, representation)


def _name(choice: Choice[BackboneSpec], spec: BackboneSpec) -> str:
    """Name the backbone; what completes a family's name may be resolved as an option may."""
    argument = choice.argument_name
    return f"{choice.entry.name}{spec.resolved[argument]}" if argument in spec.resolved else choice.name


def _pooling_text(layer: LayerSpec, chosen: Mapping[str, Choice[Pooling]]) -> str:
    return chosen[layer.name].text if layer.name in chosen else POOLED_BY_NETWORK


def _units(layer: LayerSpec, poolings: Mapping[str, Pooling]) -> tuple[Unit, ...]:
    if layer.name in poolings:
        with failures_told(f"units of the pooling of layer {layer.name}"):
            return tuple(poolings[layer.name].units(layer))
    statistics: Sequence[str] = layer.statistics or ("value",)
    neurons = layer.width // len(statistics)
    return tuple(Unit(layer.name, neuron, statistic) for statistic in statistics for neuron in range(neurons))


def _stable(value: Any) -> Any:
    """Turn an option's value into JSON; a path becomes the digest of its content, so that moving it changes nothing."""
    if isinstance(value, Path):
        try:
            return _digest(value)
        except OSError as error:
            raise MissingData(f"{value} cannot be read: {error.strerror or error}") from error
    if isinstance(value, tuple):
        return [_stable(each) for each in value]
    return value if isinstance(value, int | float | str | None) else to_text(value)


def _digest(path: Path) -> str:
    """Digest a file's content, or names and contents below a folder."""
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    total = hashlib.sha256()
    for file in files:
        total.update(os.fsencode(file.relative_to(path)) + b"\0")
        with file.open("rb") as stream:
            total.update(hashlib.file_digest(stream, "sha256").digest())
    return total.hexdigest()
