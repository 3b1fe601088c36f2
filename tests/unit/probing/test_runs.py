"""Repetitions: new splits, bootstraps of a fixed one, or seeds of the probe."""

import numpy as np
import pytest

from neuroscope.contracts.audio import Utterance
from neuroscope.contracts.target import Target
from neuroscope.probing.runs import make_runs
from neuroscope.splits import LabelledUtterances, split


def labelled(with_split=False):
    utterances = []
    for speaker in range(20):
        for number in range(3):
            tags = {"split": "test" if speaker >= 14 else "train"} if with_split else {}
            utterances.append(Utterance(id=f"{speaker}-{number}", path=None, speaker=f"s{speaker}", tags=tags))
    values = np.repeat(np.arange(20) % 2, 3)
    return LabelledUtterances(tuple(utterances), Target(values, ("a", "b")))


def test_a_drawn_split_is_drawn_anew_for_each_run():
    runs = make_runs("speaker", labelled(), runs=4, seed=7, one_split=False)
    assert [run.seed for run in runs.each] == [7, 8, 9, 10]
    assert not runs.same_test
    for run in runs.each:
        assert run.split.test.tolist() == split("speaker", labelled(), run.seed).test.tolist()
    assert len({tuple(run.split.test.tolist()) for run in runs.each}) == 4
    assert all(run.weights is None for run in runs.each)
    assert "each its own split (speaker)" in runs.varied


def test_a_fixed_split_bootstraps_whole_training_groups_after_the_first_run():
    runs = make_runs("column:split", labelled(with_split=True), runs=5, seed=0, one_split=False)
    assert runs.same_test
    assert runs.each[0].weights is None
    for run in runs.each[1:]:
        groups = run.split.groups[run.split.train]
        assert run.weights.sum() == len(run.split.train)  # groups of equal size: as many rows as before
        for group in np.unique(groups):
            assert len(set(run.weights[groups == group].tolist())) == 1
    assert len({tuple(run.weights.tolist()) for run in runs.each[1:]}) == 4
    assert "bootstraps of the training groups (speaker)" in runs.varied


def test_every_training_group_is_in_some_bootstrap():
    runs = make_runs("column:split", labelled(with_split=True), runs=30, seed=0, one_split=False)
    assert np.sum([run.weights for run in runs.each[1:]], axis=0).min() > 0


def test_one_split_serves_all_runs_where_the_paper_is_followed():
    runs = make_runs("speaker", labelled(), runs=3, seed=2, one_split=True)
    assert runs.same_test
    assert len({id(run.split) for run in runs.each}) == 1
    assert all(run.weights is None for run in runs.each)
    assert "seeds of the probe" in runs.varied


@pytest.mark.parametrize("text", ["speaker", "utterance", "column:split"])
def test_the_same_seed_gives_the_same_runs(text):
    first, second = (make_runs(text, labelled(with_split=True), runs=3, seed=5, one_split=False) for _ in range(2))
    for one, other in zip(first.each, second.each, strict=True):
        assert np.array_equal(one.split.train, other.split.train)
        assert np.array_equal(one.split.test, other.split.test)
        assert (one.weights is None and other.weights is None) or np.array_equal(one.weights, other.weights)
