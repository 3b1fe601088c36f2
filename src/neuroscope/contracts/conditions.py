"""Names of the conditions in rows, each defined once: the analysis writes them, reports look them up."""

from __future__ import annotations

PROBE = "probe"
"""The probe, on all columns of a layer or of ALL."""
MAJORITY = "majority"
"""The most frequent class of the test part: no constant answer is right more often."""
CHANCE = "chance"
"""What a probe is compared with that knows nothing: a balanced accuracy of 1 / classes."""

RANDOM, RANDOM_UNIFORM, RANDOM_MATCHED = "random", "random,distribution=uniform", "random,distribution=matched"
"""Random features in place of the model's, by their distribution; normal where none is named."""
PERMUTED = "permuted"
"""The control task: labels permuted over what they belong to, e.g. speakers."""
UNTRAINED = "untrained"
"""The same network with random weights."""

MASKED_TOP, MASKED_RANDOM, MASKED_BOTTOM = "masked-top", "masked-random", "masked-bottom"
"""The probe of all neurons, where all but these are masked."""
TOP_SET, RANDOM_SET, BOTTOM_SET = "top-set", "random-set", "bottom-set"
"""A probe that was trained anew on these neurons alone."""

MINIMAL, MINIMAL_SURE, MINIMAL_RELATIVE, MINIMAL_PAPER = (
    "minimal",
    "minimal-sure",
    "minimal-relative",
    "minimal-paper",
)
"""Minimal sets: lose at most a point; surely no more; keep 97 % of the accuracy; the paper's, chosen on test rows."""

RANKING = "ranking"
"""A ranking itself."""


def at_random(condition: str) -> str:
    """Name the condition of a random set that has as many neurons as that condition's set."""
    return f"{condition}-random"
