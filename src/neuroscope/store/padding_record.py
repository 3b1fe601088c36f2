"""Record of how far a representation's vectors change with their neighbours in a batch, read without torch."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from neuroscope.errors import NeuroscopeError, StoreMismatch
from neuroscope.runtime.files import whole_file
from neuroscope.store import json_files
from neuroscope.store.json_files import WrongContent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TOLERANCES = {"float16": 1e-2, "bfloat16": 5e-2}
"""Tolerated shares of a layer's largest value, by the type of the model's frames: about ten times its precision."""
TOLERANCE = 1e-5
"""The tolerated share for float32 and better."""
_FILE = "invariance.json"
_SHAPE = {"representation": str, "differences": {str: float}, "precisions": {str: str}, "device": str}


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
        StoreMismatch: the file is damaged, or was measured for another representation.
    """
    path = folder / _FILE
    try:
        found = json_files.read(path, _SHAPE)
        _check(folder, found)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, WrongContent) as error:
        raise StoreMismatch(
            f"{path} cannot be read ({json_files.reason(error)}); remove it: the next extraction that computes "
            "measures it again"
        ) from error
    return Invariance(found["differences"], found["precisions"], found["device"])


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
    return None if found is None else {**asdict(found), "one_at_a_time": found.broken}


def _check(folder: Path, found: Mapping[str, Any]) -> None:
    if found["representation"] != folder.name:
        raise WrongContent(f"it belongs to the representation {found['representation']}")
    if not all(math.isfinite(each) for each in found["differences"].values()):
        raise WrongContent("a difference is not finite")
    if lacking := found["differences"].keys() - found["precisions"].keys():
        raise WrongContent(f"it does not tell the precision of {', '.join(sorted(lacking))}")
