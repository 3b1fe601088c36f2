"""Several backbones that were asked one task: a table side by side, and what may be said of them together."""

from dataclasses import fields, replace
from io import StringIO

import pytest
from rich.console import Console
from rich.table import Table

from neuroscope.contracts.records import Caution, CautionedRows, CellRecord
from neuroscope.report.frames import differences_of
from neuroscope.report.html import as_html
from neuroscope.report.layer_curve import Curve, Point
from neuroscope.report.layer_table import WIDEST
from neuroscope.report.marks import Marks
from neuroscope.report.side_by_side.sections import sections_of_task
from neuroscope.report.side_by_side.table import Side, capital, side_by_side

MAJORITY = Point("", 0.5, None, None, None)


def points(*names):
    return tuple(Point(name, 0.7 + place / 100, 0.02, 0.6, 0.9) for place, name in enumerate(names))


def curve(name, *layers, **known):
    p_values = dict.fromkeys(layers, 0.01)
    return Curve(name, "t", points(*layers), MAJORITY, run=name, **{"p_values": p_values, **known})


def record(backbone, *cautions, **known):
    empty = {each.name: "" for each in fields(CellRecord)} | {"left_out_by_split": {}, "classes": {"x": 9}}
    empty |= {"runs": 1, "train": 7, "test": 2, "test_groups": 2, "split": "speaker", "unlabelled": 0, "task": "t"}
    empty["representation"] = backbone
    return CellRecord(**{**empty, "backbone": backbone, "dataset": "d", "cautions": cautions, **known})


def caution(kind, layer):
    return Caution(kind=kind, line=f"{kind}: ...", runs=1, about=(CautionedRows(layer=layer),))


def sides(*curves):
    return [Side(capital(n), record(each.backbone), each, Marks()) for n, each in enumerate(curves)]


def shown(part):
    if isinstance(part, str):
        return [part]
    console = Console(width=400, file=StringIO())
    console.print(part)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def lines(parts):
    return [line for part in parts for line in shown(part)]


def said(*cells):
    return lines(sections_of_task([(record(each.backbone), each) for each in cells]))


def gap(value, low, high):
    return Point("ALL", value, None, low, high)


GE2E, DEEP = curve("ge2e", "lstm1", "linear", "ALL"), curve("deep", "L1", "L2", "L3", "ALL")


def test_layers_are_aligned_by_order_with_all_and_the_majority_at_the_end():
    (table,), spread = side_by_side(sides(GE2E, DEEP), WIDEST)
    found = [line.split() for line in shown(table)]
    assert spread
    assert found == [
        ["A", "accuracy", "%", "interval", "B", "accuracy", "%", "interval"],
        *[
            [one, f"{70 + n}.0", "±", "2.0", "60.0–90.0", other, f"{70 + n}.0", "±", "2.0", "60.0–90.0"]
            for n, (one, other) in enumerate([("lstm1", "L1"), ("linear", "L2")])
        ],
        ["L3", "72.0", "±", "2.0", "60.0–90.0"],
        ["ALL", "72.0", "±", "2.0", "60.0–90.0", "ALL", "73.0", "±", "2.0", "60.0–90.0"],
        ["majority", "50.0", "–", "50.0", "–"],
    ]


@pytest.mark.parametrize(
    ("width", "backbones", "tables", "spread"),
    [
        (120, 2, 1, True),
        (120, 3, 1, True),
        (120, 4, 1, False),
        (120, 9, 2, False),
        (100, 4, 1, False),
        (80, 2, 1, True),
        (80, 3, 1, False),
        (80, 4, 2, True),
        (60, 2, 1, False),
        (60, 3, 2, False),
        (200, 5, 1, True),
    ],
)
def test_a_table_is_as_wide_as_the_terminal_at_most(width, backbones, tables, spread):
    each = [curve(f"hf:a-long-name/number-{n}", *(f"L{m}" for m in range(1, 13)), "ALL") for n in range(backbones)]
    found, with_spread = side_by_side(sides(*each), width)
    assert (len(found), with_spread) == (tables, spread)
    text = [line for table in found for line in shown(table)]
    assert max(map(len, text)) <= width
    assert "".join(text).count("L12") == backbones
    assert "".join(text).count("majority") == tables


def test_names_of_layers_that_fit_beside_nothing_stand_alone():
    found, spread = side_by_side(sides(*(curve(name, "x" * 130, "ALL") for name in ("a", "b"))), WIDEST)
    assert (len(found), spread) == (2, False)


def test_names_stand_above_and_whatever_is_common_is_said_once():
    text = said(GE2E, DEEP)
    assert text[:5] == ["", "t in 2 backbones, on d", "A: ge2e", "B: deep", text[4]]
    assert text[4].startswith("Classes: 9 x. Split: speaker: 7 train, 2 test")
    assert len([line for line in text if line.startswith("One run. ± is the sd")]) == 1
    assert [line[:22] for line in text if "Best layer" in line] == ["A: Best layer: linear,", "B: Best layer: L3, 72."]


def test_a_table_without_plus_minus_does_not_explain_it():
    text = said(*(curve(f"b{n}", *(f"L{m}" for m in range(9)), "ALL") for n in range(4)))
    assert [line for line in text if line.startswith("One run")] == [
        "One run. The interval, over new draws of utterances, is of 95 %."
    ]


def test_utterances_that_differ_are_told():
    cells = [(record("ge2e"), GE2E), (record("deep", test=1), DEEP)]
    text = lines(sections_of_task(cells))
    assert [line for line in text if "Split:" in line] == [
        "A: Classes: 9 x. Split: speaker: 7 train, 2 test.",
        "B: Classes: 9 x. Split: speaker: 7 train, 1 test.",
    ]
    assert text[-1] == "Not compared, as they are not of the same utterances in the same split: A with B."


def test_marks_go_on_from_one_backbone_to_the_next_and_warnings_name_theirs():
    common = caution("few groups", "")
    cells = [
        (record("ge2e", common, caution("stopped", "linear")), GE2E),
        (record("deep", common, caution("constant", "L1"), caution("stopped", "ALL"), caution("odd", "")), DEEP),
    ]
    parts = sections_of_task(cells)
    text = lines(parts)
    (table,) = [each for each in parts if isinstance(each, Table)][:1]
    marked = {line.split()[0]: line for line in shown(table)}
    assert "  a  " in marked["linear"]
    assert "  b  " in marked["lstm1"]  # in the line of L1
    assert "  c  " in marked["ALL"]
    assert [line for line in text if "Warning" in line] == [
        "a Warning: A: stopped: ....",
        "b Warning: B: constant: ....",
        "c Warning: B: stopped: ....",
        "Warning: B: odd: ....",
        "Warning: few groups: ....",
    ]


def test_differences_are_shown_with_what_may_be_said_of_them():
    first = replace(GE2E, beyond={"deep": gap(0.1, 0.02, 0.18), "third": gap(-0.1, -0.18, -0.02)})
    third = curve("third", "L1", "ALL")
    text = said(first, replace(DEEP, beyond={"third": gap(0.05, -0.02, 0.12)}), third)
    at = text.index("Differences on the same test utterances, with intervals of all pairs at once")
    assert [line.split() for line in text[at + 2 :]] == [
        ["A", "ALL", "B", "ALL", "+10.0", "+2.0", "to", "+18.0", "A", "is", "ahead"],
        ["A", "ALL", "C", "ALL", "-10.0", "-18.0", "to", "-2.0", "C", "is", "ahead"],
        ["B", "ALL", "C", "ALL", "+5.0", "-2.0", "to", "+12.0", "not", "told", "apart"],
    ]


def test_intervals_are_said_to_be_of_all_pairs_by_the_backbones_that_are_beside_each_other():
    first = replace(GE2E, beyond={"deep": gap(0.1, 0.02, 0.18)})
    said_of = "Differences on the same test utterances"
    assert f"{said_of}, with intervals of all pairs at once" in said(first, DEEP, curve("other", "L1", "ALL"))
    assert said_of in said(first, DEEP, curve("no-all", "L1", "L2"))


def test_two_names_of_the_same_vectors_are_told_and_not_called_incomparable():
    first = replace(GE2E, beyond={"deep": gap(0.1, 0.02, 0.18)})
    alias = (record("alias", representation="ge2e"), curve("alias", "lstm1", "linear", "ALL"))
    text = lines(sections_of_task([(record("ge2e"), first), alias, (record("deep"), DEEP)]))
    assert "B: the same vectors as A." in text
    assert "Differences on the same test utterances" in text
    assert not [line for line in text if "Not compared" in line]


@pytest.mark.parametrize(
    ("first", "second", "end"),
    [
        (
            replace(GE2E, beyond={"deep": gap(0.1, None, None)}),
            DEEP,
            "the test part is one group: nothing to compare by",
        ),
        (
            replace(GE2E, beyond={"deep": gap(0.1, 0.02, 0.18)}),
            replace(DEEP, unlearned=("ALL",)),
            "B's probe is far from its optimum: nothing is said",
        ),
        (
            replace(GE2E, beyond={"deep": gap(0.1, 0.02, 0.18)}),
            replace(DEEP, unlearned=("L1",)),
            "A is ahead",
        ),
        (
            replace(GE2E, p_values={"ALL": 0.05}, beyond={"deep": gap(0.1, 0.02, 0.18)}),
            replace(DEEP, p_values={"ALL": 0.2, "L1": 0.01}),
            "neither is shown to know it",
        ),
        (replace(GE2E, p_values={"ALL": 0.2}, beyond={"deep": gap(-0.1, -0.18, -0.02)}), DEEP, "B is ahead"),
        (GE2E, curve("deep", "L1", "L2"), "Not compared with others, as there is no ALL: B."),
    ],
)
def test_nothing_is_said_where_nothing_was_tested(first, second, end):
    assert said(first, second)[-1].endswith(end)


def test_one_layer_is_compared_as_it_is():
    first = replace(curve("stored:x", "vectors"), beyond={"deep": Point("vectors", 0.1, None, 0.02, 0.18)})
    text = said(first, DEEP)
    assert text[-3] == "Differences on the same test utterances"
    assert text[-1].split()[:4] == ["A", "vectors", "B", "ALL"]


def test_a_notebook_shows_the_same_table():
    parts = sections_of_task([(record("ge2e"), GE2E), (record("deep<i>"), DEEP)])
    html = as_html(parts)
    assert "B: deep&lt;i&gt;" in html
    (head,) = [row for row in html.split("<tr>") if ">A</th>" in row]
    assert ">B</th>" in head
    for name in ("lstm1", "linear", "L1", "L2", "L3"):
        assert f">{name}</td>" in html
    assert html.count(">ALL</td>") == 2
    assert html.count(">majority</td>") == 1


def test_control_characters_of_names_move_no_cursor():
    assert "A: b\\x1b[2J" in said(curve("b\x1b[2J", "L1"), DEEP)


def test_there_are_letters_for_any_number_of_backbones():
    assert [capital(number) for number in (0, 25, 26, 27)] == ["A", "Z", "AA", "BB"]


def test_differences_are_a_table_too():
    first = replace(GE2E, beyond={"deep": gap(0.1, 0.02, 0.18)})
    table = differences_of([first, DEEP])
    assert table.columns == ["task", "backbone", "layer", "against", "difference", "low", "high"]
    assert table.rows() == [("t", "ge2e", "ALL", "deep", 0.1, 0.02, 0.18)]
