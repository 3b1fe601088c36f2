"""Counts over layers add up, and their p-values are exact."""

import numpy as np
import pytest
from scipy.stats import fisher_exact

from neuroscope.contracts.conditions import MINIMAL
from neuroscope.contracts.features import Features, Unit
from neuroscope.contracts.target import Target
from neuroscope.contracts.task import Split
from neuroscope.neuron_analysis.by_layer import chance, distribution
from neuroscope.neuron_analysis.minimal import MinimalSet
from neuroscope.neuron_analysis.subsets import Subset
from neuroscope.probing.predictions import Prediction
from neuroscope.probing.problem_data import ProbeData
from neuroscope.probing.runs import Run, Runs
from neuroscope.probing.statistics.several import holm

LAYERS = {"first": 30, "second": 50, "third": 20}


@pytest.fixture
def rows_of(cell):
    def rows_of(*chosen):
        """The rows about these columns, a run each."""
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
        runs = Runs(tuple(Run(seed, split) for seed in range(len(chosen))), same_test=True, varied="")
        given = ProbeData("ALL", features, Target(np.array([0, 1]), ("no", "yes")), runs, None)
        sets = []
        for run, columns in zip(runs.each, chosen, strict=True):
            said = Prediction("ALL", MINIMAL, run, np.array([1]), float(len(columns)))
            sets.append(MinimalSet(MINIMAL, Subset(np.array(columns), 0), said, said))
        return {(row.layer, row.metric, row.seed): row for row in distribution(cell, given, sets)}

    return rows_of


def test_layers_add_up_to_the_set(rows_of):
    found = rows_of(range(25, 45), [0, *range(90, 99)])
    for seed, size in ((0, 20), (1, 10), (None, 15)):
        for metric in ("neurons", "neurons_percent", "neurons_expected"):
            assert sum(found[layer, metric, seed].value for layer in LAYERS) == pytest.approx(size)
    assert [found["first", "neurons", seed].value for seed in (0, 1, None)] == [5, 1, 3]
    assert [found["third", "neurons", seed].value for seed in (0, 1, None)] == [0, 9, 4.5]
    assert found["second", "neurons_expected", None].value == 7.5
    assert found["second", "neurons_percent", 0].value == 15
    assert {row.condition for row in found.values()} == {"minimal"}


@pytest.mark.parametrize("layer", [1, 7, 20, 39])
@pytest.mark.parametrize("size", [1, 5, 20, 38])
def test_the_chance_of_a_count_is_that_of_fishers_exact_test(layer, size):
    columns = 40
    for count in range(max(0, size + layer - columns), min(size, layer) + 1):
        table = [[count, size - count], [layer - count, columns - layer - size + count]]
        assert chance(count, size, layer, columns) == pytest.approx(fisher_exact(table).pvalue)


def test_all_columns_or_one_layer_say_nothing():
    assert chance(20, 40, 20, 40) == 1
    assert chance(5, 5, 40, 40) == 1


def test_p_values_are_adjusted_for_the_number_of_layers(rows_of):
    assert holm(np.array([0.01, 0.04, 0.03])) == pytest.approx([0.03, 0.06, 0.06])
    assert holm(np.array([0.9, 0.6])) == pytest.approx([1, 1])
    found = rows_of(range(20))
    exact = {layer: chance(20 * (layer == "first"), 20, count, 100) for layer, count in LAYERS.items()}
    assert found["first", "p_value", 0].value == pytest.approx(3 * exact["first"])
    assert found["first", "p_value", None].value == found["first", "p_value", 0].value
    assert found["first", "p_value", 0].value < 1e-6
    assert found["second", "p_value", 0].value < 0.01


def test_over_runs_the_p_value_is_twice_the_median(rows_of):
    found = rows_of(range(20), range(12, 32))
    first = [chance(count, 20, 30, 100) for count in (20, 18)]
    assert found["first", "p_value", None].value == pytest.approx(3 * 2 * np.median(first))
    assert ("first", "p_value_sd", None) not in found


def test_sets_drawn_at_random_are_seldom_called_uneven(rows_of):
    rng = np.random.default_rng(0)
    uneven = 0
    for _ in range(200):
        found = rows_of(rng.permutation(100)[:20])
        uneven += min(found[layer, "p_value", None].value for layer in LAYERS) < 0.05
    assert uneven <= 16
