"""Work goes side by side in the order it came, on as many threads as are granted; limits end where they should."""

import threading
import time

import joblib
import pytest
import torch

from neuroscope.runtime.threads import available_threads, blas_threads, map_ahead, one_torch_thread


@pytest.mark.parametrize(
    ("granted", "asked", "expected"),
    [(8, None, 8), (8, "3", 3), (2, "16", 2), (8, "4,2", 4), (8, "0", 8), (8, "many", 8), (8, "", 8), (1, "1", 1)],
)
def test_threads_are_those_granted_and_at_most_those_asked_for(monkeypatch, granted, asked, expected):
    monkeypatch.setattr(joblib, "cpu_count", lambda: granted)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if asked is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert available_threads() == expected


def test_affinity_grants(monkeypatch):
    import os

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, [min(before)])
    try:
        assert available_threads() == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_order_whatever_takes_how_long(threads):
    def slow_first(number):
        time.sleep(0.02 if number == 0 else 0)
        return number * number

    assert list(map_ahead(slow_first, range(20), threads)) == [number * number for number in range(20)]


def test_calls_run_at_the_same_time_and_no_more_is_taken_than_one_beyond_them():
    both, taken = threading.Barrier(3, timeout=10), []

    def given():
        for number in range(9):
            taken.append(number)
            yield number

    def meet(number):
        both.wait()  # passes when three are here at once
        return number

    results = map_ahead(meet, given(), 3)
    assert next(results) == 0
    assert len(taken) == 4
    both.abort()
    results.close()


@pytest.mark.parametrize(("most", "at_once"), [(100, 4), (10, 2), (5, 1), (1, 1)])
def test_no_more_weight_runs_at_a_time_than_there_may_and_what_weighs_more_runs_by_itself(most, at_once):
    running, seen, lock = [], [], threading.Lock()

    def hold(number):
        with lock:
            running.append(number)
            seen.append(len(running))
        time.sleep(0.02)
        with lock:
            running.remove(number)
        return number

    assert list(map_ahead(hold, range(12), 4, lambda number: 5, most)) == list(range(12))
    assert max(seen) <= at_once
    assert max(seen) > 1 or at_once == 1


def test_an_error_is_raised_at_its_place():
    results = map_ahead(lambda number: 1 // (2 - number), range(5), 2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_what_has_begun_is_over_when_it_is_closed():
    begun, ended = [], []

    def slow(number):
        begun.append(number)
        time.sleep(0.05)
        ended.append(number)

    results = map_ahead(slow, range(50), 2)
    next(results)
    results.close()
    assert sorted(begun) == sorted(ended)
    assert len(begun) < 6


def test_torch_has_one_thread_until_the_last_user_leaves():
    torch.set_num_threads(3)
    try:
        first, second = one_torch_thread(), one_torch_thread()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert torch.get_num_threads() == 1
        second.__exit__(None, None, None)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(1)


def test_products_of_matrices_have_as_many_threads_as_they_are_given():
    from threadpoolctl import threadpool_info

    with blas_threads(1):
        inside = {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}
    assert inside == {1}
