"""Tables, sentences and pictures of a study of neurons, from made-up rows."""

from io import StringIO

import pytest
from rich.console import Console

from neuroscope.probing.cell import Cell
from neuroscope.report import pictures
from neuroscope.report.neuron_chart import neuron_chart
from neuroscope.report.neuron_findings import Findings, probability, share
from neuroscope.report.neuron_tables import controls_table, layers_table, minimal_table, sentences, sets_table

pytestmark = pytest.mark.usefixtures("drawn_pictures")

TEXTS = ["representation", "backbone", "task", "dataset", "manifest", "split", "layers", "pooling", "probe", "preset"]
CELL = Cell(**dict.fromkeys(TEXTS, ""), runs=2, seed=0)


def row(condition, metric, value, percent=None, layer="ALL", **more):
    return CELL.row(layer=layer, condition=condition, metric=metric, value=value, n=40, percent=percent, **more)


def scored(condition, value, percent=None, **more):
    return [
        row(condition, "accuracy", value, percent, low=value - 0.1, high=value + 0.05, **more),
        row(condition, "accuracy_sd", 0.02, percent, **more),
        row(condition, "accuracy", 0.0, percent, seed=0, **more),
    ]


def minimal_rows(condition, percent, accuracy):
    return [
        *scored(condition, accuracy, percent),
        *scored(f"{condition}-random", accuracy - 0.3, percent),
        row(condition, "accuracy_difference", -0.012, percent, low=-0.05, high=0.01),
        row(condition, "neurons", percent * 2, percent),
        row(condition, "neurons_percent", percent, percent),
        row(condition, "delta_rows", 0.4, percent),
        row(condition, "top_minus_random", 0.3, percent, low=0.2, high=0.4, against=f"{condition}-random"),
        row(condition, "redundant_information", 0.0, percent),
    ]


def layer_rows(layer, neurons, p_value, condition="minimal"):
    numbers = {"neurons": neurons, "neurons_percent": neurons / 2, "neurons_expected": 4.0, "p_value": p_value}
    return [row(condition, metric, value, 4.0, layer=layer) for metric, value in numbers.items()]


CONTROLS = [
    *scored("majority", 0.5, layer=""),
    *scored("probe", 0.9),
    *scored("random", 0.51),
    *scored("permuted", 0.48),
    *scored("untrained", 0.7),
    row("permuted", "selectivity", 0.42, low=0.3, high=0.5),
    row("permuted", "training_accuracy", 0.987),
    *(each for name in ("top", "random", "bottom") for each in scored(f"masked-{name}", 0.6, 20.0)),
]
SETS = [each for name in ("top", "random") for p in (5.0, 50.0) for each in scored(f"{name}-set", 0.8, p)]
MINIMAL = minimal_rows("minimal", 4.0, 0.89)
PAPERS = minimal_rows("minimal-paper", 11.93, 0.88)
LAYERS = [*layer_rows("one", 8.0, 1e-9), *layer_rows("two", 0.0, 0.034)]
TRUST = [
    row("ranking", "overlap", 0.62, 10.0),
    row("ranking", "overlap_halves", 0.31, 10.0),
    row("ranking", "overlap_chance", 0.2, 10.0),
    row("ranking", "overlap_p_value", 0.025, 10.0),
    row("ranking", "overlap_halves_chance", 0.05, 10.0),
    row("ranking", "overlap_halves_p_value", 0.075, 10.0),
    row("ranking", "overlap_rankers", 0.2, 10.0, against="each-alone", seed=0),
    row("ranking", "overlap_rankers", 0.25, 10.0, against="each-alone"),
    row("top-set", "top_minus_random", 0.1, 1.0, low=-0.02, high=0.2, against="random-set"),
]
ALL = [*CONTROLS, *SETS, *MINIMAL, *PAPERS, *LAYERS, *TRUST]


def lines(table):
    console = Console(width=100, file=StringIO())
    console.print(table)
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("percent", "text"),
    [(0.1, "0.1 %"), (0.93456, "0.93 %"), (2.0833, "2.1 %"), (5, "5 %"), (11.93, "11.9 %"), (72.94, "72.9 %")],
)
def test_a_share_has_no_more_digits_than_it_is_worth(percent, text):
    assert share(percent) == text


def test_all_of_them_are_a_hundred_per_cent():
    assert share(99.96) == share(100.0) == "100 %"


def test_a_p_value_is_not_told_beyond_what_it_means():
    assert [probability(each) for each in (1.0, 0.0342, 0.001, 1e-12, 0.0)] == [
        "1",
        "0.034",
        "0.001",
        "< 0.001",
        "< 0.001",
    ]


def test_controls_stand_under_the_probe_the_one_that_may_know_most_first():
    assert [line.rsplit(" – ")[0] for line in lines(controls_table(Findings(ALL)))] == [
        "condition accuracy % 95 % interval",
        "probe on all neurons 90.0 ± 2.0 80.0",
        "untrained network 70.0 ± 2.0 60.0",
        "random features 51.0 ± 2.0 41.0",
        "control task 48.0 ± 2.0 38.0",
        "majority class 50.0 ± 2.0 40.0",
        "top 20 %, others masked 60.0 ± 2.0 50.0",
        "random 20 %, others masked 60.0 ± 2.0 50.0",
        "bottom 20 %, others masked 60.0 ± 2.0 50.0",
    ]


def test_what_was_not_looked_at_is_not_in_the_table():
    without = [each for each in CONTROLS if each.condition not in {"untrained", "masked-top"}]
    said = " ".join(lines(controls_table(Findings(without))))
    assert "untrained" not in said
    assert "top 20 %" not in said


def test_a_set_that_is_missing_is_a_dash():
    assert lines(sets_table(Findings(SETS)))[1:] == ["5 % 80.0 ± 2.0 80.0 ± 2.0 –", "50 % 80.0 ± 2.0 80.0 ± 2.0 –"]


def test_minimal_sets_by_every_rule_that_there_is():
    assert lines(minimal_table(Findings(ALL))) == [
        "minimal set neurons of all accuracy % less all, points at random %",
        "lost at most a point on folds 8 4 % 89.0 -1.2 (-5.0 to +1.0) 59.0",
        "paper's, chosen on test 24 11.9 % 88.0 -1.2 (-5.0 to +1.0) 58.0",
    ]


def test_the_layers_of_the_minimal_set():
    assert lines(layers_table(Findings(ALL)))[1:] == ["one 8.0 4.0 % 4.0 < 0.001", "two 0.0 0.0 % 4.0 0.034"]
    assert Findings(layer_rows("one", 8.0, 1.0)).layers == []


def test_what_is_said_beside_the_tables():
    assert sentences(Findings(ALL)) == [
        "Selectivity: 42.0 points (30.0 to 50.0); of its training rows the control task learns 98.7 %.",
        "Sizes are chosen on the training part, the paper's on test; a point is 0.4 test utterances.",
        "Trained anew, the top 1 % less as many at random: +10.0 (-2.0 to +20.0).",
        "This ranking shows no concentration: no top is surely above random neurons. Another ranking: --ranking "
        "each-alone.",
        "The minimal set less as many at random: +30.0 (+20.0 to +40.0); surely more than 5 points: others know less.",
        "Stability (overlap of the top 10 %): two runs 0.62 (above chance, 0.20; p 0.025), two halves of the groups "
        "0.31 (not above chance, 0.05; p 0.075).",
        "The same overlap with an unlike ranking, each-alone: 0.25.",
    ]


def test_a_top_that_is_above_random_at_one_share_is_a_concentration():
    above = row("top-set", "top_minus_random", 0.2, 5.0, low=0.01, high=0.3, against="random-set")
    assert not any("no concentration" in line for line in sentences(Findings([*TRUST, above])))


def test_one_run_has_a_stability_too():
    rows = [each for each in TRUST if each.metric != "overlap" and not each.metric.startswith("overlap_halves_")]
    assert "Stability (overlap of the top 10 %): two halves of the groups 0.31." in sentences(Findings(rows))


def test_the_sizes_of_minimal_sets_are_told_with_their_range():
    each = [row("minimal", "neurons", size, 4.0, seed=seed) for seed, size in enumerate((2.0, 14.0))]
    others = [row("minimal", "neurons", 99.0, 4.0, seed=0, layer="one")]
    assert lines(minimal_table(Findings([*MINIMAL, *others, *each])))[1].split("folds ")[1].startswith("8.0 (2–14) 4 %")


def test_the_papers_rule_alone_is_chosen_on_test():
    findings = Findings([*CONTROLS, *SETS, *PAPERS])
    assert findings.chosen == "minimal-paper"
    assert "Sizes are chosen on test; a point is 0.4 test utterances." in sentences(findings)


@pytest.mark.parametrize(
    ("redundant", "low", "verdict"),
    [
        (1.0, -0.01, "surely below 5 points: others know as much."),
        (0.0, 0.051, "surely more than 5 points: others know less."),
        (0.0, 0.05, "whether others know as much is open."),
        (0.0, -0.1, "whether others know as much is open."),
    ],
)
def test_redundant_information_is_called_so(redundant, low, verdict):
    gap = row("minimal", "top_minus_random", 0.1, 4.0, low=low, high=0.2, against="minimal-random")
    rows = [gap, row("minimal", "redundant_information", redundant, 4.0), *MINIMAL]
    (said,) = [line for line in sentences(Findings(rows)) if line.startswith("The minimal set less")]
    assert said.endswith("; " + verdict)


def test_of_nothing_nothing_is_said():
    assert sentences(Findings([])) == []
    assert Findings([]).chosen == ""
    assert Findings([]).masked_percent is None


@pytest.mark.parametrize("rows", [ALL, [*CONTROLS, *SETS], [*CONTROLS, *SETS, *PAPERS]], ids=["all", "few", "paper"])
def test_the_picture_is_drawn_of_what_there_is(rows, tmp_path):
    assert not pictures.save(lambda: neuron_chart(Findings(rows), "a title"), tmp_path, "neurons")
    drawn = (tmp_path / "neurons.svg").read_text()
    assert "a title" in drawn
    assert "neurons kept, %" in drawn
    assert ("by layer" in drawn) is (rows is ALL)
    assert ("minimal set, 4 %" in drawn) is (rows is ALL)
    assert ("minimal set, 11.9 %" in drawn) is (PAPERS[0] in rows and rows is not ALL)
    assert (tmp_path / "neurons.png").read_bytes().startswith(b"\x89PNG")


def test_rows_of_one_run_have_no_deviation():
    only = [row("probe", "accuracy", 0.9)]
    assert lines(controls_table(Findings(only)))[1] == "probe on all neurons 90.0 –"
