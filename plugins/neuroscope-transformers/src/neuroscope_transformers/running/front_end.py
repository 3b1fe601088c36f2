"""What stands in front of a network: waveforms in, what the network is called with out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor

    from neuroscope import WaveBatch


@dataclass(frozen=True, slots=True)
class Piece:
    """One pass of the network: a whole batch, or one piece in time of it.

    Attributes:
        inputs: keyword arguments of the network.
        lengths: layer -> int64 ``[B]``, frames of each utterance in this pass that are real.
    """

    inputs: Mapping[str, Tensor | None]
    lengths: Mapping[str, Tensor]


class FrontEnd(Protocol):
    """Prepares batches for one network."""

    def pieces(self, batch: WaveBatch) -> Iterator[Piece]:
        """Yield the passes of a batch in time order; most models need one."""
        ...
