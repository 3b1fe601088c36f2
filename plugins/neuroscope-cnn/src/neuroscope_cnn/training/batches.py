"""What a step sees: which utterances, which crops of them, and their frames laid out for the products.

All of it is a function of the seed and the step alone, so that a run that was broken off goes on as if it had not been.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch  # noqa: TID253

from neuroscope_cnn.frontend.framing import CEPSTRA
from neuroscope_cnn.model.architecture import CONVOLUTIONS, STRIDE
from neuroscope_cnn.model.extents import valid
from neuroscope_cnn.model.network import BEHIND

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

SEEN = CONVOLUTIONS["conv1"][0]
AHEAD = 4  # batches that are laid out before they are needed

_ORDER, _CROP, _POPULATION = range(3)  # streams of random numbers, so that none repeats another


@dataclass(frozen=True, slots=True)
class Batch:
    """Crops of one step, packed: rows of real frames one behind the other, no padding among them.

    Attributes:
        unfolded: float32 ``[frames, 5 * 40]``, what conv1 sees for each of its frames.
        places: int64 ``[frames]``, where each stands in the tape that conv2 reads; the rest of the tape is zero.
        pairs: half the length of that tape: conv2 moves by two.
        counted: int64 ``[rows]``, which outputs of conv2 are frames.
        lengths: of each crop, in frames of conv2.
        labels: int64 ``[crops]``.
    """

    unfolded: Tensor
    places: Tensor
    pairs: int
    counted: Tensor
    lengths: list[int]
    labels: Tensor

    def to(self, device: str) -> Batch:
        """Copy the batch to a device."""
        unfolded, places, counted, labels = (
            each.to(device) for each in (self.unfolded, self.places, self.counted, self.labels)
        )
        return Batch(unfolded, places, self.pairs, counted, self.lengths, labels)


def lay_out(crops: Sequence[NDArray[np.float32]], labels: NDArray[np.int64]) -> Batch:
    """Pack crops ``[T, 40]``, each as if it were an utterance alone."""
    margin = SEEN // 2
    unfolded, places, counted, lengths, pairs = [], [], [], [], 0
    for crop in crops:
        padded = np.zeros((len(crop) + 2 * margin, CEPSTRA), np.float32)
        padded[margin:-margin] = crop
        windows = np.lib.stride_tricks.as_strided(
            padded, (len(crop), SEEN * CEPSTRA), (padded.strides[0], padded.itemsize), writeable=False
        )
        extent = valid(len(crop))
        unfolded.append(windows)
        places.append(STRIDE * pairs + extent.left + np.arange(len(crop)))
        counted.append(pairs + np.arange(extent.rows))
        lengths.append(extent.rows)
        pairs += extent.rows + BEHIND
    return Batch(
        torch.from_numpy(np.concatenate(unfolded)),
        torch.from_numpy(np.concatenate(places)),
        pairs,
        torch.from_numpy(np.concatenate(counted)),
        lengths,
        torch.from_numpy(labels),
    )


class CropSampler:
    """Draws the utterances and crops of each step.

    Every epoch is a new order of all utterances, and a batch may reach from one into the next.

    Args:
        frames: of each utterance.
        batch: crops of a step.
        crop: frames of a crop; a shorter utterance is taken whole.
        seed: of all draws.
    """

    def __init__(self, frames: NDArray[np.int64], batch: int, crop: int, seed: int) -> None:
        self._frames, self._batch, self._crop, self._seed = frames, batch, crop, seed
        self._order = lru_cache(maxsize=2)(self._new_order)

    def of_step(self, step: int) -> list[tuple[int, int, int]]:
        """Draw the crops of a step: utterance, first frame, frame behind the last, of each. Steps begin with 0."""
        random = np.random.default_rng([self._seed, _CROP, step])
        places = range(step * self._batch, (step + 1) * self._batch)
        count = len(self._frames)
        return [self._cropped(int(self._order(place // count)[place % count]), random) for place in places]

    def population(self, step: int, most: int) -> list[tuple[int, int, int]]:
        """Draw one crop of each of at most ``most`` utterances, for the statistics of the batch normalisation."""
        random = np.random.default_rng([self._seed, _POPULATION, step])
        chosen = random.permutation(len(self._frames))[:most]
        return [self._cropped(int(number), random) for number in chosen]

    def _new_order(self, epoch: int) -> NDArray[np.int64]:
        return np.random.default_rng([self._seed, _ORDER, epoch]).permutation(len(self._frames))

    def _cropped(self, number: int, random: np.random.Generator) -> tuple[int, int, int]:
        frames = int(self._frames[number])
        first = int(random.integers(frames - self._crop + 1)) if frames > self._crop else 0
        return number, first, min(first + self._crop, frames)


@contextmanager
def ahead(make: Callable[[int], Batch], first: int, last: int) -> Iterator[Iterator[Batch]]:
    """Make the batches of the steps ``first`` to ``last`` (excluded) in a thread, a few ahead."""
    pool = ThreadPoolExecutor(1)
    try:
        yield _in_order(pool, make, first, last)
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(pool: ThreadPoolExecutor, make: Callable[[int], Batch], first: int, last: int) -> Iterator[Batch]:
    coming: list[Future[Batch]] = [pool.submit(make, step) for step in range(first, min(first + AHEAD, last))]
    for step in range(first, last):
        batch = coming.pop(0).result()
        if step + AHEAD < last:
            coming.append(pool.submit(make, step + AHEAD))
        yield batch
