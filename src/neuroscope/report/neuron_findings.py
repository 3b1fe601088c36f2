"""What a study of neurons found, as data: read from the rows alone, so any run folder can be reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuroscope.contracts import conditions, metric_names
from neuroscope.report.layer_curve import Point

if TYPE_CHECKING:
    from collections.abc import Iterable

    from neuroscope.contracts.rows import Row

SETS = (conditions.TOP_SET, conditions.RANDOM_SET, conditions.BOTTOM_SET)
SMALLEST = 0.001
MASKED = (conditions.MASKED_TOP, conditions.MASKED_RANDOM, conditions.MASKED_BOTTOM)
RANDOM = (conditions.RANDOM, conditions.RANDOM_UNIFORM, conditions.RANDOM_MATCHED)
CONTROLS = (conditions.UNTRAINED, *RANDOM, conditions.PERMUTED, conditions.MAJORITY)
"""The one that may know most comes first."""


@dataclass(frozen=True, slots=True)
class Step:
    """One share of the neurons: accuracy of each set that was re-trained on it."""

    percent: float
    points: dict[str, Point]


@dataclass(frozen=True, slots=True)
class Layer:
    """How many neurons of the minimal set a layer has, and how many chance would give it."""

    name: str
    neurons: float
    percent: float
    expected: float
    p_value: float


class Findings:
    """The rows of one cell, by what they are about; a mean over runs where nothing else is said."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = list(rows)
        self._means = [row for row in self._rows if row.seed is None]

    def number(self, metric: str, condition: str, percent: float | None = None, layer: str | None = None) -> Row | None:
        """The mean row of a metric, None where it was not looked at."""
        for row in self._means:
            same = row.metric == metric and row.condition == condition and row.percent == percent
            if same and (layer is None or row.layer == layer):
                return row
        return None

    def any(self, metric: str, condition: str | None = None) -> Row | None:
        """The first mean row of a metric, whatever share of the neurons it is about."""
        for row in self._means:
            if row.metric == metric and condition in {None, row.condition}:
                return row
        return None

    def of_runs(self, metric: str, condition: str, layer: str) -> list[float]:
        """The values of a metric in the single runs."""
        same = (metric, condition, layer)
        return [
            row.value for row in self._rows if row.seed is not None and (row.metric, row.condition, row.layer) == same
        ]

    def all(self, metric: str) -> list[Row]:
        """Every mean row of a metric, as declared."""
        return [row for row in self._means if row.metric == metric]

    def point(self, condition: str, percent: float | None = None, metric: str = metric_names.ACCURACY) -> Point | None:
        """A metric with its ± and interval."""
        row = self.number(metric, condition, percent)
        if row is None:
            return None
        sd = self.number(metric_names.sd_of(metric), condition, percent)
        return Point(row.layer, row.value, None if sd is None else sd.value, row.low, row.high)

    @property
    def chosen(self) -> str:
        """The condition of the minimal set: the one chosen on training folds, or the paper's where that is all."""
        return next((row.condition for row in self._means if row.metric == metric_names.NEURONS_PERCENT), "")

    @property
    def steps(self) -> list[Step]:
        """The shares of neurons that sets were re-trained on, ascending."""
        percents = sorted({row.percent for row in self._means if row.condition in SETS and row.percent is not None})
        return [
            Step(percent, {name: point for name in SETS if (point := self.point(name, percent)) is not None})
            for percent in percents
        ]

    @property
    def masked_percent(self) -> float | None:
        """The share that masked evaluation kept; None where there was none."""
        return next((row.percent for row in self._means if row.condition in MASKED), None)

    @property
    def layers(self) -> list[Layer]:
        """The minimal set over the layers, as declared; empty where there is one layer alone."""
        found = [row for row in self._means if row.metric == metric_names.NEURONS_EXPECTED]
        if len(found) == 1:
            return []
        return [
            Layer(
                row.layer,
                self._of(row, metric_names.NEURONS),
                self._of(row, metric_names.NEURONS_PERCENT),
                row.value,
                self._of(row, metric_names.P_VALUE),
            )
            for row in found
        ]

    def _of(self, like: Row, metric: str) -> float:
        """Another metric of the same layer of the same set."""
        same = (like.condition, like.layer, metric)
        return next(row.value for row in self._means if (row.condition, row.layer, row.metric) == same)


def share(percent: float) -> str:
    """A percentage for people: two digits, three from ten on."""
    return f"{percent:.{2 if percent < 10 else 3}g} %"


def probability(p_value: float) -> str:
    """A p-value for people."""
    return f"{p_value:.2g}" if p_value >= SMALLEST else f"< {SMALLEST:g}"
