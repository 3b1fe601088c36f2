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

pytestmark = pytest.mark.usefixtures("drawn_pictures")


def point(layer, value, low=None, high=None):
    return Point(layer, value, 0.01, low, high)


def curve(*points, gaps=None, p_values=(0.01,)):
    """The gaps are the upper ends of the intervals of each layer's difference to the best."""
    behind = {layer: Point(layer, -0.1, None, -0.2, high) for layer, high in (gaps or {}).items()}
    known = dict(zip((each.layer for each in points), p_values, strict=False))
    return Curve("b", "t", points, Point("", 0.5, None, None, None), behind, known)


L1, L2, EVERYTHING = point("l1", 0.6, 0.5, 0.7), point("l2", 0.9, 0.85, 0.95), point("ALL", 0.99, 0.98, 1)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (
            curve(L1, L2, EVERYTHING, gaps={"l1": -0.01, "ALL": 0.02}),
            "Best layer: l2, 90.0 %; not told apart from it: ALL.",
        ),
        (curve(L1, L2, gaps={"l1": -0.01}), "Best layer: l2, 90.0 %; all others are behind it."),
        (curve(L1, L2, gaps={"l1": 0.0}), "Best layer: l2, 90.0 %; no layer is told apart from it."),
        (curve(L1, L2), "Best layer: l2, 90.0 %; no layer is told apart from it."),
        (curve(L2), "Best layer: l2, 90.0 %."),
        (
            curve(L1, L2, gaps={"l1": -0.01}, p_values=(0.05, 0.5)),
            "Best layer: l2, 90.0 %; no layer is shown to know it: a probe that knows nothing may do as well.",
        ),
        (
            replace(curve(L1, L2, gaps={"l1": -0.01}), unlearned=("l1",)),
            "Best layer: l2, 90.0 %; probes are far from their optimum, so nothing is said of what the layers know.",
        ),
        (
            curve(point("l1", 0.5), point("l2", 0.9)),
            "Best layer: l2, 90.0 %; its test part is one group, so there is nothing to compare others by.",
        ),
    ],
)
def test_the_sentence_says_what_was_tested(made, said):
    assert sentence(made) == said


def test_all_is_compared_but_never_best():
    assert best_layer(curve(L1, L2, EVERYTHING)).layer == "l2"


@pytest.mark.parametrize(
    ("made", "not_separated", "known"),
    [
        (curve(L1, L2, EVERYTHING, gaps={"l1": -0.01, "ALL": 0.02}), ("ALL",), True),
        (curve(L1, L2, gaps={"l1": -0.01}, p_values=(0.2, 0.049)), (), True),
        (curve(L1, L2, gaps={"l1": 0.01}, p_values=(0.2, 0.05)), ("l1",), False),
        (curve(L1, L2, gaps={"l1": None}, p_values=()), ("l1",), False),
    ],
)
def test_the_best_layer_as_data(made, not_separated, known):
    best = best_layer(made)
    assert (best.backbone, best.task, best.layer) == ("b", "t", "l2")
    assert (best.not_separated, best.known) == (not_separated, known)
    assert (best.accuracy, best.low, best.high) == (L2.value, L2.low, L2.high)


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
    yield cell.row(layer="", condition="majority", metric="accuracy", value=0.5, n=10)
    gap = {"condition": "probe", "metric": "accuracy_difference", "against": "l2", "n": 10}
    yield cell.row(layer="l1", value=-0.1, low=-0.2, high=-0.01, **gap)
    yield cell.row(layer="ALL", value=0.1, low=0.0, high=0.2, **gap)
    for seed, excess in ((0, 0.1), (1, 0.4)):
        yield cell.row(layer="l2", condition="probe", metric="excess_loss", value=excess, n=10, seed=seed)
    yield cell.row(layer="l2", condition="probe", metric="p_value", against="chance", value=0.03, n=10)


def test_curves_are_a_query_on_rows():
    first, second = curves([*rows_of("one", "t"), *rows_of("two", "t")])
    assert (first.backbone, second.backbone) == ("one", "two")
    assert [each.layer for each in first.points] == ["l1", "l2", "ALL"]
    assert first.points[1] == Point("l2", 0.8, 0.03, pytest.approx(0.7), pytest.approx(0.85))
    assert first.majority.value == 0.5
    assert first.behind == {"l1": Point("l1", -0.1, None, -0.2, -0.01), "ALL": Point("ALL", 0.1, None, 0.0, 0.2)}
    assert first.p_values == {"l2": 0.03}
    assert first.unlearned == ("l2",)


def test_differences_between_backbones_are_none_between_layers():
    one, two = (list(rows_of(name, "t")) for name in ("one", "two"))
    gap = {"layer": "ALL", "value": 0.2, "low": 0.1, "high": 0.3, "metric": "accuracy_difference"}
    first, second = curves([*one, *two, replace(one[0], **gap, against=two[0].run)])
    assert first.beyond == {second.run: Point("ALL", 0.2, None, 0.1, 0.3)}
    assert second.beyond == {}
    assert first.behind == second.behind
    assert set(first.behind) == {"l1", "ALL"}


def test_the_whole_of_a_backbone_is_what_nobody_chose():
    assert curve(L1, L2, EVERYTHING).whole == EVERYTHING
    assert curve(L1).whole == L1
    assert curve(L1, L2).whole is None


def test_the_table_shows_every_layer_and_the_baseline():
    (found,) = curves(rows_of("one", "t"))
    console = Console(width=100)
    with console.capture() as captured:
        console.print(layer_table(found))
    text = captured.get()
    assert all(name in text for name in ("l1", "l2", "ALL", "majority", "80.0 ±  3.0", "70.0 – 85.0"))


def test_the_picture_holds_every_layer_and_backbone(tmp_path):
    drawn = curves([*rows_of("one", "gc"), *rows_of("two", "gc"), *rows_of("one", "lid")])
    assert not pictures.save(lambda: layer_chart(drawn), tmp_path, "layers")
    text = "".join(ElementTree.parse(tmp_path / "layers.svg").getroot().itertext())
    assert all(name in text for name in ("l1", "l2", "ALL", "majority", "gc", "lid", "one", "two"))
    assert (tmp_path / "layers.png").read_bytes().startswith(b"\x89PNG")


def depths_in(chart):
    """Of each backbone the depth of its layers, where the axis is one of depths; and the names beside the dots."""
    spec = chart.to_dict()
    layers = spec["concat"][0]["layer"]
    on_axis = [each["encoding"]["x"].get("field") for each in layers if "field" in each["encoding"].get("x", {})]
    (values,) = [values for values in spec["datasets"].values() if "depth" in values[0]]
    depths = {}
    for value in values:
        depths.setdefault(value["backbone"], {})[value["layer"]] = value["depth"]
    names = [value["label"] for value in values if value["label"]]
    return set(on_axis), depths, names


def test_backbones_of_other_layers_are_drawn_at_relative_depth(tmp_path):
    deep = replace(curve(*(point(f"L{n}", 0.5 + n / 100) for n in range(1, 9)), EVERYTHING), backbone="deep")
    axis, depths, names = depths_in(layer_chart([curve(L1, L2, EVERYTHING), deep, replace(curve(L2), backbone="one")]))
    assert axis == {"depth"}
    assert depths["b"] == {"l1": 0, "l2": 1, "ALL": pytest.approx(1.14)}
    assert list(depths["deep"].values())[:-1] == pytest.approx([0.011 + n / 7 for n in range(8)])
    assert depths["deep"]["ALL"] == pytest.approx(1.151)
    assert depths["one"] == {"l2": pytest.approx(1.022)}
    assert names == ["l1", "l2", "L1", "L8", "l2"]
    assert not pictures.save(lambda: layer_chart([curve(L1, L2, EVERYTHING), deep]), tmp_path, "layers")
    text = "".join(ElementTree.parse(tmp_path / "layers.svg").getroot().itertext())
    assert all(name in text for name in ("first layer", "last layer", "ALL", "l1", "l2", "L1", "L8", "deep"))


def test_backbones_of_the_same_layers_have_them_as_their_axis():
    axis, _, _ = depths_in(layer_chart([curve(L1, L2), replace(curve(L1, L2), backbone="twin")]))
    assert axis == {"layer"}


def test_a_layer_without_an_interval_is_drawn_too(tmp_path):
    (found,) = curves(rows_of("one", "t"))
    bare = replace(found, points=tuple(replace(each, low=None, high=None, sd=None) for each in found.points))
    assert not pictures.save(lambda: layer_chart([bare]), tmp_path, "layers")
    assert (tmp_path / "layers.svg").exists()


def test_ten_backbones_look_different_stand_close_and_each_set_of_utterances_has_its_majority(tmp_path):
    curves = [replace(curve(L1, L2, EVERYTHING), backbone=f"b{n}") for n in range(9)]
    other = replace(curve(L1, EVERYTHING), backbone="b9", majority=replace(curves[0].majority, value=0.25))
    spec = layer_chart([*curves, other]).to_dict()
    dots = [each for each in spec["concat"][0]["layer"] if "shape" in each["encoding"]]
    looks = [dots[0]["encoding"][name]["scale"]["range"] for name in ("color", "shape")]
    assert len(set(zip(*looks, strict=True))) == len(set(looks[0])) == 10
    values = [each for data in spec["datasets"].values() for each in data]
    first = {each["number"]: each["depth"] for each in values if each.get("layer") == "l1" and each["number"] < 9}
    assert len(set(first.values())) == 9
    assert max(first.values()) - min(first.values()) <= 0.05
    assert max(abs(dy) for dy in found_in(spec, "dy")) <= 13
    assert {each["majority"] for each in values if "majority" in each} == {curves[0].majority.value, 0.25}
    assert not pictures.save(lambda: layer_chart([*curves, other]), tmp_path, "layers")


def found_in(spec, name):
    """Every value of this name, however deep it lies."""
    inner = spec.values() if isinstance(spec, dict) else spec if isinstance(spec, list) else ()
    own = [spec[name]] if isinstance(spec, dict) and name in spec else []
    return own + [value for each in inner for value in found_in(each, name)]
