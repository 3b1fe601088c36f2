"""Names of the metrics in rows, each defined once: the analysis writes them, reports look them up."""

from __future__ import annotations

ACCURACY, BALANCED_ACCURACY = "accuracy", "balanced_accuracy"

TRAINING_ACCURACY = "training_accuracy"
"""Accuracy on the rows that the probe was trained on, each as often as it counted."""
SELECTIVITY = "selectivity"
"""Accuracy less that on the control task."""
TOP_MINUS_RANDOM = "top_minus_random"
"""Accuracy of the first neurons less that of as many random ones."""
FOLD_ACCURACY_DIFFERENCE = "fold_accuracy_difference"
"""What a chosen size lost on the folds that it was chosen on."""

NEURONS, NEURONS_PERCENT, NEURONS_EXPECTED = "neurons", "neurons_percent", "neurons_expected"
"""Size of a set, or of its part in a layer; that in per cent of all neurons; what no preference gives the layer."""
P_VALUE = "p_value"
DELTA_ROWS = "delta_rows"
"""The loss of accuracy that a minimal set is allowed, as a number of test rows."""
REDUNDANT_PERCENT, REDUNDANT_INFORMATION = "redundant_percent", "redundant_information"

OVERLAP, OVERLAP_HALVES = "overlap", "overlap_halves"
"""The overlap of the most important neurons: between runs, between halves of the groups."""
OVERLAP_RANKERS = "overlap_rankers"
"""The same between a ranking and an unlike one, over the same training rows."""


def chance_of(metric: str) -> str:
    """Name the metric of the row that holds the mean of a metric under permuted labels."""
    return f"{metric}_chance"


def p_of(metric: str) -> str:
    """Name the metric of the row that holds the p-value of a metric: how often permuted labels reach it."""
    return f"{metric}_p_value"


def sd_of(metric: str) -> str:
    """Name the metric of the row that holds a metric's standard deviation, which is printed as its ±."""
    return f"{metric}_sd"


def difference_of(metric: str) -> str:
    """Name the metric of the difference of a metric between two conditions."""
    return f"{metric}_difference"
