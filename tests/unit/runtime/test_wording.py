"""Text for people: what is escaped, and what stays as it is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroscope.runtime.wording import counted, one_line, printable


@pytest.mark.parametrize(
    "text", ["Zürich", "日本語", "می‌خواهم", "👩‍🔬", "a b\u00a0c", "first\nsecond", "C:\\x", "± – █"]
)
def test_text_of_people_stays_as_it_is(text):
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x7f\x85\x9f", r"\x7f\x85\x9f"),
        ("a\rb\tc", r"a\rb\tc"),
        ("\u202eevil\u2066", r"\u202eevil\u2066"),
        ("\ufefflabel", r"\ufefflabel"),
        ("\udcc3.wav", r"\xc3.wav"),
        ("\ud800", r"\ud800"),
        ("\uffff\U0001ffff", r"\uffff\U0001ffff"),
    ],
)
def test_what_moves_hides_or_reorders_is_escaped(text, shown):
    assert printable(text) == shown


@given(st.text(alphabet=st.characters()), st.sampled_from(["utf-8", "ascii", "latin-1", "cp1252", "utf-16"]))
def test_what_is_printable_can_be_written_to_a_terminal_to_a_picture_and_again(text, encoding):
    shown = printable(text, encoding)
    shown.encode(encoding)
    assert not set(shown) & {chr(code) for code in (*range(10), *range(11, 32), *range(127, 160))}
    assert printable(shown, encoding) == shown
    assert json.loads(json.dumps(shown)) == shown


def test_a_name_within_a_line_keeps_it_one():
    assert one_line("a\nError: b") == r"a\nError: b"


@pytest.mark.parametrize(("number", "said"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows")])
def test_one_thing_is_one(number, said):
    assert counted(number, "row") == said
