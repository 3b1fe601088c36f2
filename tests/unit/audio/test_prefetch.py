"""Waveforms are read ahead of the model, and no further than memory should be spent on."""

from concurrent.futures import Future

import pytest

from neuroscope.audio import prefetch
from neuroscope.audio.prefetch import ReadJob, read_ahead


@pytest.mark.parametrize(
    ("lengths", "most", "already_read"),
    [
        ([4, 4, 4, 4], 10, [2, 3, 4, 4]),
        ([4, 4, 4, 4], 12, [3, 4, 4, 4]),  # just as many as may be
        ([4, 4, 4, 4], 3, [1, 2, 3, 4]),
        ([4, 30, 4, 4], 10, [1, 2, 4, 4]),  # a batch that is longer alone
    ],
)
def test_batches_come_in_order_and_no_more_samples_are_read_than_may_be(monkeypatch, lengths, most, already_read):
    """``already_read``: how many batches of two halves were given to readers when each batch comes."""
    given = []

    class Readers:
        def __init__(self, count):
            pass

        def submit(self, read, job, rate, note):
            given.append(job)
            done = Future()
            done.set_result(f"{job.row} at {rate}")
            return done

        def shutdown(self, *, cancel_futures):
            assert cancel_futures

    monkeypatch.setattr(prefetch, "ThreadPoolExecutor", Readers)
    batches = [
        [ReadJob(None, None, None, length // 2, f"{number}{half}") for half in "ab"]
        for number, length in enumerate(lengths)
    ]
    seen = [(batch, waves, len(given) // 2) for batch, waves in read_ahead(batches, 8_000, most)]
    assert [batch for batch, _, _ in seen] == batches
    assert [waves for _, waves, _ in seen] == [[f"{number}{half} at 8000" for half in "ab"] for number in range(4)]
    assert [count for _, _, count in seen] == already_read
