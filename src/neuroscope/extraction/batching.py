"""Plan the batches and shards of a corpus: a pure function of the manifest, whatever is stored already.

Where a batch is of one exact length, its bucket is all utterances of the manifest that have it.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from neuroscope.contracts.records import ALONE, EQUAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from neuroscope.contracts.backbone import BackboneSpec
    from neuroscope.extraction.usable import UsableUtterances

BATCH_MOST = 32
BATCH_SECONDS = 200.0
"""Padded seconds of a batch, on a CPU those that the backbone asks for; an utterance that is longer goes alone."""
SHARD_ROWS = 256
SHARD_BYTES = 64_000_000


def wanted_shards(
    corpus: UsableUtterances, spec: BackboneSpec, device: str, width: int, wanted: NDArray[np.bool_], batches: str
) -> list[list[NDArray[np.int64]]]:
    """List the shards to compute, each of batches of places: the whole plan without the rows that are not wanted.

    Args:
        corpus: the usable utterances.
        spec: of the model.
        device: where it runs.
        width: columns of a row, all layers together.
        wanted: ``[usable]``, of each utterance, whether its row is to be computed.
        batches: which there may be, ``padded``, ``equal lengths`` or ``alone`` (contracts.records).
    """
    ends = _ends(corpus, spec, device, batches)
    ordered = wanted[corpus.order]
    before = np.concatenate([[0], np.cumsum(ordered)])[ends].tolist()  # how many are wanted before each end
    places = corpus.order[ordered]
    shards = []
    for begin, end in _shards(ends, min(SHARD_ROWS, SHARD_BYTES // (4 * width))):
        if before[begin] < before[end]:
            shards.append([places[a:b] for a, b in pairwise(before[begin : end + 1]) if a < b])
    return shards


def without_twin(corpus: UsableUtterances) -> set[str]:
    """Find the rows whose exact length no other row of the corpus has."""
    samples = corpus.samples[corpus.order]
    _, first, count = np.unique(samples, return_index=True, return_counts=True)
    return set(corpus.rows[corpus.order[first[count == 1]]].to_list())


def _ends(corpus: UsableUtterances, spec: BackboneSpec, device: str, batches: str) -> list[int]:
    """Find where batches begin and end in the corpus's order: each takes what fits beside its first, its longest."""
    most = 1 if batches == ALONE else BATCH_MOST
    room = (spec.batch_seconds if device == "cpu" else BATCH_SECONDS) * spec.sample_rate
    samples = np.maximum(corpus.samples[corpus.order], 1)
    fit = int(min(most * samples.max(initial=1), room)) // samples
    rows = np.clip(fit, 1, most)  # of the batch that would begin there
    if batches == EQUAL:
        shorter = np.searchsorted(-samples, -samples, side="right")  # where the first one that is shorter stands
        rows = np.minimum(rows, shorter - np.arange(len(samples)))
    rows, ends = rows.tolist(), [0]
    while ends[-1] < len(rows):
        ends.append(ends[-1] + rows[ends[-1]])
    ends[-1] = len(rows)
    return ends


def _shards(ends: Sequence[int], most: int) -> Iterator[tuple[int, int]]:
    """Yield the first batch of each shard, and the one behind its last: whole batches, up to ``most`` rows."""
    first = 0
    while first < len(ends) - 1:
        behind = max(bisect_right(ends, ends[first] + most) - 1, first + 1)
        yield first, behind
        first = behind
