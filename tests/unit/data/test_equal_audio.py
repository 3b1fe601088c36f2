"""Utterances that are the same audio stay together in every split that is drawn, and are named in one that is given."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroscope.contracts.audio import Utterance
from neuroscope.contracts.target import Target
from neuroscope.data.equal_audio import linked, number_audio
from neuroscope.data.splitting.grouping import group_by
from neuroscope.errors import BadSplit
from neuroscope.splits import LabelledUtterances, split


def labelled(*rows, column="speaker"):
    """``labelled(("a", "s1", "x"), ...)``: the class of each row, its speaker (or another column), its audio."""
    made = []
    for number, (_, value, _) in enumerate(rows):
        tags = {} if column == "speaker" or value is None else {column: value}
        made.append(Utterance(id=f"u{number}", path=None, speaker=value if column == "speaker" else None, tags=tags))
    names = tuple(sorted({row[0] for row in rows}))
    values = np.array([names.index(row[0]) for row in rows], dtype=np.int64)
    return LabelledUtterances(made, Target(values, names), tuple(audio for *_, audio in rows))


def parts(made, rows):
    return {rows.audio[row] for row in made.train}, {rows.audio[row] for row in made.test}


@given(st.lists(st.integers(0, 5), max_size=12), st.data())
def test_linked_numbers_are_the_components_of_the_rows(drawn, data):
    _, numbers = np.unique(np.array(drawn, dtype=np.int64), return_inverse=True)
    others = np.array([data.draw(st.integers(0, 8)) for _ in drawn], dtype=np.int64)
    together = {(n, n) for n in range(len(drawn))}
    together |= {
        (i, j) for i, j in np.ndindex(len(drawn), len(drawn)) if numbers[i] == numbers[j] or others[i] == others[j]
    }
    for _ in drawn:  # a path of any length
        together |= {(i, k) for i, j in together for jj, k in together if j == jj}
    found = linked(numbers, others)
    assert {(i, j) for i, j in np.ndindex(len(drawn), len(drawn)) if found[i] == found[j]} == together
    assert sorted(set(found.tolist())) == list(range(len(set(found.tolist()))))
    if len(set(others.tolist())) == len(others):
        assert found.tolist() == numbers.tolist()


def test_audio_is_the_same_by_its_span_or_by_its_name():
    def at(path, **more):
        return Utterance(id=str(len(made)), path=path and Path(path), **more)

    made = []
    for each in [
        ("a.wav", {}),
        ("a.wav", {"start": 1.0}),
        ("./a.wav", {}),
        ("a.wav", {"audio_channel": 1}),
        ("b.wav", {}),
        (None, {}),
        (None, {}),
    ]:
        made.append(at(each[0], **each[1]))
    assert number_audio(made, ()).tolist() == [0, 1, 0, 2, 3, 4, 5]
    assert number_audio(made, ("x", "y", "x", "z", "y", "v", "w")).tolist() == [0, 1, 0, 2, 1, 3, 4]


@st.composite
def corpora(draw):
    """Rows of two classes, some speakers, and few recordings."""
    count = draw(st.integers(8, 40))
    one = st.tuples(st.sampled_from("ab"), st.sampled_from("pqrstuvw"), st.integers(0, 25).map(str))
    return labelled(*[draw(one) for _ in range(count)])


@given(corpora(), st.integers(0, 2**32), st.sampled_from(["speaker", "utterance", "utterance,balance=class"]))
def test_no_split_that_is_drawn_parts_equal_audio(rows, seed, text):
    try:
        made = split(text, rows, seed)
    except BadSplit:
        return
    train, test = parts(made, rows)
    assert not train & test
    assert (made.groups[:, None] == made.groups)[made.audio[:, None] == made.audio].all()
    used = np.concatenate([made.train, made.test])
    assert ("same audio as another" in made.warning) == (len({rows.audio[row] for row in used}) < len(used))
    assert set(made.groups.tolist()) == set(range(len(made.group_names)))


def test_speakers_who_share_audio_become_one_group_with_a_name_and_a_count():
    cells = [(name, f"{name}{n}", f"{name}{n}{k}") for name in "ab" for n in range(4) for k in range(2)]
    rows = labelled(*cells, ("a", "a1", "a00"), ("a", "a2", "a11"))  # a0 = a1 = a2
    found = group_by(rows, "speaker")
    assert found.names[0] == "a0 + a1 + a2"
    assert (found.joined, found.joint) == (3, 1)
    for seed in range(20):
        made = split("speaker", rows, seed)
        sides = {rows.utterances[row].speaker in {"a0", "a1", "a2"} and row in made.test for row in range(6)}
        assert len(sides) == 1
        assert made.warning == (
            "2 utterances are the same audio as another: kept in one part, so 3 values of 'speaker' are 1 group"
        )


def test_a_joined_group_of_many_is_named_by_the_first():
    rows = labelled(*[("a", f"s{n}", "x") for n in range(5)], ("b", "t", "y"))
    assert group_by(rows, "speaker").names == ("s0 + 4 others", "t")


def test_a_given_split_that_parts_equal_audio_names_it_with_its_count():
    cells = [(name, part, f"{part}{name}{n}") for part in ("train", "test") for name in "ab" for n in range(5)]
    cells += [("a", "test", "traina0"), ("a", "test", "traina0"), ("b", "dev", "trainb1"), ("b", "test", "testb1")]
    made = split("column:split", labelled(*cells, column="split"), 0)
    assert made.warning.splitlines() == [
        "2 test utterances are the same audio as a training utterance: the probe may know the answer by heart",
        "2 utterances are the same audio as another of the same part: one group",
    ]
    clean = split("column:split", labelled(*cells[:20], column="split"), 0)
    assert clean.warning == ""


def test_what_is_the_same_in_the_other_part_joins_no_groups_of_a_given_part():
    cells = [("a", "p", "1"), ("b", "p", "2"), ("a", "q", "1"), ("b", "r", "2"), ("a", "r", "3"), ("b", "q", "4")]
    rows = labelled(*cells)
    tags = [{"split": part} for part in ("train", "train", "test", "test", "test", "test")]
    rows = LabelledUtterances(
        [Utterance(id=u.id, path=None, speaker=u.speaker, tags=t) for u, t in zip(rows.utterances, tags, strict=True)],
        rows.target,
        rows.audio,
    )
    made = split("column:split", rows, 0)
    assert len(set(made.groups[made.test].tolist())) == 2
    assert len(set(split("utterance,test=0.5", rows, 0).groups.tolist())) == 1


def test_labels_that_contradict_each_other_on_equal_audio_are_counted():
    cells = [(name, f"{name}{n}", f"{name}{n}") for name in "ab" for n in range(6)]
    rows = labelled(*cells, ("b", "a0", "a0"), ("a", "a1", "a1"))
    lines = split("utterance", rows, 0).warning.splitlines()
    assert "2 utterances have another class where the same audio comes again: no answer is right for both" in lines


def test_where_equal_audio_leaves_one_group_of_a_class_the_message_says_so():
    rows = labelled(("a", "p", "1"), ("a", "q", "1"), ("b", "r", "2"), ("b", "t", "3"))
    with pytest.raises(BadSplit) as caught:
        split("speaker", rows, 0)
    message = str(caught.value)
    assert "class a has 1 value of 'speaker'" in message
    assert "2 values of 'speaker' are 1 group here, since they hold the same audio (e.g. u0 and u1)" in message
    assert "\n" not in message
    with pytest.raises(
        BadSplit, match="class a has 2 utterances, all of the same audio, so it cannot be in both parts"
    ):
        split("utterance", rows, 0)
    everyone = [(name, f"{name}{n}", f"{name}{n}") for name in "ab" for n in range(4)]
    everyone += [(name, f"{name}{n}", "silence") for name in "ab" for n in range(4)]
    with pytest.raises(BadSplit, match="8 values of 'speaker' are 1 group here"):
        split("speaker", labelled(*everyone), 0)


def test_a_row_without_a_group_joins_those_that_hold_its_audio():
    rows = labelled(*[(name, f"{name}{n}", f"{name}{n}") for name in "ab" for n in range(3)], ("a", None, "a0"))
    made = split("speaker", rows, 0)
    assert 6 not in {*made.train.tolist(), *made.test.tolist()}
    assert made.left_out == {"no speaker": 1}
    assert group_by(rows, "speaker").joined == 0
    assert made.warning == ""
