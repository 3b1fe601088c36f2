"""Folds of a training part: disjoint in groups, complete, every class in each part that trains."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroscope.contracts.task import Split
from neuroscope.probing.folds import folds
from neuroscope.probing.runs import Run


def run_of(groups, train=None, weights=None, seed=0):
    groups = np.asarray(groups, dtype=np.int64)
    train = np.arange(len(groups)) if train is None else np.asarray(train)
    names = tuple(f"g{number}" for number in range(int(groups.max()) + 1))
    split = Split(
        name="speaker",
        train=train,
        test=np.setdiff1d(np.arange(len(groups)), train),
        groups=groups,
        group_names=names,
        grouped_by="speaker",
        fixed=False,
    )
    return Run(seed, split, weights)


def kinds(found):
    return [each.kind for each in found.warnings]


@given(st.integers(0, 2000))
def test_folds_are_disjoint_complete_and_know_every_class(seed):
    rng = np.random.default_rng(seed)
    count, classes = rng.integers(2, 20), rng.integers(2, 4)
    groups = rng.integers(count, size=80)
    values = np.where(rng.random() < 0.5, rng.integers(classes, size=80), rng.integers(classes, size=count)[groups])
    train = np.sort(rng.permutation(80)[:60])
    found = folds(run_of(groups, train, seed=seed), values)
    held = [each.split.test for each in found.each]
    every = set(values[train].tolist())
    assert len(np.concatenate([*held, []])) == len(set(np.concatenate([*held, []]).tolist()))
    for each in found.each:
        assert set(each.split.train.tolist()) | set(each.split.test.tolist()) == set(train.tolist())
        own = each.split.groups
        assert not set(own[each.split.train].tolist()) & set(own[each.split.test].tolist())
        assert set(values[each.split.train].tolist()) == every
        assert len(each.split.test)
    kept = set(train.tolist()) - {row for part in held for row in part.tolist()}
    assert not kept or found.warnings


def test_many_groups_give_three_folds_of_like_size_and_classes():
    groups, values = np.arange(240) // 4, (np.arange(240) // 4) % 3
    found = folds(run_of(groups), values)
    assert not found.warnings
    assert [len(each.split.test) for each in found.each] == [80, 80, 80]
    counts = np.array([np.bincount(values[each.split.test]) for each in found.each])
    assert np.ptp(counts, axis=0).max() <= 4
    assert sorted(np.concatenate([each.split.test for each in found.each]).tolist()) == list(range(240))


def test_another_seed_deals_otherwise_and_the_same_alike():
    groups, values = np.arange(40), np.arange(40) % 2
    first, again, other = (folds(run_of(groups, seed=seed), values).each[0].split.test for seed in (0, 0, 1))
    assert first.tolist() == again.tolist() != other.tolist()
    assert folds(run_of(groups, seed=0), values, seed=1).each[0].split.test.tolist() == other.tolist()


def test_two_groups_a_class_give_two_folds_or_more_and_that_is_told():
    found = folds(run_of([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
    assert len(found.each) == 2
    assert kinds(found) == ["fewer folds of the training part than asked for"]


def test_a_class_of_one_group_is_never_held_out():
    groups = np.repeat(np.arange(9), 2)
    values = np.where(groups == 8, 2, groups % 2)
    found = folds(run_of(groups), values)
    assert all(8 in each.split.groups[each.split.train] for each in found.each)
    assert kinds(found) == ["groups that alone have a class are held out in no fold"]
    assert found.warnings[0].detail == "1 of 9"


@pytest.mark.parametrize("seed", range(5))
def test_no_group_is_kept_beside_the_one_that_alone_has_a_class(seed):
    groups, values = np.array([0, 1, 2, 3, 2, 1, 2]), np.array([1, 0, 1, 2, 2, 3, 0])  # class 3 is group 1's alone
    found = folds(run_of(groups, seed=seed), values)
    assert len(found.each) == 3
    assert [each.detail for each in found.warnings] == ["1 of 4"]


@pytest.mark.parametrize("seed", range(5))
def test_groups_are_dealt_again_before_one_is_kept(seed):
    """Group 0 shares each of its three classes with one other group: dealt beside it, that class would be stuck."""
    found = folds(run_of([0, 1, 2, 3, 0, 0], seed=seed), np.array([2, 0, 1, 2, 1, 0]))
    assert len(found.each) == 3
    assert not found.warnings


def test_a_large_group_weighs_as_much_as_its_rows():
    """Six rows of one group and six of one each: where the large one is dealt first, the parts become equal."""
    groups = np.array([0] * 6 + [1, 2, 3, 4, 5, 6])
    sizes = [
        {len(each.split.test) for each in folds(run_of(groups, seed=seed), groups * 0, count=2).each}
        for seed in range(50)
    ]
    assert {6} in sizes


def test_one_group_falls_back_to_utterances_and_says_so():
    found = folds(run_of([0] * 12), np.arange(12) % 2)
    assert len(found.each) == 3
    assert "share groups" in found.warnings[0].kind
    assert sorted(np.concatenate([each.split.test for each in found.each]).tolist()) == list(range(12))


def test_too_few_rows_give_none():
    found = folds(run_of([0, 1]), np.array([0, 1]))
    assert found.each == ()
    assert kinds(found) == ["the training part is too small for folds: nothing can be chosen on it"]


def test_a_bootstrap_holds_its_drawn_groups_alone():
    groups = np.repeat(np.arange(12), 2)
    weights = np.repeat([2, 0, 1, 1, 1, 1, 3, 0, 1, 1, 1, 1], 2)
    found = folds(run_of(groups, weights=weights), groups % 2)
    for each in found.each:
        assert not {1, 7} & set(groups[np.concatenate([each.split.train, each.split.test])].tolist())
        assert each.weights.tolist() == weights[each.split.train].tolist()


@pytest.mark.parametrize("count", [2, 4])
def test_as_many_as_asked_for(count):
    assert len(folds(run_of(np.arange(20)), np.arange(20) % 2, count=count).each) == count


def test_folds_of_utterances_keep_equal_audio_together():
    run = run_of([0] * 12 + [1] * 12)
    values = np.array([0] * 12 + [1] * 12)  # a group a class: no group can be held out
    audio = np.repeat(np.arange(12), 2)
    found = folds(replace(run, split=replace(run.split, audio=audio)), values)
    assert any("are of utterances and share groups" in kind for kind in kinds(found))
    assert len(found.each) == 3
    for each in found.each:
        assert not set(audio[each.split.train].tolist()) & set(audio[each.split.test].tolist())
        assert not set(each.split.groups[each.split.train].tolist()) & set(each.split.groups[each.split.test].tolist())
    parted = folds(run, values)
    assert any(set(audio[each.split.train]) & set(audio[each.split.test]) for each in parted.each)


def test_equal_audio_alone_is_too_little_for_folds():
    run = run_of([0] * 4 + [1] * 4)
    split = replace(run.split, audio=np.array([0] * 4 + [1] * 4))
    found = folds(replace(run, split=split), np.array([0] * 4 + [1] * 4))
    assert not found.each
    assert "too small for folds" in kinds(found)[-1]
