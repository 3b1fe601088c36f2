"""What a ranker and a probe are given of a run's rows."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from neuroscope.contracts.features import Features, Unit
from neuroscope.contracts.probing import Problem
from neuroscope.contracts.target import Target
from neuroscope.contracts.task import Split
from neuroscope.probing.problem_data import ProbeData
from neuroscope.probing.runs import Run, Runs


class Recorder(ClassifierMixin, BaseEstimator):
    """Keeps what it was asked."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit_many(self, X, y, problems, *, groups=None, column_groups=None):
        made = [Recorder(self.random_state) for _ in problems]
        for each, problem in zip(made, problems, strict=True):
            each.given_ = {"X": X, "y": y if problem.y is None else problem.y, "weights": problem.sample_weight}
            each.given_ |= {"groups": groups, "column_groups": column_groups}
        return made


@pytest.fixture
def made():
    """The data of a run with these training rows and weights, and the run."""

    def made(train, weights):
        split = Split(
            name="speaker",
            train=np.array(train),
            test=np.array([2]),
            groups=np.array([7, 7, 8, 9]),
            group_names=tuple("0123456789"),
            grouped_by="speaker",
            fixed=True,
        )
        run = Run(3, split, None if weights is None else np.array(weights))
        values = np.array([[1.0], [2.0], [3.0], [4.0]], dtype=np.float32)
        features = Features(ids=("a", "b", "c", "d"), units=(Unit("lstm", 0),), values=values)
        target, runs = Target(np.array([0, 1, 1, 1]), ("no", "yes")), Runs((run,), True, "")
        return ProbeData("lstm", features, target, runs, Recorder()), run

    return made


def asked(fitted):
    return {name: given.ravel().tolist() for name, given in fitted.probe.given_.items()}


def test_a_row_that_a_bootstrap_holds_twice_is_ranked_twice_with_its_label_and_group(made):
    data, run = made([0, 1, 3], [2, 0, 1])
    shown, labels = data.training(run)
    assert shown.ids == ("a", "a", "d")
    assert shown.values.tolist() == [[1], [1], [4]]
    assert (labels.values.tolist(), labels.groups.tolist()) == ([0, 0, 1], [7, 7, 9])


def test_rows_beside_the_training_part_weigh_nothing(made):
    data, run = made([0, 1, 3], [2, 0, 1])
    plain, other = data.fits(run, [Problem(), Problem(y=np.array([5, 6, 7]), sample_weight=np.array([1, 2, 3]))])
    assert asked(plain) == {
        "X": [1, 2, 3, 4],
        "y": [0, 1, 1, 1],
        "weights": [2, 0, 0, 1],
        "groups": [7, 7, 8, 9],
        "column_groups": [0],
    }
    assert asked(other) == asked(plain) | {"y": [5, 6, 0, 7], "weights": [1, 2, 0, 3]}
    assert plain.probe.random_state == 3
