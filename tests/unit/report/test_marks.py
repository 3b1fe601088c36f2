"""A warning stands beside the number that it is about, in terminals, notebooks and tables alike."""

from dataclasses import fields
from io import StringIO

import pytest
from rich.console import Console

from neuroscope.contracts.records import Caution, CautionedRows, CellRecord
from neuroscope.report.frames import conditions_of, layers_of_curves, minimal_of, sets_of, warnings_of
from neuroscope.report.html import as_html
from neuroscope.report.layer_curve import Curve, Point
from neuroscope.report.layer_table import layer_table
from neuroscope.report.marks import Marks, beside
from neuroscope.report.neuron_findings import Findings
from neuroscope.report.neuron_tables import controls_table, minimal_table, sentences, sets_table
from neuroscope.report.summary import what_varied


def caution(kind, *about):
    return Caution(kind=kind, line=f"{kind}: ...", runs=1, about=about)


def about(*conditions, layer="ALL", percents=()):
    return CautionedRows(layer=layer, conditions=conditions, percents=percents, detail="1 of 2")


def record(*cautions, **known):
    empty = {each.name: "" for each in fields(CellRecord)} | {"backbone": "b", "task": "t"}
    return CellRecord(**{**empty, "cautions": cautions, **known})


def lines(table):
    console = Console(width=100, file=StringIO())
    console.print(table)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


POINTS = tuple(Point(layer, value, 0.02, value - 0.1, value + 0.1) for layer, value in (("one", 0.7), ("two", 0.8)))
CURVE = Curve("b", "t", POINTS, Point("", 0.5, 0.0, 0.4, 0.6))
LAYERS = record(
    caution("few groups", about(layer="")),
    caution("constant", about(layer="two")),
    caution("stopped", about(layer="one"), about("probe", layer="two")),
    caution("elsewhere", about("top-set", layer="one")),
)


def test_marks_follow_the_accuracies_in_reading_order_and_numbers_stay_below_each_other():
    marks = Marks(LAYERS)
    shown = lines(layer_table(CURVE, marks))
    assert [line.split("–")[0].split() for line in shown[1:]] == [
        ["one", "70.0", "±", "2.0", "a", "60.0"],
        ["two", "80.0", "±", "2.0", "ab", "70.0"],
        ["majority", "50.0", "±", "0.0", "40.0"],
    ]
    assert len({line.index("±") for line in shown[1:]}) == 1
    assert marks.lines() == [
        "a Warning: stopped: ....",
        "b Warning: constant: ....",
        "Warning: few groups: ....",
        "Warning: elsewhere: ....",
    ]


def test_a_notebook_shows_the_same_marks():
    shown = as_html([layer_table(CURVE, Marks(LAYERS))])
    assert '> 80.0 ±  2.0</td><td style="text-align:left">ab</td>' in shown
    assert '> 50.0 ±  0.0</td><td style="text-align:left"></td>' in shown


def test_without_warnings_nothing_is_added():
    assert lines(layer_table(CURVE)) == lines(layer_table(CURVE, Marks(record(caution("x", about(layer=""))))))
    assert beside(["", ""]) == ((), [(), ()])


def test_an_older_warning_is_a_line_without_a_mark():
    old = Caution.read("columns are constant: one; in 5 runs")
    marks = Marks(record(old))
    assert marks.of_layer("one") == ""
    assert marks.lines() == ["Warning: columns are constant: one; in 5 runs."]


def test_there_are_letters_for_any_number_of_warnings():
    marks = Marks(record(*(caution(f"k{n}", about(layer=f"l{n}")) for n in range(28))))
    assert [marks.of_layer(f"l{n}") for n in (0, *range(28))][-3:] == ["z", "aa", "bb"]


def row(make, condition, metric, value, percent=None):
    return make.row(layer="ALL", condition=condition, metric=metric, value=value, n=9, percent=percent)


@pytest.fixture
def findings(cell):
    given = [row(cell, name, "accuracy", 0.8, p) for name, p in [("probe", None), ("masked-top", 20.0)]]
    given += [row(cell, name, "accuracy", 0.7, p) for name in ("top-set", "random-set") for p in (5.0, 50.0)]
    for rule in ("minimal", "minimal-sure"):
        numbers = {"neurons": 8.0, "neurons_percent": 4.0, "accuracy": 0.6}
        given += [row(cell, rule, metric, value, 4.0) for metric, value in numbers.items()]
    given += [row(cell, "ranking", metric, 0.3, 10.0) for metric in ("overlap", "overlap_chance")]
    given += [row(cell, "ranking", "overlap_p_value", 0.5, 10.0)]
    return Findings(given)


NEURONS = record(
    caution("left out", about()),
    caution("alike", about("ranking")),
    caution("at 50", about("top-set", percents=(50.0,)), about("minimal", "minimal-sure")),
    caution("stopped", about("probe"), about("top-set", percents=(5.0, 50.0))),
    caution("masked", about("masked-top", percents=(20.0,))),
    caution("sure", about("minimal-sure")),
)


def test_marks_of_neurons_stand_in_the_rows_of_their_conditions_and_percentages(findings):
    marks = Marks(NEURONS)
    controls, sets, minimal = (each(findings, marks) for each in (controls_table, sets_table, minimal_table))
    said = sentences(findings, marks)
    assert [" ".join(line.split()) for line in lines(controls)[1:]] == [
        "probe on all neurons 80.0 a –",
        "top 20 %, others masked 80.0 b –",
    ]
    assert [" ".join(line.split()) for line in lines(sets)[1:]] == ["5 % 70.0 a 70.0 –", "50 % 70.0 ac 70.0 –"]
    assert [line.split()[-5:] for line in lines(minimal)[1:]] == [
        ["4", "%", "60.0", "c", "–", "–"][-5:],
        ["4", "%", "60.0", "cd", "–", "–"][-5:],
    ]
    assert said[-1].endswith("two runs 0.30 (not above chance, 0.30; p 0.5). e")
    assert [line.split(":")[0] for line in marks.lines()] == [*(f"{letter} Warning" for letter in "abcde"), "Warning"]


def test_data_frames_hold_the_kinds_of_warnings_beside_the_numbers(findings):
    assert layers_of_curves([CURVE], [LAYERS])["warnings"].to_list() == ["stopped", "constant; stopped"]
    assert conditions_of(findings, NEURONS)["warnings"].to_list() == ["stopped", "masked"]
    assert sets_of(findings, NEURONS)["warnings"].to_list() == ["stopped", "", "at 50; stopped", ""]
    assert minimal_of(findings, NEURONS)["warnings"].to_list() == ["at 50", "at 50; sure"]


def test_warnings_are_a_table_too():
    table = warnings_of([record(caution("k", about("top-set", percents=(5.0, 50.0))), split_warning="one\ntwo")])
    assert table.rows() == [
        ("b", "t", "one", "", "", "", "", None),
        ("b", "t", "two", "", "", "", "", None),
        ("b", "t", "k", "ALL", "top-set", "5,50", "1 of 2", 1),
    ]


@pytest.mark.parametrize(
    ("runs", "spread", "text"),
    [
        (5, True, "5 runs: x. ± is the sd of the number over new draws of utterances;"),
        (1, True, "One run. ± is the sd of the number over new draws of utterances;"),
        (1, False, "One run. The test part is one utterance: nothing is known of the spread."),
    ],
)
def test_it_is_said_what_plus_minus_is_over(runs, spread, text):
    assert what_varied(record(runs=runs, varied="x"), spread=spread).startswith(text)
