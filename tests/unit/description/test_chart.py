"""The picture of a distribution: which bars there are, of what, in which order."""

import polars
import pytest

from neuroscope.description.chart import distribution_chart
from neuroscope.description.facts import Amount, ClassFacts, ColumnFacts, DataFacts, SplitFacts, TrialFacts
from neuroscope.description.tidy import count_table, pair_table
from neuroscope.report import pictures

TOTAL = Amount(utterances=6, minutes=3.0, speakers=0, recordings=0)
SPLIT = SplitFacts(
    name="speaker",
    seed=0,
    train=3,
    test=3,
    train_groups=3,
    test_groups=3,
    grouped_by="",
    left_out={},
    majority="a",
    majority_share=1.0,
)
CLASSES = ClassFacts(task="t", dataset="d", classes=("a", "b"), not_asked={}, split=SPLIT, cautions=())
TRIALS = TrialFacts(
    task="v", dataset="d", trials=5, target=2, listed=0, compared=TOTAL, not_compared=0, proxy="", cautions=()
)


def data_of(*columns):
    empty = {"left_out": {}, "unusable": (), "cautions": (), "segmented": "", "trials": 0, "target_trials": 0}
    named = {"dataset": "d", "source": "", "total": TOTAL, "seconds": None, "per_speaker": None}
    return [DataFacts(**named, rates={}, tracks={}, columns=columns, **empty)]


def counts(*rows):
    names = ("task", "what", "column", "value", "part", "utterances", "minutes", "speakers", "recordings")
    return count_table([polars.DataFrame([(*row, 0, 0) for row in rows], schema=names, orient="row")])


def panels(chart):
    """Of each row of the picture its title, and of each panel the measure, the order, and the bars."""
    shown, drawn = [], chart.to_dict()
    for row in drawn["vconcat"]:
        found = []
        for panel in row["hconcat"]:
            bars = panel["layer"][0]
            encoding = bars["encoding"]
            field = encoding["x"]["field"]
            named = bars.get("data", panel.get("data"))["name"]  # of one layer alone, they are the panel's
            values = [(each["value"], each["part"], each[field]) for each in drawn["datasets"][named]]
            found.append((field, encoding["y"]["sort"], values))
        shown.append((row["title"]["text"], found))
    return shown


BY_PART = [
    ("t", "class", "", "", "", 6, 3.0),
    ("t", "class", "", "a", "", 2, 2.0),
    ("t", "class", "", "b", "", 4, 1.0),
    ("t", "class", "", "a", "train", 1, 1.0),
    ("t", "class", "", "a", "test", 1, 1.0),
    ("t", "class", "", "b", "train", 4, 1.0),
    ("other", "class", "", "c", "train", 9, 9.0),
]


def test_classes_are_bars_by_part_of_utterances_and_of_minutes_the_largest_first():
    ((title, (utterances, minutes)),) = panels(
        distribution_chart(data_of(), [CLASSES], counts(*BY_PART), pair_table([]))
    )
    assert title == "t on d: 2 classes, split: speaker"
    assert utterances == ("utterances", ["b", "a"], [("a", "train", 1), ("a", "test", 1), ("b", "train", 4)])
    assert minutes == ("minutes", ["b", "a"], [("a", "train", 1.0), ("a", "test", 1.0), ("b", "train", 1.0)])


def test_where_no_length_is_known_there_are_no_minutes():
    without = [(*row[:6], None) for row in BY_PART]
    ((_, found),) = panels(distribution_chart(data_of(), [CLASSES], counts(*without), pair_table([])))
    assert [measure for measure, _, _ in found] == ["utterances"]


@pytest.mark.parametrize("column", ["language", ""])
def test_trials_are_bars_of_both_kinds(column):
    names = ("task", "column", "value", "trials", "target", "nontarget")
    rows = [("v", column, "en", 4, 1, 3), ("v", column, "ru", 1, 1, 0), ("v", "gender", "f", 5, 2, 3)]
    pairs = pair_table([polars.DataFrame(rows, schema=names, orient="row")] if column else [])
    ((title, ((measure, order, bars),)),) = panels(distribution_chart(data_of(), [TRIALS], counts(), pairs))
    assert (title, measure) == ("v on d: 5 trials", "trials")
    same, other = "positive: one speaker", "negative: two speakers"
    if column:
        assert order == ["en", "ru"]
        assert bars == [("en", same, 1), ("en", other, 3), ("ru", same, 1), ("ru", other, 0)]
    else:
        assert bars == [("all", same, 2), ("all", other, 3)]


def test_several_tasks_are_several_rows():
    found = panels(distribution_chart(data_of(), [CLASSES, TRIALS], counts(*BY_PART), pair_table([])))
    assert [title for title, _ in found] == ["t on d: 2 classes, split: speaker", "v on d: 5 trials"]


def test_without_a_task_the_columns_of_few_values_are_drawn_else_all():
    few = ColumnFacts(name="room", utterances=6, values=2, listed=True)
    one = ColumnFacts(name="corpus", utterances=6, values=1, listed=True)
    texts = ColumnFacts(name="text", utterances=6, values=6, listed=False)
    rows = counts(
        ("", "data", "", "", "", 6, 3.0),
        ("", "column", "room", "hall", "", 2, 1.0),
        ("", "column", "room", "booth", "", 4, 2.0),
        ("", "column", "corpus", "x", "", 6, 3.0),
    )
    ((title, (utterances, _)),) = panels(distribution_chart(data_of(few, one, texts), [], rows, pair_table([])))
    assert (title, utterances[1]) == ("room of d", ["booth", "hall"])
    ((title, (utterances, _)),) = panels(distribution_chart(data_of(one, texts), [], rows, pair_table([])))
    assert (title, utterances[2]) == ("d", [("all", "", 6)])


def test_numbers_stand_beside_few_bars_and_many_are_thin():
    for count, layers, step in ((30, 2, 26), (107, 1, 13)):
        rows = counts(*(("t", "class", "", f"l{n}", "train", n + 1, 1.0) for n in range(count)))
        (row,) = distribution_chart(data_of(), [CLASSES], rows, pair_table([])).to_dict()["vconcat"]
        assert {len(panel["layer"]) for panel in row["hconcat"]} == {layers}
        assert {panel["height"]["step"] for panel in row["hconcat"]} == {step}


def test_of_very_many_classes_the_largest_are_drawn_and_the_title_says_so():
    rows = counts(*(("t", "class", "", f"l{n:03}", "train", n + 1, 1.0) for n in range(200)))
    ((title, (utterances, _)),) = panels(distribution_chart(data_of(), [CLASSES], rows, pair_table([])))
    assert title.endswith("; the 120 largest")
    assert (utterances[1][0], utterances[1][-1], len(utterances[2])) == ("l199", "l080", 120)


@pytest.mark.usefixtures("drawn_pictures")
def test_it_is_drawn(tmp_path):
    chart = distribution_chart(data_of(), [CLASSES, TRIALS], counts(*BY_PART), pair_table([]))
    assert pictures.save_as(lambda: chart, tmp_path / "chart.png") == ""
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")
