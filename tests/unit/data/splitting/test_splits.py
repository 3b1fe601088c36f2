"""Train/test splits: what always holds, and what is told where none can be made."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroscope.contracts.audio import Utterance
from neuroscope.contracts.target import Target
from neuroscope.data.splitting.splits import Splitter, parts_of
from neuroscope.errors import BadOption, BadSplit, UnknownName
from neuroscope.splits import LabelledUtterances, split


def labelled(*rows, columns=("speaker",)):
    """``labelled(("a", "s1"), ...)``: each row its class, then the values of the columns."""
    utterances = []
    for number, (_, *cells) in enumerate(rows):
        tags = {name: cell for name, cell in zip(columns, cells, strict=True) if cell is not None}
        speaker = tags.pop("speaker", None)
        utterances.append(Utterance(id=f"u{number}", path=None, speaker=speaker, tags=tags))
    names = tuple(sorted({row[0] for row in rows}))
    return LabelledUtterances(
        utterances, Target(np.array([names.index(row[0]) for row in rows], dtype=np.int64), names)
    )


def parts(made, rows, column="speaker"):
    values = rows.column(column)
    return {values[row] for row in made.train}, {values[row] for row in made.test}


@st.composite
def corpora(draw):
    """Speakers of one class each (at least two a class), and some of several classes; rows in any order."""
    classes = "abcd"[: draw(st.integers(2, 4))]
    speakers = [(f"{name}{n}", {name}) for name in classes for n in range(draw(st.integers(2, 8)))]
    mixed = draw(st.lists(st.sets(st.sampled_from(classes), min_size=1), max_size=6))
    speakers += [(f"mixed{n}", has) for n, has in enumerate(mixed)]
    rows = [(name, s) for s, has in speakers for name in sorted(has) for _ in range(draw(st.integers(1, 3)))]
    return labelled(*draw(st.permutations(rows)))


SEEDS = st.integers(0, 2**32)


@given(corpora(), SEEDS, st.floats(0.01, 0.99))
def test_a_split_by_speaker_shares_no_speaker_and_every_class_is_in_both_parts(rows, seed, share):
    made = split(f"speaker,test={share!r}", rows, seed)
    train, test = parts(made, rows)
    assert not train & test
    assert sorted([*made.train, *made.test]) == list(range(len(rows.utterances)))
    assert (
        set(rows.target.values[made.train]) == set(rows.target.values[made.test]) == set(range(len(rows.target.names)))
    )
    assert made.warning == ""
    assert not made.fixed
    assert [made.group_names[g] for g in made.groups] == rows.column("speaker")


@given(corpora(), SEEDS)
def test_the_same_seed_gives_the_same_speakers_whatever_the_order_of_the_rows(rows, seed):
    back = LabelledUtterances(rows.utterances[::-1], Target(rows.target.values[::-1], rows.target.names))
    assert parts(split("speaker", rows, seed), rows) == parts(split("speaker", back, seed), back)


@given(corpora(), SEEDS, st.sampled_from(["speaker", "utterance", "speaker,test=0.01,balance=class"]))
def test_a_split_that_is_drawn_unlike_others_keeps_what_holds_of_all(rows, seed, text):
    splitter, drawn = Splitter(text, rows), []
    try:
        drawn = [splitter.draw(seed)]
    except BadSplit:
        return
    assert parts(drawn[0], rows) == parts(split(text, rows, seed), rows)
    while len(drawn) < 4 and (another := splitter.draw_unlike(set(map(parts_of, drawn)), seed)):
        drawn.append(another)
    assert len({parts_of(each) for each in drawn}) == len(drawn)
    for made in drawn:
        train, test = parts(made, rows)
        assert text == "utterance" or not train & test
        for part in (made.train, made.test):
            assert set(rows.target.values[part]) == set(range(len(rows.target.names)))


@given(st.integers(4, 40), st.integers(4, 40), SEEDS, st.floats(0.2, 0.8))
def test_the_share_of_speakers_is_met_in_all_and_in_each_class(few, many, seed, share):
    rows = labelled(*[("a", f"a{n}") for n in range(few)], *[("b", f"b{n}") for n in range(many)])
    _, test = parts(split(f"speaker,test={share!r}", rows, seed), rows)
    assert abs(len(test) - share * (few + many)) <= 1.5
    assert abs(sum(s[0] == "a" for s in test) - share * few) <= 1.5


@given(corpora(), SEEDS)
def test_a_split_of_utterances_meets_the_share_and_warns_of_shared_speakers(rows, seed):
    made = split("utterance", rows, seed)
    assert sorted([*made.train, *made.test]) == list(range(len(rows.utterances)))
    assert (
        set(rows.target.values[made.train]) == set(rows.target.values[made.test]) == set(range(len(rows.target.names)))
    )
    assert abs(len(made.test) - 0.3 * len(rows.utterances)) <= 0.5 + len(rows.target.names)
    train, test = parts(made, rows)
    assert bool(made.warning) == bool(train & test)


def test_a_class_of_one_utterance_cannot_be_in_both_parts():
    with pytest.raises(BadSplit, match="class b has one utterance, so it cannot be in both parts"):
        split("utterance", labelled(("a", "1"), ("a", "2"), ("b", "3")), 0)


@pytest.mark.parametrize(("form", "expected"), [("speaker", 6), ("utterance", 60)])
def test_three_tenths_are_tested_where_no_share_is_given(form, expected):
    rows = labelled(*[(name, f"{name}{n}") for name in "ab" for n in range(10) for _ in range(10)])
    for seed in range(3):
        made = split(form, rows, seed)
        assert len(parts(made, rows)[1] if form == "speaker" else made.test) == expected


def test_a_share_is_rounded_and_not_cut():
    rows = labelled(*[(name, f"s{n}") for n in range(9) for name in "ab"])
    assert len(parts(split("speaker", rows, 0), rows)[1]) == 3  # of 2.7


@given(corpora(), SEEDS, st.sampled_from(["speaker", "utterance"]))
def test_balancing_leaves_equal_counts_and_counts_what_it_drops(rows, seed, form):
    try:
        plain = split(form, rows, seed)
    except BadSplit:
        return
    both, train = (split(f"{form},balance={each}", rows, seed) for each in ("class", "train"))
    for part in (both.train, both.test, train.train):
        assert len(set(np.bincount(rows.target.values[part]).tolist())) == 1
        assert np.all(np.diff(part) > 0)
    assert train.test.tolist() == plain.test.tolist()
    assert set(both.train) <= set(plain.train)
    assert set(both.test) <= set(plain.test)
    total = len(rows.utterances)
    for made in (both, train):
        assert sum(made.left_out.values()) == total - len(made.train) - len(made.test)


def test_what_balancing_drops_is_drawn_and_depends_on_the_seed():
    rows = labelled(*[("a", f"a{n}") for n in range(2) for _ in range(6)], ("b", "b0"), ("b", "b1"))
    kept = {}
    for seed in range(40):
        plain, balanced = (split(f"speaker,test=0.5{more}", rows, seed) for more in ("", ",balance=class"))
        kept.setdefault(tuple(plain.train), set()).add(tuple(balanced.train))
    assert all(len(drawn) > 1 for drawn in kept.values())


def test_other_seeds_give_other_splits_even_where_every_speaker_has_classes_of_its_own():
    rows = labelled(*[(name, f"s{n}") for n in range(8) for bit, name in enumerate("abcd") if (n + 7) >> bit & 1])
    assert len({tuple(split("speaker", rows, seed).test) for seed in range(20)}) > 5


@pytest.mark.parametrize("share", [0.01, 0.3])
@pytest.mark.parametrize(
    "classes",
    [
        {"p": "ab", "q": "ab", "r": "c", "t": "c"},
        {"p": "b", "q": "ab", "r": "c", "t": "ac"},  # a move may cost another class its part, and a second mends it
        {"p": "ab", "q": "c", "r": "ac", "t": "bc"},  # where the wrong speaker is moved, no number of moves does
    ],
)
def test_speakers_of_several_classes_are_moved_until_each_part_has_every_class(classes, share):
    rows = labelled(*[(name, s) for s, has in classes.items() for name in has])
    for seed in range(20):
        made = split(f"speaker,test={share}", rows, seed)
        assert set(rows.target.values[made.test]) == set(rows.target.values[made.train]) == {0, 1, 2}


def test_where_no_split_exists_the_column_that_failed_is_not_offered():
    chain = [("a", "p"), ("b", "p"), ("b", "q"), ("c", "q"), ("c", "r"), ("a", "r")]  # one part always lacks a class
    rows = labelled(*[(name, s, f"t{n % 2}") for n in range(4) for name, s in chain], columns=("speaker", "text"))
    with pytest.raises(BadSplit, match=r"class .* has no utterance in the") as caught:
        split("speaker", rows, 0)
    assert "--split group:text" in str(caught.value)
    assert "--split speaker" not in str(caught.value)


def test_rows_without_a_group_are_in_neither_part_and_counted():
    rows = labelled(("a", "1"), ("a", "2"), ("b", "3"), ("b", "4"), ("a", None), ("b", None))
    made = split("speaker", rows, 0)
    assert {4, 5}.isdisjoint([*made.train, *made.test])
    assert made.left_out == {"no speaker": 2}
    assert made.groups[4] != made.groups[5]
    assert [made.group_names[made.groups[row]] for row in (4, 5)] == ["u4", "u5"]


def test_a_class_with_one_group_is_told_with_the_columns_that_would_do():
    cells = [("a", "1", "x", "A"), ("a", "1", "y", "A"), ("b", "2", "x", "B"), ("b", "3", "y", "B")]
    rows = labelled(*cells, *cells, columns=("speaker", "my,text", "label"))
    with pytest.raises(BadSplit) as caught:
        split("speaker", rows, 0)
    message = str(caught.value)
    assert "class a has 1 value of 'speaker'" in message
    assert "--split group:my,,text" in message
    assert "group:label" not in message
    assert split("group:my,,text", rows, 0).name == "group:my,,text"


def test_a_column_that_has_another_value_in_every_row_is_not_offered():
    rows = labelled(*[(name, name, f"{name}{n}") for name in "ab" for n in range(3)], columns=("speaker", "text"))
    with pytest.raises(BadSplit, match="No column would do"):
        split("speaker", rows, 0)


def test_without_the_column_the_message_says_what_would_do():
    rows = labelled(*[(name, str(n)) for n in range(3) for name in "ab"], columns=("text",))
    with pytest.raises(BadSplit, match=r"no column 'speaker'.*--split group:text.*--split utterance"):
        split("speaker", rows, 0)
    with pytest.raises(BadSplit, match=r"no column 'part'.*--split group:text"):
        split("column:part", rows, 0)
    with pytest.raises(BadSplit, match=r"No column would do; --split utterance .* may have the same voices"):
        split("speaker", labelled(("a",), ("b",), columns=()), 0)


def test_utterances_at_random_are_not_offered_without_what_that_measures():
    with pytest.raises(BadSplit, match="1 value of 'speaker'") as caught:
        split("speaker", labelled(("a", "ann"), ("b", "bob")), 0)
    assert "--split utterance draws utterances at random and has the same voices in both parts" in str(caught.value)
    assert "it measures whether known voices are told apart" in str(caught.value)


def column_rows(*values):
    cells = [(name, value) for value in values for name in "ab"]
    return labelled(*cells, columns=("split",))


def test_a_column_gives_the_parts_and_counts_what_is_left_out():
    rows = column_rows("train", "test", "train", "dev", None)
    made = split("column:split", rows, 0)
    assert (made.train.tolist(), made.test.tolist()) == ([0, 1, 4, 5], [2, 3])
    assert made.left_out == {"split=dev": 2, "no split": 2}
    others = split("column:split", column_rows("train", "test", "valid", "validation"), 0)
    assert others.left_out == {"split=valid": 2, "split=validation": 2}
    assert made.fixed
    assert (made.grouped_by, len(set(made.groups.tolist()))) == ("", 10)


def test_several_values_may_make_a_part_and_the_name_is_canonical():
    rows = column_rows("us", "uk", "in", "au")
    made = split("column:split,test=in,train=us+uk+au", rows, 0)
    assert (len(made.train), len(made.test)) == (6, 2)
    assert made.name == "column:split,train=us+uk+au,test=in"
    assert split("column:split,test=test", column_rows("train", "test"), 0).name == "column:split"


@pytest.mark.parametrize(
    ("values", "text", "kind", "fact"),
    [
        (("train", "test", "Test"), "column:split", BadSplit, "Test"),
        (("train", "dev"), "column:split", BadSplit, "test=test"),
        (("test",), "column:split", BadSplit, "train=train"),
        (("a", "b"), "column:split,train=a+b,test=b", BadOption, "b is in"),
        (("a", "b"), "column:split,train=,test=b", BadSplit, "holds a"),
    ],
)
def test_a_column_that_does_not_name_the_parts_is_told(values, text, kind, fact):
    with pytest.raises(kind, match=fact):
        split(text, column_rows(*values), 0)


def test_a_class_that_one_part_of_a_column_lacks_is_told():
    rows = labelled(("a", "train"), ("b", "train"), ("a", "test"), columns=("split",))
    with pytest.raises(BadSplit, match="class b has no utterance in the test part"):
        split("column:split", rows, 0)


def test_a_split_by_column_is_the_same_for_every_seed_balanced_or_not():
    rows = labelled(*[(name, part) for part in ("train", "test") for name in "aaaaaabb"], columns=("split",))
    for text in ("column:split", "column:split,balance=class"):
        first, other = split(text, rows, 0), split(text, rows, 1)
        assert first.fixed
        assert (first.train.tolist(), first.test.tolist()) == (other.train.tolist(), other.test.tolist())


def test_a_column_split_with_speakers_in_both_parts_warns_of_them():
    rows = labelled(
        *[(name, s, part) for name in "ab" for s, part in (("1", "train"), ("1", "test"), ("2", "train"))],
        columns=("speaker", "split"),
    )
    made = split("column:split", rows, 0)
    assert "1 speaker" in made.warning
    assert made.grouped_by == "speaker"


def test_speakers_who_are_not_known_are_not_shared():
    rows = labelled(*[(name,) for name in "aaabbb"], columns=())
    assert split("utterance", rows, 0).warning == ""


@pytest.mark.parametrize(
    "text", ["spekaer", "group", "group:", "column", "column:", "speaker:x", "speaker:", "utterance:", "Speaker"]
)
def test_only_the_four_forms_are_splits(text):
    with pytest.raises(UnknownName, match="utterance"):
        split(text, labelled(("a", "1"), ("b", "2")), 0)


@pytest.mark.parametrize("share", ["0", "1", "-0.3", "1.5", "x", "nan", "inf"])
def test_the_share_lies_between_nothing_and_all(share):
    rows = labelled(("a", "1"), ("a", "2"), ("b", "3"), ("b", "4"))
    for form in ("speaker", "utterance"):
        with pytest.raises(BadOption, match="test="):
            split(f"{form},test={share}", rows, 0)


def test_options_are_checked_and_defaults_stay_out_of_the_name():
    rows = labelled(("a", "1"), ("a", "2"), ("b", "3"), ("b", "4"))
    assert split("speaker,balance=none,test=0.5", rows, 0).name == "speaker,test=0.5"
    with pytest.raises(BadOption, match="class"):
        split("speaker,balance=clas", rows, 0)
    with pytest.raises(UnknownName, match="option of split speaker"):
        split("speaker,train=0.5", rows, 0)


def test_a_class_that_lost_all_its_utterances_is_told():
    rows = labelled(("a", "1"), ("b", "2"))
    for kept in ([0], []):
        left = LabelledUtterances([rows.utterances[n] for n in kept], rows.target.of(np.array(kept, dtype=np.int64)))
        for text in ("speaker", "utterance,balance=class", "column:split"):
            with pytest.raises(BadSplit, match=r"class [ab] has no utterance"):
                split(text, left, 0)


def in_both_parts(*cells):
    """The split of a column, over rows of a class and a speaker that are in both of its parts."""
    rows = [(*cell, part) for part in ("train", "test") for cell in cells]
    return split("column:split", labelled(*rows, columns=("speaker", "split")), 0)


def test_shared_speakers_are_no_warning_where_the_speaker_is_what_is_asked():
    assert in_both_parts(("a", "ann"), ("b", "bob"), ("c", "cy")).warning == ""
    assert "3 speakers" in in_both_parts(("a", "ann"), ("a", "bob"), ("c", "cy")).warning  # two speakers of one class
    assert "2 speakers" in in_both_parts(("a", "ann"), ("b", "ann"), ("b", "bob")).warning  # a speaker of two classes


def test_shared_speakers_are_no_warning_where_all_speech_is_of_one():
    assert in_both_parts(("a", "ann"), ("b", "ann")).warning == ""
    assert "1 speaker is" in in_both_parts(("a", "ann"), ("b", "ann"), ("a", None)).warning
