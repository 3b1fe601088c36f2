"""Names that are not what they seem are counted and told."""

import pytest

from neuroscope.data.strange_names import about_classes, alike, cautions_about, kind_of, like_missing


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (["Ann", "ann", "bob"], [["Ann", "ann"]]),
        (["1", "1.0", "2", "10"], [["1", "1.0"]]),
        (["s1", "s1.00", "s10"], [["s1", "s1.00"]]),
        (["Zo\u00eb", "Zoe\u0308", "Zoe"], [["Zoe\u0308", "Zo\u00eb"]]),
        (["\ufb01n", "fin"], [["fin", "\ufb01n"]]),
        (["a b", "a  b", "a\u00a0b", "a\u200b b"], [["a  b", "a b", "a\u00a0b", "a\u200b b"]]),
        (["STRASSE", "stra\u00dfe"], [["STRASSE", "stra\u00dfe"]]),
        (["f", "m"], []),
        (["1", "01", "10", "1.5", ".0", "v0"], []),
    ],
)
def test_names_that_differ_in_their_writing_alone_are_alike(names, groups):
    assert alike(names) == groups


@pytest.mark.parametrize(
    "name", ["nan", "NaN", "NA", "N/A", "None", "null", "NaT", "<NA>", "unknown", "-", "?", " nan "]
)
def test_a_missing_value_in_words_is_seen(name):
    assert like_missing(["f", name, "m"]) == [name]


def test_other_names_are_no_missing_values():
    assert like_missing(["nana", "nano", "n", "no", "nonexistent", ""]) == []


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["1", "2.5", "-3e2"], "numbers"),
        (["1", "2", "nan"], "numbers"),
        (["2019-03-01", "2019-03-02"], "dates"),
        (["2019-03-01T10:00:00Z", "2019-03-02 11:00"], "dates"),
        (["01.03.2019", "2.3.2019"], "dates"),
        (["1", "two"], ""),
        (["1_0", "2_0"], ""),
        (["nan"], ""),
        (["2019-03/01"], ""),
        (["inf"], ""),
    ],
)
def test_numbers_and_dates_are_told_from_names(names, kind):
    assert kind_of(names) == kind


def lines(classes, **columns):
    return [each.line for each in cautions_about(classes, columns, 3)]


def test_each_kind_is_a_caution_with_counts_and_examples():
    classes = {"F": 10, "f": 38, "nan": 2}
    found = list(cautions_about(classes, {"speaker": {"s1": 4, "S1": 5, "None": 6}, "room": {"1": 1, "1.0": 2}}, 3))
    assert [each.kind for each in found] == [
        "classes are alike",
        "classes are named like missing values",
        "speakers are alike",
        "speakers are named like missing values",
        "values of 'room' are alike",
    ]
    assert found[0].line == (
        "2 classes differ only in case, Unicode form or a final .0, and count as different: 'F' (10), 'f' (38)"
    )
    assert "'nan' (2)" in found[1].line
    assert "'S1' (5), 's1' (4)" in found[2].line
    assert {each.runs for each in found} == {3}
    assert {rows.layer for each in found for rows in each.about} == {""}


def test_forms_that_look_equal_are_shown_with_escapes_and_many_are_counted():
    (line,) = lines({"Zo\u00eb": 1, "Zoe\u0308": 2})
    assert r"'Zoe\u0308' (2), 'Zo\xeb' (1)" in line
    (line,) = lines({name: 1 for letter in "abcde" for name in (letter, letter.upper())})
    assert line.startswith("10 classes")
    assert line.endswith("and 2 more")


def test_amounts_and_dates_are_cautions_and_a_few_whole_numbers_are_names():
    assert lines({str(n): 1 for n in range(10)}) == []
    assert "the classes are numbers, 9 to 70: each of the 62" in lines({str(n): 1 for n in range(9, 71)})[0]
    assert "the classes are numbers, 0.5 to 1: each of the 2" in lines({"0.5": 1, "1": 1})[0]
    assert "the classes are dates, 2019-03-01 to 2019-03-02" in lines({"2019-03-02": 1, "2019-03-01": 1})[0]
    numbered = {str(n): 1 for n in range(100, 140)}
    assert lines(numbered, speaker=numbered) == []


def test_names_that_are_names_are_not_spoken_of():
    assert about_classes(["f", "m"]) == ""
    assert lines({"f": 1, "m": 1}, speaker={"s1": 1, "s2": 1}) == []


def test_an_error_says_of_classes_what_they_are():
    assert about_classes(["18", "23", "nan"]).startswith("the classes are numbers, 18 to 23: each of the 2 ")
    assert about_classes(["18", "nan"]).endswith("'nan' is named like a missing value")
    assert about_classes(["f", "NA", "None"]) == "'NA', 'None' are named like a missing value"
