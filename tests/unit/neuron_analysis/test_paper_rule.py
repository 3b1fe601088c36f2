"""The arithmetic of the paper's rule for minimal sets."""

import pytest

from neuroscope.neuron_analysis.minimal import paper_rule

CURVE = {1: 0.80, 5: 0.86, 10: 0.89, 15: 0.91, 20: 0.93, 25: 0.92, 50: 0.90, 75: 0.90}


@pytest.mark.parametrize(
    ("all_of_them", "rule", "percent"),
    [
        (0.90, {}, 10),  # 0.89 is on the threshold, and holds
        (0.9001, {}, 15),
        (0.95, {}, 100),
        (0.94, {}, 20),
        (0.81, {}, 1),
        (0.81, {"delta": 0.0}, 5),
        (0.84, {"two_sided": True}, 100),
        (0.85, {"two_sided": True}, 5),
        (0.90, {"relative": 0.97}, 10),
        (0.88, {"relative": 0.97}, 5),
        (0.99, {"relative": 0.97}, 100),
    ],
)
def test_the_papers_rule_takes_the_first_percentage_that_holds(all_of_them, rule, percent):
    assert paper_rule(CURVE, all_of_them, **rule) == percent
    assert paper_rule(dict(reversed(CURVE.items())), all_of_them, **rule) == percent


def test_the_papers_rule_without_a_percentage_is_all_of_them():
    assert paper_rule({}, 0.5) == 100
