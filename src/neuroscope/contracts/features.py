"""Pooled representations: their units, the matrix of vectors, and the pooling that makes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from neuroscope.contracts.backbone import Frames, LayerSpec


@dataclass(frozen=True, slots=True)
class Unit:
    """A column of a pooled representation: what the paper counts as a neuron."""

    layer: str
    neuron: int
    statistic: str = "mean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Pooled vectors, one row per utterance.

    Attributes:
        ids: of the utterances, in the order of the rows.
        units: in the order of the columns: layers as declared, then statistic, then neuron.
        values: float32 ``[rows, columns]``; may be a memory map.
    """

    ids: tuple[str, ...]
    units: tuple[Unit, ...]
    values: NDArray[np.float32]

    @property
    def column_groups(self) -> NDArray[np.int64]:
        """The number of each column's layer, counted from 0, int64 ``[columns]``: what a probe's ``fit`` may take."""
        import numpy as np

        numbers: dict[str, int] = {}
        return np.array([numbers.setdefault(unit.layer, len(numbers)) for unit in self.units], dtype=np.int64)


class PoolingState(Protocol):
    """The pooling of one layer over one batch, fed block by block."""

    def update(self, frames: Frames) -> None:
        """Take one block of frames, in time order; what lies behind a length is never looked at."""
        ...

    def finish(self) -> Tensor:
        """Return the pooled vectors, float32 ``[B, units]``; NaN for an utterance that had no frame."""
        ...


class Pooling(Protocol):
    """A method that turns the frames of an utterance into one vector."""

    def units(self, layer: LayerSpec) -> tuple[Unit, ...]:
        """List the columns that the layer becomes."""
        ...

    def start(self, layer: LayerSpec) -> PoolingState:
        """Make a fresh state for one batch."""
        ...
