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


def few(*speakers):
    """``few("aa", "bb")``: the classes of each speaker, a row for each."""
    cells = [(name, f"s{number}") for number, has in enumerate(speakers) for name in has]
    utterances = [Utterance(id=f"u{n}", path=None, speaker=speaker) for n, (_, speaker) in enumerate(cells)]
    names = tuple(sorted({name for name, _ in cells}))
    values = np.array([names.index(name) for name, _ in cells])
    return LabelledUtterances(utterances, Target(values, names))


def test_runs_whose_draws_coincide_are_drawn_anew_while_there_are_other_splits():
    rows = few("aa", "aa", "bb", "bb")  # one of each class in test: four splits
    for seed in range(5):
        runs = make_runs("speaker", rows, runs=4, seed=seed, one_split=False)
        tests = {frozenset(rows.utterances[row].speaker for row in run.split.test) for run in runs.each}
        assert tests == {frozenset(pair) for pair in (("s0", "s2"), ("s0", "s3"), ("s1", "s2"), ("s1", "s3"))}
        assert runs.each[0].split.test.tolist() == split("speaker", rows, seed).test.tolist()
        assert [run.seed for run in runs.each] == list(range(seed, seed + 4))
        assert (runs.varied, runs.cautions) == ("each its own split (speaker)", ())


@pytest.mark.parametrize(
    ("text", "rows", "distinct"),
    [
        ("speaker", few("aa", "aa", "bb", "bb"), 4),
        ("speaker", few("ab", "ab"), 2),
        ("utterance", few("aa", "b", "b"), 4),
        ("speaker,balance=train", few("aa", "a", "bb", "bb"), 4),
        ("speaker,balance=class", few("aaa", "aa", "bb", "bbb"), 4),
    ],
)
def test_where_there_are_fewer_splits_than_runs_their_number_is_said(text, rows, distinct):
    runs = make_runs(text, rows, runs=distinct + 3, seed=0, one_split=False)
    if "balance" not in text:  # which cuts rows at random, of the same speakers
        assert len({(*run.split.train.tolist(), -1, *run.split.test.tolist()) for run in runs.each}) == distinct
    assert runs.distinct == distinct
    assert runs.varied.startswith(f"{distinct} distinct splits (")
    (caution,) = runs.cautions
    assert f"{distinct} distinct splits in {distinct + 3} runs" in caution.line


@pytest.mark.parametrize(("text", "one_split"), [("column:split", False), ("speaker", True)])
def test_runs_on_one_split_are_no_splits_that_coincide(text, one_split):
    assert make_runs(text, labelled(with_split=True), runs=3, seed=0, one_split=one_split).cautions == ()


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


def voices(classes, groups, each=6):
    """Every class has so many speakers in training, and one in test where it has several."""
    utterances, values = [], []
    for number in range(classes):
        for speaker in range(groups + (groups > 1)):
            for row in range(each):
                tested = speaker == groups or (groups == 1 and row >= each // 2)
                name = f"{number}-{speaker}"
                tags = {"split": "test" if tested else "train"}
                utterances.append(Utterance(id=f"{name}-{row}", path=None, speaker=name, tags=tags))
                values.append(number)
    names = tuple(f"c{number:02d}" for number in range(classes))
    return LabelledUtterances(tuple(utterances), Target(np.array(values), names))


@pytest.mark.parametrize("groups", [1, 2, 3])
def test_a_bootstrap_holds_every_class_however_few_groups_it_has(groups):
    rows = voices(classes=20, groups=groups)
    runs = make_runs("column:split", rows, runs=30, seed=0, one_split=False)
    for run in runs.each[1:]:
        drawn = rows.target.values[run.split.train][run.weights > 0]
        assert len(set(drawn.tolist())) == 20


def test_where_a_class_is_one_group_its_rows_are_drawn():
    rows = voices(classes=4, groups=1, each=40)
    runs = make_runs("column:split", rows, runs=30, seed=0, one_split=False)
    for run in runs.each[1:]:
        values = rows.target.values[run.split.train]
        assert [int(run.weights[values == number].sum()) for number in range(4)] == [20] * 4
    counts = np.concatenate([run.weights for run in runs.each[1:]])
    assert abs((counts == 0).mean() - np.exp(-1)) < 0.03  # a row that is drawn among many is missed so often


def test_a_draw_that_misses_no_class_is_the_draw_of_groups_alone():
    rows = labelled(with_split=True)
    run = make_runs("column:split", rows, runs=2, seed=3, one_split=False).each[1]
    drawn = np.random.default_rng([4, 0xB007]).integers(14, size=14)
    _, member = np.unique(run.split.groups[run.split.train], return_inverse=True)
    assert run.weights.tolist() == np.bincount(drawn, minlength=14)[member].tolist()


def test_what_is_the_same_audio_is_drawn_together_in_every_bootstrap():
    cells = [(part, n, k) for part in ("train", "test") for n in range(6) for k in range(2)]
    utterances = [
        Utterance(id=f"{part}{n}{k}", path=None, speaker=f"{part}{n}", tags={"split": part}) for part, n, k in cells
    ]
    audio = [f"{part}{n // 2}" if k else f"{part}{n}alone" for part, n, k in cells]  # of two speakers each
    rows = LabelledUtterances(utterances, Target(np.array([n % 2 for _, n, _ in cells]), ("a", "b")), audio)
    runs = make_runs("column:split", rows, runs=20, seed=0, one_split=False)
    for run in runs.each[1:]:
        weights = run.weights.reshape(3, 4)
        assert (weights == weights[:, :1]).all()
    assert len(set(runs.each[0].split.groups[runs.each[0].split.test].tolist())) == 3
