"""How far a representation's vectors change with their neighbours in a batch: kept beside them, read without torch."""

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
"""Of the layer's largest value, by the type of the model's frames: about ten times its precision."""
TOLERANCE = 1e-5
"""For float32 and better."""
_FILE = "invariance.json"


@dataclass(frozen=True, slots=True)
class Invariance:
    """How far vectors in a batch are from those of each utterance alone.

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
        """The difference that the layer's precision explains."""
        return TOLERANCES.get(self.precisions[layer], TOLERANCE)


def recall(folder: Path) -> Invariance | None:
    """What was found before, for the representation in a folder; None where nobody looked.

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
    """Keep what was found beside the vectors; what is kept already stays.

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
    """What was found, for ``run.json``, with the layers for which utterances go one at a time."""
    return None if found is None else {**asdict(found), "one_at_a_time": found.broken}
