"""Counts over layers add up, and their p-values are how often rankings of permuted labels reach them."""

import numpy as np
import pytest

from neuroscope.contracts.conditions import MINIMAL
from neuroscope.contracts.features import Features, Unit
from neuroscope.contracts.probing import Ranking
from neuroscope.contracts.target import Target
from neuroscope.contracts.task import Split
from neuroscope.neuron_analysis import by_layer
from neuroscope.neuron_analysis.by_layer import distribution, preference
from neuroscope.neuron_analysis.minimal import MinimalSet
from neuroscope.neuron_analysis.null_rankings import NullRankings
from neuroscope.neuron_analysis.subsets import RankedSubsets, Subset
from neuroscope.probing.predictions import Prediction
from neuroscope.probing.problem_data import ProbeData
from neuroscope.probing.runs import Run, Runs

LAYERS = {"first": 30, "second": 50, "third": 20}


def ordered(units, order):
    return RankedSubsets(Ranking(units=tuple(units[n] for n in order), scores=np.arange(100, 0, -1.0)), units, 0)


@pytest.fixture
def rows_of(cell):
    def rows_of(*chosen, draws=19, halves=(), later=(), weigh=False):
        """The rows about these columns, a run each, beside orders that are drawn, alike in all runs."""
        units = tuple(Unit(layer, number) for layer, count in LAYERS.items() for number in range(count))
        features = Features(ids=("a", "b"), units=units, values=np.zeros((2, 100), dtype=np.float32))
        split = Split(
            name="speaker",
            train=np.array([0]),
            test=np.array([1]),
            groups=np.array([0, 1]),
            group_names=("s", "t"),
            grouped_by="speaker",
            fixed=True,
        )
        weights = np.array([1]) if weigh else None
        each_run = (Run(seed, split, weights if seed else None) for seed in range(len(chosen)))
        runs = Runs(tuple(each_run), same_test=True, varied="")
        given = ProbeData("ALL", features, Target(np.array([0, 1]), ("no", "yes")), runs, None)
        sets = []
        for run, columns in zip(runs.each, chosen, strict=True):
            said = Prediction("ALL", MINIMAL, run, np.array([1]), float(len(columns)))
            sets.append(MinimalSet(MINIMAL, Subset(np.array(columns), 0), said, said))
        rng = np.random.default_rng(len(chosen[0]))
        orders = [rng.permutation(100) for _ in range(draws)]
        drawn = tuple(ordered(units, order) for order in orders)
        null = NullRankings(of_run=(drawn,) * len(chosen), of_halves=())
        of_runs = [halves, *(later or [()] * (len(chosen) - 1))]
        pairs = [
            tuple(ordered(units, [*first, *np.setdiff1d(np.arange(100), first)]) for first in each) for each in of_runs
        ]
        made = distribution(cell, given, sets, null, pairs)
        return {(row.layer, row.metric, row.seed): row for row in made}

    return rows_of


def test_layers_add_up_to_the_set(rows_of):
    found = rows_of(range(25, 45), [0, *range(90, 99)])
    for seed, size in ((0, 20), (1, 10), (None, 15)):
        for metric in ("neurons", "neurons_percent", "neurons_expected"):
            assert sum(found[layer, metric, seed].value for layer in LAYERS) == pytest.approx(size)
    assert [found["first", "neurons", seed].value for seed in (0, 1, None)] == [5, 1, 3]
    assert [found["third", "neurons", seed].value for seed in (0, 1, None)] == [0, 9, 4.5]
    assert found["second", "neurons_expected", None].value == pytest.approx(7.5, abs=1)
    assert found["second", "neurons_percent", 0].value == 15
    assert {row.condition for row in found.values()} == {"minimal"}


def test_a_set_of_one_layer_is_farther_than_all_drawn_ones(rows_of):
    found = rows_of(range(20))
    assert [found["first", "p_value", seed].value for seed in (0, None)] == [1 / 20, 1 / 20]
    assert ("first", "p_value_sd", None) not in found


def test_without_draws_nothing_is_preferred(rows_of):
    found = rows_of(range(20), draws=0)
    assert {row.value for (_, metric, _), row in found.items() if metric == "p_value"} == {1.0}


def test_over_runs_the_mean_share_counts(rows_of):
    """Each run prefers another layer: together they prefer none."""
    found = rows_of(range(20), range(40, 60), range(80, 100))
    assert [found[layer, "p_value", n].value for n, layer in enumerate(LAYERS)] == [1 / 20] * 3
    assert found["first", "p_value", None].value > 0.05


def test_the_farthest_of_all_layers_decides():
    """Layer 0 is as far as it ever is, and layer 1 is farther in one draw: both have to beat the larger."""
    drawn = np.array([[5.0, 5.0], [6.0, 4.0], [4.0, 6.0], [5.0, 15.0]])
    alone = preference(np.array([9.0, 5.0]), drawn[:, [0, 0]])
    together = preference(np.array([9.0, 5.0]), drawn)
    assert alone[0] == 1 / 5
    assert together[0] >= 2 / 5


def test_by_chance_it_is_seldom_below_a_level():
    """What is there is one of the draws: p is below 0.05 in no more than 5 %."""
    rng = np.random.default_rng(0)
    blocks = rng.multinomial(4, [0.25] * 4, size=(400, 40)) * 5.0  # blocks of five columns
    least = [preference(each[0], each[1:]).min() for each in blocks]
    assert np.mean(np.array(least) <= 0.05) <= 0.07


def test_a_layer_that_never_differs_is_not_preferred():
    assert preference(np.array([3.0, 1.0]), np.array([[3.0, 2.0], [3.0, 5.0]]))[0] == 1


def test_a_layer_that_one_half_of_the_speakers_does_not_favour_is_not_preferred(rows_of):
    both = rows_of(range(20), halves=(range(20), range(10, 30)))
    one = rows_of(range(20), halves=(range(20), range(40, 60)))
    assert both["first", "p_value", None].value == 1 / 20
    assert one["first", "p_value", None].value == 1
    assert one["first", "p_value", 0].value == 1 / 20
    assert one["third", "p_value", None].value == both["third", "p_value", None].value  # both lean away from it


def test_the_halves_of_every_run_have_to_favour_it(rows_of):
    """A run that could not be halved says nothing; one whose halves disagree speaks for all."""
    both, one = (range(20), range(10, 30)), (range(20), range(40, 60))
    assert rows_of(range(20), range(20), halves=both, later=[both])["first", "p_value", None].value == 1 / 20
    assert rows_of(range(20), range(20), halves=both, later=[()])["first", "p_value", None].value == 1 / 20
    assert rows_of(range(20), range(20), halves=(), later=[one])["first", "p_value", None].value == 1
    assert rows_of(range(20), range(20), halves=both, later=[one])["first", "p_value", None].value == 1


def test_without_draws_halves_are_not_asked_and_layers_are_expected_by_their_size(rows_of):
    found = rows_of(range(20), draws=0, halves=(range(20), range(40, 60)))
    assert {row.value for (_, metric, _), row in found.items() if metric == "p_value"} == {1.0}
    assert [found[layer, "neurons_expected", 0].value for layer in LAYERS] == pytest.approx([6, 10, 4])


def test_a_half_leans_to_a_layer_that_it_gives_more_than_permuted_labels_do(rows_of):
    """Three of ten neurons are in the first layer: eight of twenty are more than chance gives it, four are fewer."""
    some, few = ([*range(count), *range(40, 60 - count)] for count in (8, 4))
    for halves in (some, range(20)), (range(20), some):
        assert rows_of(range(20), halves=halves)["first", "p_value", None].value == 1 / 20
    for halves in (few, range(20)), (range(20), few):
        assert rows_of(range(20), halves=halves)["first", "p_value", None].value == 1


def test_halves_may_agree_that_a_layer_is_avoided(rows_of):
    alone = rows_of(range(20))["third", "p_value", None].value
    assert alone < 1
    assert rows_of(range(20), halves=(range(20), range(20)))["third", "p_value", None].value == alone


def test_halves_are_held_to_what_all_runs_prefer_together(rows_of):
    """The first run has none of the layer that the others, and both halves, prefer."""
    found = rows_of(range(40, 60), range(20), range(20), halves=(range(20), range(20)))
    assert found["first", "p_value", None].value == 1 / 20


def test_over_runs_permuted_labels_count_by_their_mean_share_too(rows_of, monkeypatch):
    seen = []
    monkeypatch.setattr(by_layer, "preference", lambda found, drawn: seen.append((found, drawn)) or np.ones(3))
    rows_of(range(25, 45), range(10), draws=4)
    of_first, of_second, together = seen
    assert together[0] == pytest.approx((of_first[0] / 20 + of_second[0] / 10) / 2)
    assert together[1] == pytest.approx((of_first[1] / 20 + of_second[1] / 10) / 2)
    assert not np.allclose(together[1], of_first[1] / 20)


def test_a_layer_with_fewer_than_all_draws_is_as_far_as_one_with_more():
    drawn = np.array([[5.0], [6.0], [4.0], [5.0]])
    assert preference(np.array([0.0]), drawn) == preference(np.array([10.0]), drawn) == 1 / 5


def test_layers_are_measured_by_their_own_spread():
    """One neuron more is much where chance never gives more, beside a layer that has from none to twenty."""
    drawn = np.stack([np.tile([5.0, 5.1, 4.9], 3), np.linspace(0, 20, 9)], axis=1)
    assert preference(np.array([6.0, 10.0]), drawn)[0] == 1 / 10


def test_counts_over_runs_are_of_the_run_that_is_shown(rows_of):
    found = rows_of(range(25, 45), range(90, 100), weigh=True)
    assert found["second", "neurons", None].value == found["second", "neurons", 0].value == 15
    assert found["third", "neurons", 1].value == 10
