"""The six layers of the paper, computed from the frames of the convolutions.

Source: e2e_model_adi17.py of shammur/arabic_spoken_dialect_identification_demo, where the author takes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch  # noqa: TID253 - this module is imported when the model is loaded, never before

from neuroscope_cnn.model.architecture import DENSE_OUTPUTS
from neuroscope_cnn.model.pooling import Moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from neuroscope_cnn.model.extents import Extent
    from neuroscope_cnn.model.network import ConvolutionFrames, Network

NAMES = {"conv1": "CNN1", "conv2": "CNN2", "conv3": "CNN3", "conv4": "CNN4"}


class LayerPooling:
    """Pools the frames of some convolutions to mean and deviation, block by block, for every utterance of a batch.

    Args:
        network: whose frames will come.
        extents: of each utterance.
        convolutions: which are pooled, of ``conv1`` to ``conv4``.
    """

    def __init__(self, network: Network, extents: Sequence[Extent], convolutions: Sequence[str] = tuple(NAMES)) -> None:
        self._extents = extents
        self._masked = {name: network.masked(name) for name in convolutions}
        self._moments = {
            name: [Moments(len(masked), masked.device) for _ in extents] for name, masked in self._masked.items()
        }

    def add(self, frames: ConvolutionFrames) -> None:
        """Take the frames of one block of the network."""
        for name, moments in self._moments.items():
            for own, values in zip(moments, frames[name], strict=True):
                own.add(values)

    def finish(self) -> dict[str, Tensor]:
        """Mean ++ deviation, float32 ``[B, 2 D]`` under the convolution's name; not finite where no frame counts."""
        return {
            name: torch.stack([self._finish(name, *each) for each in zip(moments, self._extents, strict=True)])
            for name, moments in self._moments.items()
        }

    def _finish(self, name: str, moments: Moments, extent: Extent) -> Tensor:
        first = name == "conv1"
        length = extent.frames if first else extent.counted
        masked = extent.masked if first else extent.summed - extent.counted
        return moments.finish(length, masked, self._masked[name])


def embeddings(network: Network, pooled: Tensor, tap: Literal["pre", "post"]) -> dict[str, Tensor]:
    """Compute ``CNN4``, ``FC1`` and ``FC2`` of the paper, ``[B, D]``.

    Args:
        network: whose layers they are.
        pooled: mean and deviation of conv4, ``[B, 3000]``.
        tap: before normalisation and ReLU, or behind them.
    """
    dense = network.dense(pooled)
    fc1, fc2 = DENSE_OUTPUTS[tap]
    return {"CNN4": pooled, "FC1": dense[fc1], "FC2": dense[fc2]}


def whole(
    network: Network, features: Sequence[Tensor], extents: Sequence[Extent], tap: Literal["pre", "post"] = "pre"
) -> dict[str, Tensor]:
    """Compute all six layers, pooled by the network itself, ``[B, D]``; frames are in memory a block at a time.

    Args:
        network: that runs.
        features: of each utterance, float32 ``[T, 40]``.
        extents: of each.
        tap: of the dense layers.
    """
    with torch.inference_mode():
        pools = LayerPooling(network, extents)
        for frames in network.blocks(features, extents):
            pools.add(frames)
        pooled = {NAMES[name]: values for name, values in pools.finish().items()}
        return pooled | embeddings(network, pooled["CNN4"], tap)
