"""What a docstring in Google's style says of a function and of its arguments; whatever stands there is no error."""

import functools
from dataclasses import dataclass

import pytest

from neuroscope.runtime.docstrings import Documentation, documentation_of, parse


def make(name: str, *, width: int = 4, seed: int = 0) -> None:
    """Make a network of bands.

    It stands for another one, which is not
    to be had: see ``elsewhere``.

    - first
    - second

    Args:
        name: what stands
            behind the colon.
        width (int): of a band: a number.
        seed: of all.

    Raises:
        BadOption: nothing: of the kind.
    """


TEXT = """Make a network of bands.

It stands for another one, which is not to be had: see `elsewhere`.

- first
- second"""
SAID = {"name": "what stands behind the colon.", "width": "of a band: a number.", "seed": "of all."}


class Made:
    """A thing.

    Attributes:
        width: of it.
    """

    def __init__(self, width: int = 1, depth: int = 2) -> None:
        """Make it.

        Args:
            depth: of it, too.
        """


class Called:
    """An object."""

    def __call__(self, width: int = 1) -> None:
        """Make what is called for.

        Args:
            width: of that.
        """


@dataclass
class Bare:
    width: int = 1


def test_text_and_arguments_are_found():
    assert documentation_of(make) == Documentation(TEXT, SAID)


def test_whatever_makes_a_component_may_be_documented():
    assert documentation_of(functools.partial(make, "x", width=2)) == Documentation(TEXT, SAID)
    assert documentation_of(Made) == Documentation("A thing.", {"width": "of it.", "depth": "of it, too."})
    assert documentation_of(Called()) == Documentation("Make what is called for.", {"width": "of that."})


@pytest.mark.parametrize("silent", [lambda width=1: None, Bare, dict, functools.partial(lambda: None)])
def test_who_says_nothing_is_quoted_with_nothing(silent):
    found = documentation_of(silent)
    assert "Bare(" not in found.text
    assert found.arguments == {}


@pytest.mark.parametrize(
    ("docstring", "text", "arguments"),
    [
        ("", "", {}),
        ("One line.", "One line.", {}),
        ("Args:", "", {}),
        ("Args:\n    a: one", "", {"a": "one"}),
        ("Do.\n\nArgs:\n  no colon here\n  a, b: both\n  *more: others\n\n  c: after a gap", "Do.", None),
        ("Do.\n\nParameters\n----------\na : int\n    Numpy's.", "Do.", {}),
        ("Do.\n\nNotes stand here: no section.", "Do.\n\nNotes stand here: no section.", {}),
        ("Do.\n\nExample:\n    x\n\nArgs:\n    a: one\nReturns:\n    b: two", "Do.", {"a": "one"}),
        ("Do.\n\nArgs:\n    a: of ``x::y``\n        and more", "Do.", {"a": "of `x::y` and more"}),
    ],
)
def test_how_docstrings_are_read(docstring, text, arguments):
    found = parse(docstring)
    assert found.text == text
    expected = {"a": "both", "b": "both", "more": "others", "c": "after a gap"} if arguments is None else arguments
    assert found.arguments == expected


def test_a_docstring_that_is_no_text_is_none():
    def odd():
        pass

    odd.__doc__ = 17
    assert documentation_of(odd) == Documentation()
