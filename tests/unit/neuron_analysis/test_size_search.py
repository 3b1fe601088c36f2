"""The search for the size where a rule begins to hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroscope.neuron_analysis.size_search import last_sure, percent_of, smallest
from neuroscope.neuron_analysis.subsets import size


@given(st.integers(1, 50_000), st.data())
def test_a_percentage_is_found_for_every_size(count, data):
    wanted = data.draw(st.integers(1, count))
    assert size(count, percent_of(wanted, count)) == wanted


@given(st.integers(1, 100))
def test_a_size_up_to_a_hundred_is_found_exactly(wanted):
    assert smallest(lambda tried: tried >= wanted, [1, 5, 10, 15, 20, 25, 50, 75], 100) == wanted


@given(st.integers(100, 10_000))
def test_a_larger_size_is_found_to_within_a_fiftieth_and_holds(wanted):
    asked = []
    found = smallest(lambda tried: asked.append(tried) or tried >= wanted, [100, 500, 1000, 2500, 7500], 10_000)
    assert wanted <= found <= wanted * 1.03
    assert len(asked) < 20


def test_one_neuron_is_tried_also_where_no_step_is_as_small():
    assert smallest(lambda tried: True, [5, 50], 100) == 1
    assert [smallest(lambda tried, least=n: tried >= least, [5, 100], 200) for n in range(1, 101)] == [*range(1, 101)]


def test_no_step_that_holds_means_between_the_last_and_all():
    assert smallest(lambda tried: tried >= 93, [10, 75], 100) == 93
    assert smallest(lambda tried: tried == 100, [10, 75], 100) == 100


def test_where_accuracy_falls_again_what_is_found_holds_and_its_neighbour_does_not():
    holds = lambda tried: tried in {30, 31, 40} or tried >= 45
    found = smallest(holds, [25, 50], 100)
    assert holds(found)
    assert not holds(found - 1)


@pytest.mark.parametrize(
    ("holding", "found"),
    [({75, 50, 5}, 50), ({5, 20, 50, 75}, 5), (set(), 100), ({5, 20, 50}, 100), ({75}, 75)],
)
def test_going_down_the_first_failure_ends_it(holding, found):
    """A smaller size that would hold behind a failure is never asked: the chance of an error stays that of one test."""
    asked = []

    def holds(size):
        asked.append(size)
        return size in holding

    assert last_sure(holds, [5, 20, 50, 75], 100) == found
    assert asked == sorted(asked, reverse=True)
    assert [each in holding for each in asked[:-1]] == [True] * (len(asked) - 1)
