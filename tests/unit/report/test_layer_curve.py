"""The curve, the sentence that may be said of it, its table and its picture."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
from rich.console import Console

from neuroscope.probing.cell import Cell
from neuroscope.report import pictures
from neuroscope.report.layer_chart import layer_chart
from neuroscope.report.layer_curve import Curve, Point, best_layer, curves, sentence
from neuroscope.report.layer_table import layer_table


def point(layer, value, low=None, high=None):
    return Point(layer, value, 0.01, low, high)


def curve(*points, majority=0.5):
    return Curve("b", "t", points, point("", majority, majority - 0.1, majority + 0.1))


def test_the_best_layer_and_those_its_interval_does_not_separate():
    text = sentence(curve(point("l1", 0.6, 0.5, 0.7), point("l2", 0.9, 0.85, 0.95), point("l3", 0.87, 0.8, 0.93)))
    assert text.startswith("Best layer: l2, 90.0 %")
    assert "l3" in text
    assert "l1" not in text


def test_all_is_compared_but_never_best():
    text = sentence(curve(point("l1", 0.6, 0.5, 0.7), point("l2", 0.9, 0.85, 0.95), point("ALL", 0.99, 0.98, 1)))
    assert text.startswith("Best layer: l2")
    assert "ALL" in text


def test_a_layer_that_is_alone():
    text = sentence(curve(point("l1", 0.6, 0.5, 0.7), point("l2", 0.9, 0.85, 0.95)))
    assert "separates it from all others" in text


def test_the_only_layer_is_compared_with_nothing():
    assert sentence(curve(point("l2", 0.9, 0.85, 0.95))) == "Best layer: l2, 90.0 %."


def test_chance_is_said_to_be_chance():
    text = sentence(curve(point("l1", 0.5, 0.4, 0.6), point("l2", 0.56, 0.45, 0.65)))
    assert "majority" in text
    assert "no layer is shown to know it" in text


def test_without_an_interval_nothing_is_compared():
    assert "no interval" in sentence(curve(point("l1", 0.5), point("l2", 0.9)))


@pytest.mark.parametrize(
    ("points", "not_separated", "above"),
    [
        ([point("l1", 0.6, 0.5, 0.7), point("l2", 0.9, 0.85, 0.95), point("ALL", 0.99, 0.98, 1)], ("ALL",), True),
        ([point("l1", 0.6, 0.5, 0.7), point("l2", 0.9, 0.85, 0.95)], (), True),
        ([point("l1", 0.5, 0.4, 0.6), point("l2", 0.56, 0.45, 0.65)], ("l1",), False),
        ([point("l1", 0.5), point("l2", 0.9)], ("l1",), False),
    ],
)
def test_the_best_layer_as_data(points, not_separated, above):
    best = best_layer(curve(*points))
    assert (best.backbone, best.task, best.layer) == ("b", "t", "l2")
    assert (best.not_separated, best.above_majority) == (not_separated, above)
    assert (best.accuracy, best.low, best.high) == (points[1].value, points[1].low, points[1].high)


def rows_of(backbone, task):
    conditions = dict.fromkeys(
        ("representation", "dataset", "manifest", "split", "layers", "pooling", "probe", "preset"), "x"
    )
    cell = Cell(backbone=backbone, task=task, runs=5, seed=0, **conditions)
    for layer, value in (("l1", 0.7), ("l2", 0.8), ("ALL", 0.9)):
        common = {"layer": layer, "condition": "probe", "n": 10}
        yield cell.row(**common, metric="accuracy", value=value, low=value - 0.1, high=value + 0.05)
        yield cell.row(**common, metric="accuracy_sd", value=0.03)
        yield cell.row(**common, metric="balanced_accuracy", value=0.1)
        yield cell.row(**common, metric="accuracy", value=0.2, seed=0)
    yield cell.row(layer="", condition="majority", metric="accuracy", value=0.5, n=10, low=0.4, high=0.6)


def test_curves_are_a_query_on_rows():
    first, second = curves([*rows_of("one", "t"), *rows_of("two", "t")])
    assert (first.backbone, second.backbone) == ("one", "two")
    assert [each.layer for each in first.points] == ["l1", "l2", "ALL"]
    assert first.points[1] == Point("l2", 0.8, 0.03, pytest.approx(0.7), pytest.approx(0.85))
    assert first.majority.value == 0.5


def test_the_table_shows_every_layer_and_the_baseline():
    (found,) = curves(rows_of("one", "t"))
    console = Console(width=100)
    with console.capture() as captured:
        console.print(layer_table(found))
    text = captured.get()
    assert all(name in text for name in ("l1", "l2", "ALL", "majority", "80.0 ±  3.0", "70.0 – 85.0"))


def test_the_picture_holds_every_layer_and_backbone(tmp_path):
    drawn = curves([*rows_of("one", "gc"), *rows_of("two", "gc"), *rows_of("one", "lid")])
    pictures.save(layer_chart(drawn), tmp_path, "layers")
    text = "".join(ElementTree.parse(tmp_path / "layers.svg").getroot().itertext())
    assert all(name in text for name in ("l1", "l2", "ALL", "majority", "gc", "lid", "one", "two"))
    assert (tmp_path / "layers.png").read_bytes().startswith(b"\x89PNG")


def test_a_layer_without_an_interval_is_drawn_too(tmp_path):
    (found,) = curves(rows_of("one", "t"))
    bare = replace(found, points=tuple(replace(each, low=None, high=None, sd=None) for each in found.points))
    pictures.save(layer_chart([bare]), tmp_path, "layers")
    assert (tmp_path / "layers.svg").exists()
