"""Waveforms ahead of the model: read in threads, no further than memory should be spent on."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroscope.audio import waveforms
from neuroscope.errors import BadAudio

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from neuroscope.contracts.audio import Utterance

_READERS = 2


@dataclass(frozen=True, slots=True)
class ReadJob:
    """An utterance whose samples are found: its row in the store, and how long it is at the model's rate."""

    utterance: Utterance
    path: Path
    span: waveforms.Span
    samples: int
    row: str


def read(each: ReadJob, sample_rate: int) -> NDArray[np.float32] | BadAudio:
    """The waveform of a span, or why there is none."""
    try:
        return waveforms.read(each.path, each.span, sample_rate)
    except BadAudio as error:
        return error


def read_ahead(
    batches: Iterable[Sequence[ReadJob]], sample_rate: int, most: float
) -> Generator[tuple[Sequence[ReadJob], list[NDArray[np.float32] | BadAudio]]]:
    """Yield batches with their waveforms, at most ``most`` samples ahead; of a longer batch, that one alone."""
    pool = ThreadPoolExecutor(_READERS)
    coming: deque[tuple[Sequence[ReadJob], list[Future[NDArray[np.float32] | BadAudio]]]] = deque()
    try:
        for batch in batches:
            while coming and _samples(batch) + sum(_samples(each) for each, _ in coming) > most:
                yield _awaited(*coming.popleft())
            coming.append((batch, [pool.submit(read, each, sample_rate) for each in batch]))
        while coming:
            yield _awaited(*coming.popleft())
    finally:
        pool.shutdown(cancel_futures=True)


def _awaited(
    batch: Sequence[ReadJob], futures: Sequence[Future[NDArray[np.float32] | BadAudio]]
) -> tuple[Sequence[ReadJob], list[NDArray[np.float32] | BadAudio]]:
    return batch, [future.result() for future in futures]


def _samples(batch: Sequence[ReadJob]) -> int:
    return sum(each.samples for each in batch)
