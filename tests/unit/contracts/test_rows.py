"""Names of layers that rows can tell apart."""

import pytest

from neuroscope.contracts.rows import problem_with_layer_name


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("ALL", "is the name of all layers side by side"),
        ("", "is empty"),
        ("  ", "is empty"),
        ("a\x1b[31m", "holds characters that cannot be printed"),
        ("a\nb", "holds characters that cannot be printed"),
        ("a" * 201, "is longer than 200 characters"),
        ("a" * 200, ""),
        ("all", ""),
        ("layer 1, ü", ""),
    ],
)
def test_a_name_is_refused_where_it_would_be_mistaken(name, problem):
    assert problem_with_layer_name(name) == problem
