"""Batches and shards of a corpus whose plan can be counted out."""

import numpy as np
import polars
import pytest

from neuroscope.contracts.backbone import BackboneSpec, Origin
from neuroscope.extraction import batching
from neuroscope.extraction.usable import UsableUtterances

SPEC = BackboneSpec(
    sample_rate=16_000,
    layers=(),
    origin=Origin(source="", licence="", digest=""),
    load=None,
    batchable=True,
    batch_seconds=60.0,
)


def corpus(count, seconds):
    rows = polars.Series([f"{number:03d}" for number in range(count)], dtype=polars.String)
    return UsableUtterances((), None, np.arange(count), np.full(count, int(16_000 * seconds)), rows)


@pytest.mark.parametrize(
    ("seconds", "device", "sizes"),
    [
        (1, "cpu", [32, 8]),
        (20, "cpu", [3] * 13 + [1]),  # 60 s on a CPU
        (20, "cuda", [10, 10, 10, 10]),  # 200 s elsewhere
        (300, "cuda", [1] * 40),
        (0, "cpu", [32, 8]),
    ],
)
def test_a_batch_has_at_most_32_utterances_and_as_many_seconds_as_fit(seconds, device, sizes):
    shards = batching.wanted_shards(corpus(40, seconds), SPEC, device, 1, np.ones(40, dtype=bool), "padded")
    assert [len(batch) for shard in shards for batch in shard] == sizes


@pytest.mark.parametrize(
    ("width", "sizes"),
    [
        (1_000, [[32] * 8, [32, 12]]),
        (250_000, [[32, 32]] * 4 + [[32, 12]]),  # 64 rows of 1 MB
        (2_000_000, [[32]] * 9 + [[12]]),
    ],
)
def test_a_shard_has_at_most_256_rows_and_64_megabytes_of_whole_batches(width, sizes):
    found = batching.wanted_shards(corpus(300, 1), SPEC, "cpu", width, np.ones(300, dtype=bool), "padded")
    assert [[len(batch) for batch in shard] for shard in found] == sizes


def test_what_is_not_wanted_is_taken_out_of_the_whole_plan_and_no_empty_batch_or_shard_is_left():
    wanted = np.zeros(300, dtype=bool)
    wanted[[40, 70, 299]] = True
    found = batching.wanted_shards(corpus(300, 1), SPEC, "cpu", 250_000, wanted, "padded")
    assert [[batch.tolist() for batch in shard] for shard in found] == [[[40]], [[70]], [[299]]]
