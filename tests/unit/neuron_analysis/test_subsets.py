"""Parts of a ranking: exact sizes, the right units, and honest draws where there is no order."""

import numpy as np
import pytest

from neuroscope.contracts.features import Unit
from neuroscope.contracts.probing import Ranking
from neuroscope.errors import BadOption, PluginBroken
from neuroscope.neuron_analysis.subsets import STEPS, RankedSubsets, size, steps

UNITS = tuple(Unit("low" if number < 100 else "high", number % 100) for number in range(200))


def ranked(scores, units=UNITS):
    """The ranking by these scores of the columns."""
    order = np.argsort(-np.asarray(scores, dtype=float), kind="stable")
    return Ranking(units=tuple(units[column] for column in order), scores=np.sort(np.asarray(scores, float))[::-1])


@pytest.fixture
def shuffled():
    """Scores 1 ... 200 in random columns, and the columns from the most important on."""
    scores = np.random.default_rng(0).permutation(200) + 1.0
    return ranked(scores), np.argsort(-scores)


@pytest.mark.parametrize(
    ("count", "percent", "expected"),
    [
        (2304, 15, 345),
        (2304, 20, 460),
        (9216, 10, 921),
        (9216, 15, 1382),
        (11_100, 1, 111),
        (11_100, 100, 11_100),
        (99, 1, 0),
        (1000, 0.1, 1),
        (999, 0.1, 0),
        (1000, 0.3, 3),
        (1000, 0.7, 7),
        (200, 12.5, 25),
        (10**9, 1e-07, 1),
        (10, 0, 0),
    ],
)
def test_a_size_is_exact(count, percent, expected):
    assert size(count, percent) == expected
    assert size(count, np.float64(percent)) == expected


def test_every_tenth_of_a_per_cent_is_as_in_whole_numbers():
    for count in (768, 1024, 1250, 2304, 9216, 11_100):
        assert [size(count, tenths / 10) for tenths in range(1001)] == [count * n // 1000 for n in range(1001)]


@pytest.mark.parametrize("percent", [-1, 100.5, float("nan"), float("inf")])
def test_what_is_no_percentage_is_told(percent):
    with pytest.raises(BadOption, match="percentage"):
        size(10, percent)


def test_steps_of_less_than_one_unit_are_left_out_and_named():
    few = steps(12)
    assert few.sizes == {10: 1, 15: 1, 20: 2, 25: 3, 50: 6, 75: 9}
    assert few.empty == (1, 5)
    assert steps(11_100).empty == ()
    assert list(steps(11_100).sizes) == list(STEPS)
    assert steps(500, (0.1, 0.2)).sizes == {0.2: 1}


@pytest.mark.parametrize("percent", [0.5, 5, 20, 75, 100])
def test_top_and_bottom_are_the_ends_of_the_order(shuffled, percent):
    ranking, order = shuffled
    made, number = RankedSubsets(ranking, UNITS, seed=1), size(200, percent)
    assert made.top(percent).columns.tolist() == sorted(order[:number])
    assert made.bottom(percent).columns.tolist() == sorted(order[200 - number :])
    assert made.top(percent).drawn == made.bottom(percent).drawn == 0


def test_columns_are_those_of_the_units_in_any_order(shuffled):
    ranking, _ = shuffled
    turned = UNITS[::-1]
    plain, other = RankedSubsets(ranking, UNITS, 0).top(10), RankedSubsets(ranking, turned, 0).top(10)
    assert {UNITS[column] for column in plain.columns} == {turned[column] for column in other.columns}


def test_random_parts_have_the_size_and_differ_by_seed(shuffled):
    ranking, _ = shuffled
    first, again, other = (RankedSubsets(ranking, UNITS, seed).random(20) for seed in (0, 0, 1))
    assert len(set(first.columns.tolist())) == 40
    assert first.columns.tolist() == again.columns.tolist() != other.columns.tolist()
    assert first.drawn == 0


def test_among_units_of_score_zero_the_draw_is_random_seeded_and_told():
    scores = np.zeros(200)
    scores[[7, 150, 3]] = [1, 3, 2]
    made = [RankedSubsets(ranked(scores), UNITS, seed) for seed in range(200)]
    parts = [each.top(10) for each in made]
    assert all({3, 7, 150} <= set(part.columns.tolist()) and part.drawn == 17 for part in parts)
    assert made[0].top(10).columns.tolist() == RankedSubsets(ranked(scores), UNITS, 0).top(10).columns.tolist()
    in_first_layer = np.mean([(part.columns < 100).sum() - 2 for part in parts])
    assert in_first_layer == pytest.approx(17 * 98 / 197, abs=0.5)  # by position it would be 17
    overlap = len(set(parts[0].columns.tolist()) & set(parts[1].columns.tolist()))
    assert overlap < 12  # 3 and about 17 * 17 / 197


def test_the_draw_is_told_where_only_a_part_of_the_zeros_is_taken():
    scores = np.r_[np.arange(1.0, 151), np.zeros(50)]
    made = RankedSubsets(ranked(scores), UNITS, 0)
    assert made.top(75).drawn == 0
    assert made.top(80).drawn == 10
    assert made.bottom(20).drawn == 40
    assert made.bottom(25).drawn == 0
    assert made.top(100).drawn == made.bottom(75).drawn == 0


def test_parts_are_nested_and_top_and_bottom_disjoint():
    made = RankedSubsets(ranked(np.r_[1.0, np.zeros(199)]), UNITS, 3)
    for part in (made.top, made.bottom, made.random):
        assert set(part(5).columns) < set(part(10).columns) < set(part(50).columns)
    assert not set(made.top(50).columns) & set(made.bottom(50).columns)


def test_a_random_part_is_another_draw_than_a_top_that_was_drawn():
    made = RankedSubsets(ranked(np.zeros(200)), UNITS, 0)
    assert made.top(20).columns.tolist() != made.random(20).columns.tolist()


def test_a_ranking_of_other_units_is_told(shuffled):
    ranking, _ = shuffled
    twice = Ranking(units=(*ranking.units, UNITS[0]), scores=np.ones(201))
    with pytest.raises(PluginBroken, match="201 units does not hold each of 200 columns once"):
        RankedSubsets(twice, UNITS, 0)
    with pytest.raises(PluginBroken, match="200 units does not hold each of 199 columns once"):
        RankedSubsets(ranking, UNITS[:-1], 0)
