"""Global random states while a block draws from them: its own seed, one thread at a time, put back behind it."""

import random
import threading

import numpy as np
import pytest
import torch

from neuroscope.weights import check_seed, randomness_kept


def drawn():
    return random.random(), float(np.random.rand()), float(torch.rand(1))


def test_states_are_as_they_were_and_a_seed_decides_what_is_drawn():
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    with randomness_kept(7):
        first = drawn()
    with randomness_kept(7):
        assert drawn() == first
    with randomness_kept(2**63 - 1):
        assert drawn() != first
    with randomness_kept():
        drawn()
    assert (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()) == before


def test_a_second_thread_waits_and_draws_what_it_draws_alone():
    with randomness_kept(1):
        alone = [drawn(), drawn()]
    inside, values = threading.Event(), {}

    def other():
        inside.wait()
        with randomness_kept(2):
            values["other"] = drawn()

    thread = threading.Thread(target=other)
    thread.start()
    with randomness_kept(1):
        values["first"] = [drawn()]
        inside.set()
        thread.join(0.2)
        assert "other" not in values
        with randomness_kept(3):  # the same thread may go in once more
            drawn()
        values["first"].append(drawn())
    thread.join()
    with randomness_kept(2):
        assert values == {"first": alone, "other": drawn()}


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_is_one_that_torch_takes(seed):
    with pytest.raises(ValueError, match=r"seed must be a whole number from 0 to 2\*\*63 - 1"):
        check_seed(seed)
    for good in (0, 2**63 - 1):
        check_seed(good)
        torch.Generator().manual_seed(good)
