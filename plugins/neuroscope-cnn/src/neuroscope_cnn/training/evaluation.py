"""How many held-out utterances a network classifies right: whole ones, through the network that backbones run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch  # noqa: TID253 - this module is imported when a training runs

from neuroscope_cnn.model.extents import valid
from neuroscope_cnn.model.layers import LayerPooling
from neuroscope_cnn.model.network import Network

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from neuroscope_cnn.model.architecture import Architecture
    from neuroscope_cnn.training.features import CorpusCepstra

TOGETHER = 4096  # frames of a batch
_Z = 1.959963984540054  # of a 95 % interval


@dataclass(frozen=True, slots=True)
class Score:
    """How many of some utterances were classified right, and their mean cross-entropy."""

    right: int
    utterances: int
    loss: float

    @property
    def accuracy(self) -> float:
        """Share of the utterances that were classified right."""
        return self.right / self.utterances

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the accuracy, as if the utterances were independent."""
        n, share = self.utterances, self.accuracy
        middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        reach = _Z / (1 + _Z**2 / n) * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
        return max(middle - reach, 0.0), min(middle + reach, 1.0)


def logits_of(network: Network, features: Sequence[Tensor]) -> Tensor:
    """One value a class of each utterance, ``[B, classes]``; ``features`` are float32 ``[T, 40]`` each."""
    extents = [valid(len(each)) for each in features]
    with torch.inference_mode():
        pools = LayerPooling(network, extents, ["conv4"])
        for block in network.blocks(features, extents):
            pools.add(block)
        return network.logits(network.dense(pools.finish()["conv4"])["ac2"])


def score(
    architecture: Architecture,
    weights: Mapping[str, Tensor],
    frames: CorpusCepstra,
    numbers: NDArray[np.int64],
    labels: NDArray[np.int64],
    device: str,
) -> Score:
    """Score a network in the mode ``valid`` on utterances.

    Args:
        architecture: of the network.
        weights: with the statistics of the batch normalisation.
        frames: of all utterances.
        numbers: int64, which are asked for, one at least.
        labels: int64, the class of each.
        device: where it runs.
    """
    network = Network(architecture, {name: values.detach() for name, values in weights.items()}, device)
    right, loss = 0, 0.0
    for batch in _batches(frames.lengths[numbers]):
        features = [torch.tensor(frames(int(numbers[place])), device=device) for place in batch]
        found = logits_of(network, features).double().cpu()
        wanted = torch.from_numpy(labels[batch])
        right += int((found.argmax(1) == wanted).sum())
        loss += float(torch.nn.functional.cross_entropy(found, wanted, reduction="sum"))
    return Score(right, len(numbers), loss / len(numbers))


def _batches(lengths: NDArray[np.int64]) -> Iterator[list[int]]:
    """Places of utterances that run together, of similar length."""
    batch: list[int] = []
    for place in lengths.argsort(kind="stable").tolist():
        if batch and (len(batch) + 1) * int(lengths[place]) > TOGETHER:
            yield batch
            batch = []
        batch.append(place)
    yield batch
