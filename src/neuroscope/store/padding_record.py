"""Record of how far a representation's vectors change with their neighbours in a batch, read without torch.

It says which batches the representation is extracted in, now and in every later extraction.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from neuroscope.contracts.records import ALONE, EQUAL, PADDED
from neuroscope.errors import NeuroscopeError, StoreMismatch
from neuroscope.runtime.files import whole_file
from neuroscope.store import json_files
from neuroscope.store.json_files import WrongContent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TOLERANCES = {"float16": 1e-2, "bfloat16": 5e-2}
"""Tolerated shares of a layer's largest value, by the type that it is computed in: about ten times its precision."""
TOLERANCE = 1e-5
"""The tolerated share for float32 and better."""
_FILE = "invariance.json"
_FORMER_SHAPE: dict[str, Any] = {
    "representation": str,
    "differences": {str: float},
    "precisions": {str: str},
    "device": str,
}
_ANY_SHAPE: dict[Any, Any] = {str: object}
_SHAPE = {**_FORMER_SHAPE, "batches": str, "equal_lengths": {str: float}, "from_float32": {str: float}}


@dataclass(frozen=True, slots=True)
class Invariance:
    """Differences between vectors in a batch and those of each utterance alone, relative to a layer's largest value.

    Attributes:
        differences: layer -> largest difference beside utterances of other lengths, padded; empty = not looked at,
            since the backbone says that its padding leaks.
        precisions: layer -> type of the numbers that it is computed in, e.g. ``float32``.
        device: where the model ran.
        batches: those that the representation is extracted in: ``padded``, ``equal lengths`` or ``alone``.
        equal_lengths: layer -> largest difference beside utterances of exactly one length; empty = not looked at, or
            the model takes no batch.
        from_float32: layer -> largest difference from the vectors of the same model in float32; empty = it is that.
    """

    differences: Mapping[str, float]
    precisions: Mapping[str, str]
    device: str
    batches: str = PADDED
    equal_lengths: Mapping[str, float] = field(default_factory=dict)
    from_float32: Mapping[str, float] = field(default_factory=dict)

    @property
    def broken(self) -> list[str]:
        """Layers that padding changes by more than their precision explains."""
        return self.beyond(self.differences)

    def beyond(self, differences: Mapping[str, float]) -> list[str]:
        """List the layers whose difference is more than their precision explains."""
        return [name for name, found in differences.items() if found > self.tolerance(name)]

    def tolerance(self, layer: str) -> float:
        """Return the difference that the layer's precision explains."""
        return tolerance(self.precisions[layer])


def tolerance(precision: str) -> float:
    """Return the difference that a type of numbers explains, as a share of a layer's largest value."""
    return TOLERANCES.get(precision, TOLERANCE)


def batches_of(found: Invariance | None) -> str:
    """Tell in which batches to extract: as was found or, where nothing could be told, one utterance at a time."""
    return ALONE if found is None else found.batches


def recall(folder: Path) -> Invariance | None:
    """Read the record of the representation in a folder; None where nothing was measured.

    Raises:
        StoreMismatch: the file is damaged, or was measured for another representation.
    """
    path = folder / _FILE
    try:
        found = json_files.read(path, _ANY_SHAPE)
        json_files.check(found, _SHAPE if "batches" in found else _FORMER_SHAPE)
        _check(folder, found)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, WrongContent) as error:
        raise StoreMismatch(
            f"{path} cannot be read ({json_files.reason(error)}); remove it: the next extraction that computes "
            "measures it again"
        ) from error
    del found["representation"]
    known = Invariance(**found)
    if "batches" not in found and known.broken:  # written before equal lengths went side by side
        return replace(known, batches=ALONE)
    return known


def remember(folder: Path, found: Invariance) -> None:
    """Write the record beside the vectors; one that is there already stays.

    Raises:
        NeuroscopeError: the disk is full or the folder cannot be written.
    """
    path = folder / _FILE
    if path.exists():
        return
    try:
        with whole_file(path) as temporary:
            json_files.write(temporary, {"representation": folder.name, **asdict(found)}, _SHAPE)
    except OSError as error:
        raise NeuroscopeError(f"cannot write to the store {folder}: {error.strerror or error}") from error


def record(found: Invariance | None) -> dict[str, Any] | None:
    """Make the entry of ``run.json``, with the layers for which utterances go one at a time."""
    if found is None:
        return None
    changed = found.broken or found.beyond(found.equal_lengths)
    return {**asdict(found), "one_at_a_time": changed if found.batches == ALONE else []}


def _check(folder: Path, found: Mapping[str, Any]) -> None:
    if found["representation"] != folder.name:
        raise WrongContent(f"it belongs to the representation {found['representation']}")
    if found.get("batches", PADDED) not in {PADDED, EQUAL, ALONE}:
        raise WrongContent(f"it knows batches '{found['batches']}'")
    differences = [found[name] for name in ("differences", "equal_lengths", "from_float32") if name in found]
    if not all(math.isfinite(each) for layers in differences for each in layers.values()):
        raise WrongContent("a difference is not finite")
    if lacking := {layer for layers in differences for layer in layers} - found["precisions"].keys():
        raise WrongContent(f"it does not tell the precision of {', '.join(sorted(lacking))}")
