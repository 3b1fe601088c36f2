"""Record of how far a representation's vectors change with their neighbours in a batch, read without torch."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from neuroscope.errors import NeuroscopeError, StoreMismatch
from neuroscope.runtime.files import whole_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TOLERANCES = {"float16": 1e-2, "bfloat16": 5e-2}
"""Tolerated shares of a layer's largest value, by the type of the model's frames: about ten times its precision."""
TOLERANCE = 1e-5
"""The tolerated share for float32 and better."""
_FILE = "invariance.json"


@dataclass(frozen=True, slots=True)
class Invariance:
    """Differences between vectors in a batch and those of each utterance alone.

    Attributes:
        differences: layer -> largest difference, relative to the layer's largest value.
        precisions: layer -> type of the model's frames.
        device: where the model ran.
    """

    differences: Mapping[str, float]
    precisions: Mapping[str, str]
    device: str

    @property
    def broken(self) -> list[str]:
        """Layers that change more than their precision explains."""
        return [name for name, found in self.differences.items() if found > self.tolerance(name)]

    def tolerance(self, layer: str) -> float:
        """Return the difference that the layer's precision explains."""
        return TOLERANCES.get(self.precisions[layer], TOLERANCE)


def recall(folder: Path) -> Invariance | None:
    """Read the record of the representation in a folder; None where nothing was measured.

    Raises:
        StoreMismatch: the file is damaged.
    """
    path = folder / _FILE
    if not path.exists():
        return None
    try:
        return Invariance(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise StoreMismatch(f"{path} cannot be read ({error}); remove it, and extract again") from error


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
            temporary.write_text(json.dumps(asdict(found), indent=1))
    except OSError as error:
        raise NeuroscopeError(f"cannot write to the store {folder}: {error.strerror or error}") from error


def record(found: Invariance | None) -> dict[str, Any] | None:
    """Make the entry of ``run.json``, with the layers for which utterances go one at a time."""
    return None if found is None else {**asdict(found), "one_at_a_time": found.broken}
