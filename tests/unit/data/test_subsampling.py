"""Draws of some utterances of each class."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from neuroscope import BadOption, Classification, Manifest, Subsample, Utterance
from neuroscope.data.labelling import label_manifest
from neuroscope.data.subsampling import order_of_draw, subsample, told_lengths
from neuroscope.extraction.session import Workspace


def utterances(count, **tags):
    return [Utterance(id=f"u{n:03}", path=None, tags=dict(tags)) for n in range(count)]


def nobody(some):
    raise AssertionError("nobody's length is asked for")


def drawn(rows, strata, wanted, lengths=nobody):
    return [rows[n].id for n in subsample(rows, strata, wanted, lengths)]


def test_a_limit_is_of_each_class_and_part_and_the_order_stays():
    rows = utterances(60)
    strata = [("ab"[n % 2], "train" if n < 50 else "test") for n in range(60)]
    found = subsample(rows, strata, Subsample(limit=7), nobody)
    assert Counter(strata[n] for n in found) == {
        ("a", "train"): 7,
        ("b", "train"): 7,
        ("a", "test"): 5,
        ("b", "test"): 5,
    }
    assert found == sorted(found)


def test_what_else_is_there_moves_nothing_and_a_larger_limit_keeps_what_was_drawn():
    rows = utterances(100)
    strata = [("a", "")] * 100
    few, more = (set(drawn(rows, strata, Subsample(limit=n))) for n in (10, 20))
    assert few < more
    without = [each for each in rows if each.id not in few]
    assert set(drawn(without, strata, Subsample(limit=10))) == more - few
    assert set(drawn(rows[::-1], strata, Subsample(limit=10))) == few
    assert set(drawn(rows, strata, Subsample(limit=10, seed=1))) != few


def test_every_utterance_is_as_likely():
    ids = [f"u{n}" for n in range(20)]
    first = Counter(order_of_draw(ids, seed)[0] for seed in range(4000))
    assert 140 < min(first.values()) <= max(first.values()) < 265  # 200 each; beyond 4 sd is one draw in 800


def test_hours_are_reached_by_the_last_drawn_and_lengths_are_asked_for_no_more_than_that():
    rows = utterances(5000)
    asked = []

    def lengths(some):
        asked.extend(some)
        return [36.0] * len(some)

    assert len(drawn(rows, [("a", "")] * 5000, Subsample(hours=0.1), lengths)) == 10
    assert len(asked) == 256


def test_an_utterance_without_a_length_is_drawn_and_counts_nothing():
    rows = utterances(10)
    lengths = {name: None if n % 2 else 36.0 for n, name in enumerate(each.id for each in rows)}
    found = drawn(rows, [("a", "")] * 10, Subsample(hours=0.02), lambda some: [lengths[each.id] for each in some])
    assert sum(lengths[each] is not None for each in found) == 2


def test_lengths_are_asked_for_in_few_calls():
    calls = []

    def lengths(some):
        calls.append(len(some))
        return [3.6] * len(some)

    assert len(drawn(utterances(5000), [("a", "")] * 5000, Subsample(hours=4), lengths)) == 4000
    assert calls == [256, 512, 1024, 2048, 1160]


def test_hours_of_utterances_without_any_length_are_refused():
    with pytest.raises(BadOption, match="hours=1: nothing says how long the utterances are"):
        drawn(utterances(5), [("a", "")] * 5, Subsample(hours=1), lambda some: [None] * len(some))


def test_classes_are_cut_to_the_smallest_of_their_part():
    rows = utterances(30)
    strata = [("a", "train")] * 10 + [("b", "train")] * 4 + [("a", "test")] * 6 + [("b", "test")] * 10
    found = subsample(rows, strata, Subsample(balanced=True), nobody)
    assert Counter(strata[n] for n in found) == dict.fromkeys(set(strata[:14]), 4) | dict.fromkeys(set(strata[14:]), 6)
    assert len(subsample(rows, strata, Subsample(balanced=True, limit=3), nobody)) == 12


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (Subsample(limit=0), "limit=0"),
        (Subsample(hours=0.0), "hours=0"),
        (Subsample(hours=float("nan")), "hours=nan"),
        (Subsample(limit=1, seed=-1), "seed=-1"),
    ],
)
def test_what_draws_nothing_is_told(wanted, told):
    with pytest.raises(BadOption, match=told):
        subsample(utterances(3), [("a", "")] * 3, wanted, nobody)


def test_lengths_are_those_of_the_manifest():
    rows = [
        Utterance(id="a", path=None, duration=2.5),
        Utterance(id="b", path=None, tags={"seconds": "3.5"}),
        Utterance(id="c", path=None, tags={"seconds": "inf"}),
        Utterance(id="d", path=None),
    ]
    assert told_lengths(rows) == [2.5, 3.5, None, None]


def test_lengths_that_no_manifest_tells_are_those_of_the_files(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(12_000), 8000)
    (tmp_path / "b.wav").write_text("no audio")
    rows = [
        Utterance(id="whole", path=tmp_path / "a.wav"),
        Utterance(id="rest", path=tmp_path / "a.wav", start=1.0),
        Utterance(id="bad", path=tmp_path / "b.wav"),
        Utterance(id="gone", path=tmp_path / "gone.wav"),
        Utterance(id="told", path=tmp_path / "gone.wav", duration=7.0),
        Utterance(id="no file", path=None),
    ]
    assert Workspace().lengths(rows) == [1.5, 0.5, None, None, 7.0, None]


def labelled(task, split="", **more):
    rows = tuple(
        Utterance(id=f"u{n:02}", path=Path("x"), speaker=f"s{n % 5}", tags={"k": "ab"[n % 4 == 0], "split": part})
        for n, part in enumerate(["train"] * 24 + ["test"] * 12 + ["dev"] * 4)
    )
    return label_manifest(
        "t", Classification(label=lambda u: u.tags["k"], columns=("k",), **task), Manifest(rows), split
    )


def test_a_task_draws_of_each_part_where_the_split_is_by_parts():
    found = labelled({"subsample": Subsample(limit=3)})
    assert Counter((u.tags["k"], u.tags["split"]) for u in found.rows.utterances) == {
        (k, part): min(3, most)
        for part, sizes in {"train": (18, 6), "test": (9, 3), "dev": (3, 1)}.items()
        for k, most in zip("ab", sizes, strict=True)
    }
    assert (found.not_drawn, found.drawn) == (40 - 16, "limit=3, seed=0")


def test_a_task_draws_of_each_class_where_the_split_is_drawn():
    found = labelled({"subsample": Subsample(balanced=True, seed=4)}, split="speaker")
    assert found.counts == {"a": 10, "b": 10}
    assert found.drawn == "as many of each class, seed=4"
    assert labelled({}).not_drawn == 0


@pytest.mark.parametrize(
    ("task", "split", "text"),
    [
        ({"balance": "class"}, "", "column:split,balance=class"),
        ({"balance": "class", "split": "speaker"}, "", "speaker"),
        ({"balance": "train"}, "utterance", "utterance"),
        ({}, "", "column:split"),
    ],
)
def test_a_task_balances_the_split_that_nobody_names(task, split, text):
    assert labelled(task, split).split == text
