"""The collector rests for a while, and only for that."""

import gc

import pytest

from neuroscope.runtime.gc_pause import gc_paused


def test_the_collector_is_paused_and_runs_again_also_after_an_error():
    with gc_paused():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), gc_paused():
        1 / 0  # noqa: B018
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off():
    gc.disable()
    try:
        with gc_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
