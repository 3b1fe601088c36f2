"""The component grammar and the options of factories."""

import functools
import math
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroscope.errors import BadOption, PluginBroken, UnknownName
from neuroscope.plugin.options import Option, convert_all, join, options_of, parse, parse_pairs, to_path, to_text

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))
NAMES = TEXTS.map(str.strip).filter(bool)
KEYS = st.from_regex(r"\A[^\W\d]\w*\Z")


@given(NAMES, st.dictionaries(KEYS, TEXTS))
def test_joining_and_parsing_is_the_identity(name, values):
    assert parse(join(name, values)) == (name, values)


@given(st.floats(allow_nan=False))
def test_a_float_survives_its_text(value):
    assert float(to_text(value)) == value


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)).map(tuple))
def test_a_tuple_of_floats_survives_its_text(values):
    assert Option("x", tuple[float, ...], ()).convert(to_text(values)) == values


def test_a_float_is_written_as_people_write_it():
    assert [to_text(x) for x in (0.1234567, 1e-5, 3.0, 1e20)] == ["0.1234567", "1e-05", "3", "1e20"]


@pytest.mark.parametrize("text", ["", ",k=v", "  ", "  ,k=v"])
def test_a_component_needs_a_name(text):
    with pytest.raises(BadOption, match="no name"):
        parse(text)


@pytest.mark.parametrize("text", ["name,", "name,k", "name,=v", "name,k=1,", "name, =1"])
def test_every_part_is_key_equals_value(text):
    with pytest.raises(BadOption, match="no key=value"):
        parse(text)


def test_only_the_first_equals_sign_parts_key_and_value():
    assert parse("folder,label_from=(?P<a>x)=1") == ("folder", {"label_from": "(?P<a>x)=1"})


def test_a_key_given_twice_is_an_error_that_names_it():
    with pytest.raises(BadOption, match=r"'width'.*twice"):
        parse("toy,width=1,width=1")
    with pytest.raises(BadOption, match=r"'a'.*twice in --data"):
        parse_pairs(["a=1", "a=2"], of="--data")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (int, "-3", -3),
        (int, " 4 ", 4),
        (float, "1e-5", 1e-5),
        (float, "inf", math.inf),
        (bool, "YES", True),
        (bool, "0", False),
        (str, "", ""),
        (str, "a=b", "a=b"),
        (Path, "a b/é", Path("a b/é")),
        (Literal["adam", "optimum"], "adam", "adam"),
        (Literal[1, 2], "2", 2),
        (int | None, "None", None),
        (str | None, "none", None),
        (int | str, "7", 7),
        (int | str, "seven", "seven"),
        (tuple[int, ...], "1+2", (1, 2)),
        (tuple[str, ...], "", ()),
        (tuple[str, ...] | None, "none", None),
        (Literal["auto"] | float, "0.5", 0.5),
    ],
)
def test_values_are_read_by_type(kind, text, value):
    read = Option("x", kind, None).convert(text)
    assert (read, type(read)) == (value, type(value) if not isinstance(value, Path) else type(Path()))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (int, "1.0"),
        (int, ""),
        (int, "9" * 5000),
        (float, "nan"),
        (float, "1,5"),
        (bool, "maybe"),
        (bool, ""),
        (Path, ""),
        (Path, "~nobody-has-this-name/x"),
        (Literal["adam"], "Adam"),
        (int | None, "nothing"),
        (tuple[int, ...], "1+x"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_with_what_was_expected(kind, text):
    option = Option("width", kind, None)
    with pytest.raises(BadOption) as caught:
        convert_all({"width": text}, {"width": option}, of="toy")
    assert f"width={text}" in str(caught.value)
    assert option.expects in str(caught.value)


def test_home_folders_are_read():
    assert to_path("~/x") == Path.home() / "x"


def test_an_unknown_option_is_told_with_those_that_exist():
    with pytest.raises(UnknownName, match=r"option of toy.*widht.*Did you mean 'width'"):
        convert_all({"widht": "1"}, {"width": Option("width", int, 1)}, of="toy")


def test_converted_options_come_in_the_order_of_the_factory():
    known = options_of(lambda *, b=1, a=2: None)
    assert list(convert_all({"a": "1", "b": "2"}, known, of="x")) == ["b", "a"]


def test_only_parameters_with_a_default_are_options():
    def factory(root: Path, *more, seed: int = 0, **rest): ...

    assert list(options_of(factory)) == ["seed"]


class Machine:
    def __init__(self, device: "Literal['cpu', 'cuda'] | None" = None, *, width: int = 3): ...


class Builder:
    def __call__(self, *, depth: "int | None" = None): ...


def make(first, *, share: "float" = 1) -> "OnlyForTypeCheckers":  # noqa: F821
    ...


@functools.wraps(make)
def wrapped(*args, **kwargs):
    return make(*args, **kwargs)


@pytest.mark.parametrize(
    ("factory", "kinds"),
    [
        (Machine, {"device": Literal["cpu", "cuda"] | None, "width": int}),
        (Builder(), {"depth": int | None}),
        (make, {"share": float}),
        (wrapped, {"share": float}),
        (functools.partial(make, "x"), {"share": float}),
        (functools.partial(functools.partial(make, "x"), share=2), {"share": float}),
        (lambda *, a=1, b="x", c=False, d=0.5, e=Path("p"): None, dict(a=int, b=str, c=bool, d=float, e=Path)),
    ],
)
def test_types_come_from_annotations_else_from_defaults_whatever_the_factory_is(factory, kinds):
    assert {name: option.type for name, option in options_of(factory).items()} == kinds


def test_an_annotation_that_cannot_be_read_is_told_with_the_option():
    def factory(*, path: "PathOfTypeCheckers" = "x"): ...  # noqa: F821

    with pytest.raises(PluginBroken, match=r"'path'.*PathOfTypeCheckers"):
        options_of(factory)


@pytest.mark.parametrize(
    "factory",
    [
        lambda *, a=None: None,
        lambda *, a=(1, 2): None,
        lambda *, a=[1]: None,
    ],
)
def test_a_default_that_tells_no_type_needs_an_annotation(factory):
    with pytest.raises(PluginBroken, match=r"'a'.*annotation"):
        options_of(factory)


@pytest.mark.parametrize("kind", [list[str], dict[str, int], tuple[int, int], tuple, bytes, int | bytes, type(None)])
def test_types_that_the_grammar_cannot_write_are_refused_before_anybody_uses_them(kind):
    def factory(*, a=None): ...

    factory.__annotations__["a"] = kind
    with pytest.raises(PluginBroken, match="'a'"):
        options_of(factory)
