"""A task asked of a manifest."""

import pytest

from neuroscope.contracts.audio import Manifest, Utterance
from neuroscope.contracts.task import Classification
from neuroscope.data.labelling import LabelledUtterances, label_manifest
from neuroscope.errors import BadManifest, UnknownName

GENDER = Classification(label=lambda utterance: utterance.column("gender"), columns=("gender",))


def manifest(*genders, **more):
    rows = [{**more, **({"gender": gender} if gender else {})} for gender in genders]
    return Manifest(tuple(Utterance(id=f"u{n}", path=None, tags=tags) for n, tags in enumerate(rows)), "corpus.csv")


def test_classes_are_numbered_in_the_order_of_their_names_and_rows_stay_in_order():
    question = label_manifest("gc", GENDER, manifest("m", None, "f", "m"), "")
    assert question.rows.target.names == ("f", "m")
    assert question.rows.target.values.tolist() == [1, 0, 1]
    assert question.rows.target.values.dtype == "int64"
    assert [each.id for each in question.rows.utterances] == ["u0", "u2", "u3"]
    assert question.unlabelled == 1
    assert question.counts == {"f": 1, "m": 2}


def test_an_empty_text_is_a_class_and_only_none_is_no_label():
    task = Classification(label=lambda utterance: utterance.tags.get("gender", ""))
    question = label_manifest("gc", task, manifest("m", None), "")
    assert (question.counts, question.unlabelled) == ({"": 1, "m": 1}, 0)


def test_speaker_is_a_column_where_some_speaker_is_known():
    rows = label_manifest("gc", GENDER, manifest("m", "f"), "").rows
    assert rows.columns == ["gender"]
    known = Utterance(id="u", path=None, speaker="s")
    assert LabelledUtterances([*rows.utterances, known], rows.target).columns == ["gender", "speaker"]


def test_a_question_without_some_utterances_keeps_its_classes_and_split():
    usable = {"u2": "x", "u0": "y", "not here": "z"}
    question = label_manifest("gc", GENDER, manifest("m", "f", "m"), "utterance").only(usable)
    assert question.rows.audio == ("y", "x")
    assert [each.id for each in question.rows.utterances] == ["u0", "u2"]
    assert question.counts == {"f": 0, "m": 2}
    assert question.split == "utterance"
    nothing = question.only({})
    assert len(nothing.rows.utterances) == len(nothing.rows.target.values) == 0


@pytest.mark.parametrize(
    ("asked", "own", "parts", "text"),
    [
        ("utterance", "group:gender", ("train", "test"), "utterance"),
        ("", "group:gender,test=0.4", ("train", "test"), "group:gender,test=0.4"),
        ("", "group:text,test=0.4", ("train", "test"), "speaker,test=0.4"),
        ("", "", ("train", "test"), "column:split"),
        ("", "", ("train", "dev"), "speaker"),
        ("", "", ("train", None), "speaker"),
        ("", "", ("a", "b"), "column:split"),
        ("", "", (None, None), "speaker"),
    ],
)
def test_the_users_split_wins_then_the_tasks_then_that_of_both_parts_then_unseen_speakers(asked, own, parts, text):
    task = Classification(label=GENDER.label, split=own)
    rows = tuple(
        Utterance(id=part or str(n), path=None, tags={"gender": "mf"[n]} | ({"split": part} if part else {}))
        for n, part in enumerate(parts)
    )
    assert label_manifest("gc", task, Manifest(rows), asked).split == text


@pytest.mark.parametrize(("genders", "found"), [(("m", "m"), "m alone"), (("x", None), "x alone")])
def test_one_class_is_too_few_and_the_message_says_which_was_found(genders, found):
    with pytest.raises(BadManifest, match=rf"corpus\.csv.*\n.*gc.*two classes.*{found}"):
        label_manifest("gc", GENDER, manifest(*genders), "")


def test_too_few_classes_are_told_with_what_the_columns_hold_and_how_many_rows_lack_a_label():
    task = Classification(label=lambda each: {"m": "male"}.get(each.tags.get("gender")), columns=("gender",))
    with pytest.raises(BadManifest, match=r"rows have none; column 'gender' holds men, women$"):
        label_manifest("gc", task, manifest("men", "women"), "")
    with pytest.raises(BadManifest, match=r"3 rows have male alone, 2 of them no label; column 'gender' holds m, x$"):
        label_manifest("gc", task, manifest("m", "x", None), "")


def test_what_is_asked_of_how_many_rows_and_what_the_classes_are_is_said():
    ages = label_manifest(
        "label:age", Classification(label=lambda each: each.tags.get("gender")), manifest("23", "18", None), ""
    )
    assert ages.about.startswith(
        "task label:age (2 rows with a label, 1 without), where the classes are numbers, 18 to 23"
    )
    assert label_manifest("gc", GENDER, manifest("m", "f"), "").about == "task gc (2 rows with a label)"


def test_names_of_classes_and_of_the_groups_of_the_split_are_looked_at():
    rooms = label_manifest("gc", GENDER, manifest("m", "f", "F", room="nan"), "")
    assert [each.kind for each in rooms.cautions("", 1)] == ["classes are alike"]
    assert [each.kind for each in rooms.cautions("room", 1)][1:] == ["values of 'room' are named like missing values"]
    assert list(rooms.only({"u0": "x", "u1": "y"}).cautions("", 1)) == []


def test_a_label_function_that_knows_none_is_told():
    with pytest.raises(BadManifest, match="2 rows have none"):
        label_manifest("t", Classification(label=lambda utterance: None), manifest("m", "f"), "")


def test_a_column_that_the_task_reads_and_nobody_has_is_told_with_the_columns_there_are():
    with pytest.raises(UnknownName, match=r"column 'gender'.*accent"):
        label_manifest("gc", GENDER, manifest(None, None, accent="us"), "")
