"""The list of the neurons in the minimal sets, computed by hand."""

import numpy as np

from neuroscope.contracts.features import Unit
from neuroscope.contracts.probing import Ranking
from neuroscope.neuron_analysis.minimal import MinimalSet
from neuroscope.neuron_analysis.minimal_table import minimal_table
from neuroscope.neuron_analysis.subsets import Subset

UNITS = tuple(Unit("lstm", number) for number in range(4))


def ranking(order, scores, mass):
    units = tuple(UNITS[column] for column in order)
    scores = np.array(scores)
    return Ranking(units=units, scores=scores, by_class={"yes": scores / 2}, entry_mass=np.array(mass))


def chosen(*columns):
    return MinimalSet("minimal", Subset(np.array(columns), 0), None, None)


def test_a_neuron_is_listed_with_its_runs_and_its_means_over_all_runs_and_ranks_count_from_1():
    nan = float("nan")
    rankings = [
        (None, ranking([2, 0, 1, 3], [8.0, 4.0, 2.0, 0.0], [0.25, 0.5, 1.0, nan])),
        (None, ranking([0, 1, 2, 3], [6.0, 3.0, 1.0, 0.0], [0.5, 0.75, nan, nan])),
    ]
    table = minimal_table([chosen(2, 0, 3), chosen(0, 1)], rankings, UNITS)
    assert table.columns == ["layer", "neuron", "statistic", "runs", "rank", "score", "entry_mass", "score:yes"]
    assert table.rows() == [
        ("lstm", 0, "mean", 2, 1.5, 5.0, 0.5, 2.5),
        ("lstm", 2, "mean", 1, 2.0, 4.5, 0.25, 2.25),  # where it comes in at no mass, that run is left out
        ("lstm", 1, "mean", 1, 2.5, 2.5, 0.875, 1.25),
        ("lstm", 3, "mean", 1, 4.0, 0.0, None, 0.0),
    ]
