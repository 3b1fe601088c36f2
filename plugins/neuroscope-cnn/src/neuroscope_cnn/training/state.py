"""The state of a training after a step, in one file that is written whole, from which it goes on exactly."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from neuroscope import BadOption, MissingData, commands
from neuroscope_cnn.checkpoints.errors import BadCheckpoint

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

FILE = "state.safetensors"
HISTORY = "history.jsonl"
VERSION = "1"
_VELOCITY = "velocity/"


@dataclass
class TrainingState:
    """All that a training needs to go on.

    Attributes:
        settings: that it began with, and what its data are.
        weights: variables under their published names.
        velocity: of the descent, where it has momentum.
        step: steps that are done.
        history: a record for every look at the held-out utterances.
        losses: sum of the losses since the last of them.
        right: crops among them that were told right.
        counted: steps among them.
        best: step and accuracy of the best; empty = none yet.
    """

    settings: dict[str, Any]
    weights: dict[str, Tensor]
    velocity: dict[str, Tensor]
    step: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    losses: float = 0.0
    right: int = 0
    counted: int = 0
    best: dict[str, Any] = field(default_factory=dict)


def write(state: TrainingState, folder: Path) -> None:
    """Write a state into a run's folder, with the history as a file of its own for people and programs."""
    from safetensors.torch import save

    numbers = {name: getattr(state, name) for name in ("step", "history", "losses", "right", "counted", "best")}
    about = {"format": "neuroscope-cnn-training", "version": VERSION}
    about |= {"settings": json.dumps(state.settings), "numbers": json.dumps(numbers)}
    tensors = state.weights | {f"{_VELOCITY}{name}": values for name, values in state.velocity.items()}
    content = save({name: values.detach().cpu().contiguous() for name, values in tensors.items()}, about)
    with commands.whole_file(folder / FILE) as file:
        file.write_bytes(content)
    with commands.whole_file(folder / HISTORY) as file:
        file.write_text("".join(json.dumps(record) + "\n" for record in state.history), "utf-8")


def read(folder: Path) -> TrainingState:
    """Read the state in a run's folder, onto the CPU.

    Raises:
        MissingData: it holds no run.
        BadCheckpoint: it is damaged.
    """
    from safetensors import SafetensorError, safe_open

    path = folder / FILE
    if not path.is_file():
        raise MissingData(f"{folder} holds no training to go on with: there is no {FILE}. Leave --resume out to begin.")
    try:
        with safe_open(path, "pt") as file:
            about = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
        if about.get("version") != VERSION:
            raise BadCheckpoint(path, f"it is no state of a training, or not of version {VERSION}")
        velocity = {name.removeprefix(_VELOCITY): tensors.pop(name) for name in list(tensors) if _VELOCITY in name}
        return TrainingState(json.loads(about["settings"]), tensors, velocity, **json.loads(about["numbers"]))
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise BadCheckpoint(path, f"it is damaged ({error})") from None


def check_same(settings: Mapping[str, Any], asked: Mapping[str, Any], folder: Path) -> None:
    """Raise BadOption if a run was begun with other settings or data than those asked for."""
    other = [name for name in asked if settings.get(name) != asked[name]]
    if other:
        shown = "; ".join(f"{_option(name)} was {settings.get(name)}, now {asked[name]}" for name in other)
        raise BadOption(f"{folder} holds a training with other settings: {shown}. Name another --out.")


def _option(name: str) -> str:
    return name if name in {"network", "data"} else "--" + name.replace("_", "-")
