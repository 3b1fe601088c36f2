"""Read waveforms ahead of the model, in threads, up to a limit of samples in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroscope.audio import waveforms
from neuroscope.audio.loudness import Loudness
from neuroscope.errors import BadAudio

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from neuroscope.contracts.audio import Utterance

_READERS = 2
Note = Callable[[str, Loudness], None]


@dataclass(frozen=True, slots=True)
class ReadJob:
    """An utterance with what it takes to read it: path, span, samples at the model's rate, and row in the store."""

    utterance: Utterance
    path: Path
    span: waveforms.Span
    samples: int
    row: str


def read(job: ReadJob, sample_rate: int, note: Note | None = None) -> NDArray[np.float32] | BadAudio:
    """Read the waveform of a span, or return why there is none; ``note`` is called with its row and loudness."""
    try:
        wave, loudness = waveforms.listen(job.path, job.span, sample_rate)
    except BadAudio as error:
        return error
    if note is not None:
        note(job.row, loudness)
    return wave


def read_ahead(
    batches: Iterable[Sequence[ReadJob]], sample_rate: int, most: float, note: Note | None = None
) -> Generator[tuple[Sequence[ReadJob], list[NDArray[np.float32] | BadAudio]]]:
    """Yield batches with their waveforms, at most ``most`` samples ahead; a longer batch is read alone.

    Args:
        batches: what is read.
        sample_rate: Hz.
        most: samples.
        note: called in the readers' threads with the row and the loudness of each waveform.
    """
    pool = ThreadPoolExecutor(_READERS)
    coming: deque[tuple[Sequence[ReadJob], list[Future[NDArray[np.float32] | BadAudio]]]] = deque()
    try:
        for batch in batches:
            while coming and _samples(batch) + sum(_samples(each) for each, _ in coming) > most:
                yield _awaited(*coming.popleft())
            coming.append((batch, [pool.submit(read, each, sample_rate, note) for each in batch]))
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
